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
    private readonly PooledDbContextFactory<TDb> _factory;
    private readonly SemaphoreSlim? _writer;
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
        }
        else
        {
            _connectionString = new SqliteConnectionStringBuilder { DataSource = Path.Combine(options.Directory, service + ".sqlite"), ForeignKeys = true, DefaultTimeout = 30 }.ConnectionString;
            // Lists of ids go as one JSON parameter: a parameter each makes a new SQL text, to be built and parsed anew, for every length of the list.
            builder.UseSqlite(_connectionString, sqlite => sqlite.UseParameterizedCollectionMode(ParameterTranslationMode.Parameter)).AddInterceptors(new SqlitePragmas(options.Synchronous));
            _writer = new SemaphoreSlim(1, 1);
        }
        _factory = new PooledDbContextFactory<TDb>(builder.Options, poolSize: 64);
    }

    /// <summary>True when no other process can share this database, so that everything half-done in it is ours to resume at once.</summary>
    public bool Exclusive => _options.Postgres is null;

    public string Service => _service;

    /// <summary>Reads; never waits for a writer.</summary>
    public async Task<T> ReadAsync<T>(Func<TDb, Task<T>> read, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        await using var db = _factory.CreateDbContext();
        return await read(db).ConfigureAwait(false);
    }

    /// <summary>One transaction: all of it or nothing; tracked changes are saved at its end; then what was left with <see cref="ServiceDb.AfterCommit"/> runs.</summary>
    public async Task<T> WriteAsync<T>(Func<TDb, Task<T>> write, CancellationToken cancel = default)
    {
        T result;
        List<Action>? after;
        Instruments.DatabaseWriter(_service, 1);
        try
        {
            if (_writer is not null) { await _writer.WaitAsync(cancel).ConfigureAwait(false); }
        }
        catch
        {
            Instruments.DatabaseWriter(_service, -1);
            throw;
        }
        try
        {
            await using var db = _factory.CreateDbContext();
            await using var transaction = await db.Database.BeginTransactionAsync(cancel).ConfigureAwait(false);
            try
            {
                result = await write(db).ConfigureAwait(false);
                if (db.ChangeTracker.HasChanges()) { await db.SaveChangesAsync(cancel).ConfigureAwait(false); }
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                after = db.TakeAfterCommit();
            }
            finally
            {
                db.TakeAfterCommit();
            }
        }
        finally
        {
            _writer?.Release();
            Instruments.DatabaseWriter(_service, -1);
        }
        after?.ForEach(action => action());
        return result;
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

    /// <inheritdoc />
    public async Task CheckAsync(CancellationToken cancel)
    {
        await using var connection = Connect();
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT max(number) FROM schema_version";
        await command.ExecuteScalarAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Builds EF's model; called in the background after the start.</summary>
    public void Warm()
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
        _writer?.Dispose();
        if (_options.Postgres is null)
        {
            using var pool = new SqliteConnection(_connectionString);
            SqliteConnection.ClearPool(pool);
        }
    }

    /// <summary>Without EF: opening through its facade would build the model.</summary>
    private DbConnection Connect() => _options.Postgres is null ? new SqliteConnection(_connectionString) : new NpgsqlConnection(_connectionString);
}

/// <summary>For health checks: whether a service's database answers.</summary>
public interface IStoreCheck
{
    string Service { get; }
    /// <summary>Throws what is wrong.</summary>
    Task CheckAsync(CancellationToken cancel);
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
    }
}
