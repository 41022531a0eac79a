using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Nephos.Kernel.Telemetry;
using Npgsql;

namespace Nephos.Kernel.Store;

/// <summary>
/// Opens a service's database for reading or for one transaction of writing.
/// <para>SQLite takes one writer at a time and makes others poll; a queue in this process in front of it lets them wait instead. Readers are never
/// blocked (WAL). On PostgreSQL there is no queue.</para>
/// <para>What a write needs from another service or a machine is got before or after, never inside: a transaction lasts microseconds.</para>
/// </summary>
public sealed class Store<TDb> : IStoreCheck, IDisposable where TDb : ServiceDb
{
    /// <summary>Contexts kept with their connection: more than are ever busy at once on a few processors, as SQLite works on the caller's thread.</summary>
    private const int KeptContexts = 8;

    /// <summary>Tries of a transaction that others win over. A victim finds the winner's locks gone at the next try, so more than a few mean that something else is wrong.</summary>
    private const int MaxTries = 5;

    private readonly PooledDbContextFactory<TDb> _factory;
    private readonly ConcurrentStack<TDb> _kept = new();
    private int _keptCount;
    private volatile bool _disposed;
    private readonly SemaphoreSlim? _writer;
    private readonly SemaphoreSlim _writes;
    private readonly StoreOptions _options;
    private readonly string _service;
    private readonly string _connectionString;

    public Store(StoreOptions options, string service)
    {
        _options = options;
        _service = service;
        var builder = new DbContextOptionsBuilder<TDb>()
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .EnableThreadSafetyChecks(false)
            .ConfigureWarnings(w => w.Ignore(CoreEventId.FirstWithoutOrderByAndFilterWarning, CoreEventId.RowLimitingOperationWithoutOrderByWarning));
        if (options.Postgres is { } postgres)
        {
            _connectionString = new NpgsqlConnectionStringBuilder(postgres) { SearchPath = service, ApplicationName = "nephos-" + service }.ConnectionString;
            builder.UseNpgsql(_connectionString);
            // Half of the pool: what reads beside its transaction must find a connection left, or all of them wait for each other.
            _writes = new SemaphoreSlim(Math.Max(1, new NpgsqlConnectionStringBuilder(_connectionString).MaxPoolSize / 2));
        }
        else
        {
            _connectionString = new SqliteConnectionStringBuilder { DataSource = Path.Combine(options.Directory, service + ".sqlite"), ForeignKeys = true, DefaultTimeout = 30 }.ConnectionString;
            // Lists of ids go as one JSON parameter: a parameter each makes a new SQL text, to be built and parsed anew, for every length of the list.
            builder.UseSqlite(_connectionString, sqlite => sqlite.UseParameterizedCollectionMode(ParameterTranslationMode.Parameter)).AddInterceptors(new SqlitePragmas(options.Synchronous), new PreparedCommands());
            _writes = _writer = new SemaphoreSlim(1, 1);
        }
        _factory = new PooledDbContextFactory<TDb>(builder.Options, poolSize: 64);
    }

    /// <summary>True when no other process can share this database, so that everything half-done in it is ours to resume at once.</summary>
    public bool Exclusive => _options.Postgres is null;

    public string Service => _service;

    /// <summary>Reads; never waits for a writer. All its queries see the same moment, so that what one of them names the next one finds.</summary>
    public async Task<T> ReadAsync<T>(Func<TDb, Task<T>> read, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        var db = await TakeAsync(cancel).ConfigureAwait(false);
        T result;
        try
        {
            await using var moment = await ReadSnapshot.BeginAsync(db.Database, cancel).ConfigureAwait(false);
            result = await read(db).ConfigureAwait(false);
        }
        catch
        {
            await DropAsync(db).ConfigureAwait(false);
            throw;
        }
        await ReturnAsync(db).ConfigureAwait(false);
        return result;
    }

    /// <summary>
    /// A context whose connection is open. With SQLite it keeps it: opening one anew costs more than most queries do (its functions and settings are made each time), and would lose
    /// the statements that it has planned. The one used last comes first, so that few are warm.
    /// </summary>
    private async ValueTask<TDb> TakeAsync(CancellationToken cancel)
    {
        if (_kept.TryPop(out var kept))
        {
            Interlocked.Decrement(ref _keptCount);
            return kept;
        }
        var db = _factory.CreateDbContext();
        try { await db.Database.OpenConnectionAsync(cancel).ConfigureAwait(false); }
        catch
        {
            await db.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return db;
    }

    /// <summary>Only after success: one that failed is thrown away with its connection.</summary>
    private ValueTask ReturnAsync(TDb db)
    {
        db.ChangeTracker.Clear();
        db.TakeAfterCommit();
        if (_writer is null || _disposed) { return DropAsync(db); }
        if (Interlocked.Increment(ref _keptCount) > KeptContexts)
        {
            Interlocked.Decrement(ref _keptCount);
            return DropAsync(db);
        }
        _kept.Push(db);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Gives the connection back before the context. A context that was opened by hand keeps its connection when it goes back to EF's pool, where those who wait for a connection do not look: with more
    /// requests at once than connections, all of them would wait until they give up.
    /// </summary>
    private static async ValueTask DropAsync(TDb db)
    {
        await db.Database.CloseConnectionAsync().ConfigureAwait(false);
        await db.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>One transaction: all of it or nothing; tracked changes are saved at its end; then what was left with <see cref="ServiceDb.AfterCommit"/> runs.</summary>
    /// <param name="write">Runs again when PostgreSQL chose this transaction as a deadlock's victim or could not serialize it, and once more when a row came or went between what it looked up and what it wrote; so it changes
    /// nothing but the database, and what else shall happen is left for after the commit.</param>
    /// <param name="cancel">Until the commit begins.</param>
    public async Task<T> WriteAsync<T>(Func<TDb, Task<T>> write, CancellationToken cancel = default)
    {
        T result;
        List<Action>? after;
        Instruments.DatabaseWriter(_service, 1);
        try
        {
            await _writes.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            Instruments.DatabaseWriter(_service, -1);
            throw;
        }
        try
        {
            (result, after) = await TransactAsync(write, cancel).ConfigureAwait(false);
        }
        finally
        {
            _writes.Release();
            Instruments.DatabaseWriter(_service, -1);
        }
        after?.ForEach(action => action());
        return result;
    }

    /// <summary>Again when another transaction had to win. Nothing of the lost try is left: its changes are rolled back, its context and what it left for after the commit are thrown away.</summary>
    private async Task<(T Result, List<Action>? After)> TransactAsync<T>(Func<TDb, Task<T>> write, CancellationToken cancel)
    {
        var overtaken = false;
        for (var attempt = 1; ; attempt++)
        {
            var db = await TakeAsync(cancel).ConfigureAwait(false);
            T result;
            List<Action>? after;
            try
            {
                await using var transaction = await db.Database.BeginTransactionAsync(cancel).ConfigureAwait(false);
                result = await write(db).ConfigureAwait(false);
                await SaveAsync(db, cancel).ConfigureAwait(false);
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                after = db.TakeAfterCommit();
            }
            catch (Exception error)
            {
                db.TakeAfterCommit();
                await DropAsync(db).ConfigureAwait(false);
                if (attempt < MaxTries && (StoreFailure.IsLostRace(error) || (!overtaken && (overtaken = StoreFailure.IsOvertaken(error)))))
                {
                    Instruments.DatabaseRetry(_service);
                    continue;
                }
                throw;
            }
            await ReturnAsync(db).ConfigureAwait(false);
            return (result, after);
        }
    }

    /// <summary>Looks for changes once, not once to see whether there are some and once to save them: of rows with JSON columns that takes as long as a query.</summary>
    private static async Task SaveAsync(TDb db, CancellationToken cancel)
    {
        var tracker = db.ChangeTracker;
        tracker.DetectChanges();
        tracker.AutoDetectChangesEnabled = false;
        try { if (tracker.HasChanges()) { await db.SaveChangesAsync(cancel).ConfigureAwait(false); } }
        finally { tracker.AutoDetectChangesEnabled = true; }
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<TDb, Task> write, CancellationToken cancel = default) =>
        WriteAsync(async db => { await write(db).ConfigureAwait(false); return true; }, cancel);

    /// <summary>Creates the schema in an empty database, or runs the migrations that are missing. Plain SQL: a start never waits for EF's model.</summary>
    public async Task PrepareAsync(CancellationToken cancel = default)
    {
        await using var connection = Connect();
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        await Migrator.RunAsync(connection, _service, typeof(TDb).Assembly, cancel).ConfigureAwait(false);
    }

    /// <summary>A raw, open connection, for what a start must do before EF's model is built. The caller closes it.</summary>
    public async Task<DbConnection> OpenAsync(CancellationToken cancel = default)
    {
        var connection = Connect();
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        return connection;
    }

    /// <summary>Whether a query in plain SQL finds a row: for what every start asks, which then waits neither for EF's model nor for EF to compile the query.</summary>
    public async Task<bool> AnyAsync(string sql, CancellationToken cancel = default)
    {
        await using var connection = await OpenAsync(cancel).ConfigureAwait(false);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) is not null;
    }

    /// <inheritdoc />
    public async Task CheckAsync(CancellationToken cancel)
    {
        await using var connection = Connect();
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT max(number) FROM schema_version";
        await command.ExecuteScalarAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Listens to a channel of PostgreSQL (<see cref="ServiceDb.NotifyAsync"/>) until cancelled or until the connection is lost, which it throws. <paramref name="heard"/> is called for each notification, and
    /// once when listening begins, for what was missed before.
    /// </summary>
    public async Task ListenAsync(string channel, Action heard, CancellationToken cancel)
    {
        // A connection of its own, not of the pool; the keepalive finds out that the other end has gone.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false, KeepAlive = 10 }.ConnectionString);
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        connection.Notification += (_, _) => heard();
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = $"LISTEN \"{channel}\"";
            await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        }
        heard();
        while (true) { await connection.WaitAsync(cancel).ConfigureAwait(false); }
    }

    /// <inheritdoc />
    public void BuildModel()
    {
        using var db = _factory.CreateDbContext();
        _ = db.Model;
    }

    /// <summary>Today's schema as SQL, from the model; pinned by a test.</summary>
    public string CreateScript()
    {
        using var db = _factory.CreateDbContext();
        return db.Database.GenerateCreateScript().ReplaceLineEndings("\n");
    }

    public void Dispose()
    {
        _disposed = true;
        while (_kept.TryPop(out var db)) { db.Dispose(); }
        _writes.Dispose();
        if (_options.Postgres is null)
        {
            using var pool = new SqliteConnection(_connectionString);
            SqliteConnection.ClearPool(pool);
        }
    }

    /// <summary>Without EF: opening through its facade would build the model.</summary>
    private DbConnection Connect() => _options.Postgres is null ? new SqliteConnection(_connectionString) : new NpgsqlConnection(_connectionString);
}

/// <summary>A service's database, whichever it is: whether it answers, for health checks, and its model, for the start.</summary>
public interface IStoreCheck
{
    string Service { get; }
    /// <summary>Throws what is wrong.</summary>
    Task CheckAsync(CancellationToken cancel);
    /// <summary>Builds EF's model, which the first query would do otherwise. Needs no database.</summary>
    void BuildModel();
}

/// <summary>Settings that SQLite keeps per connection.</summary>
internal sealed class SqlitePragmas(string synchronous) : DbConnectionInterceptor
{
    private readonly string _sql = $"PRAGMA synchronous={synchronous}; PRAGMA cache_size=-4096";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Set(connection);

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Set(connection);
        return Task.CompletedTask;
    }

    private void Set(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = _sql;
        command.ExecuteNonQuery();
        LinearRegex.AddTo((SqliteConnection)connection);
    }
}
