using System.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using SQLitePCL;

namespace Nephos.Kernel.Store;

/// <summary>
/// A moment of the database that several queries see alike, until it is disposed of. It takes no lock that a writer would wait for.
/// <para>SQLite's transaction is begun beside EF: through EF it would be one that writes (<c>BEGIN IMMEDIATE</c>) and wait for the writer.</para>
/// </summary>
internal readonly struct ReadSnapshot : IAsyncDisposable
{
    private readonly SqliteConnection? _sqlite;
    private readonly IDbContextTransaction? _transaction;

    private ReadSnapshot(SqliteConnection? sqlite, IDbContextTransaction? transaction) => (_sqlite, _transaction) = (sqlite, transaction);

    public static async ValueTask<ReadSnapshot> BeginAsync(DatabaseFacade database, CancellationToken cancel)
    {
        if (database.GetDbConnection() is SqliteConnection sqlite)
        {
            Execute(sqlite, "BEGIN");
            return new ReadSnapshot(sqlite, null);
        }
        return new ReadSnapshot(null, await database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel).ConfigureAwait(false));
    }

    /// <summary>There is nothing to keep, so a rollback ends it, also after a query that failed.</summary>
    public async ValueTask DisposeAsync()
    {
        // SQLite itself ends a transaction in which the disk failed.
        if (_sqlite is not null && raw.sqlite3_get_autocommit(_sqlite.Handle) == 0) { Execute(_sqlite, "ROLLBACK"); }
        if (_transaction is not null) { await _transaction.DisposeAsync().ConfigureAwait(false); }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        var result = raw.sqlite3_exec(connection.Handle, sql);
        if (result != raw.SQLITE_OK) { throw new SqliteException($"{sql}: {raw.sqlite3_errmsg(connection.Handle).utf8_to_string()}", result); }
    }
}
