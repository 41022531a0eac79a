using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Npgsql;

namespace Nephos.Keystone;

/// <summary>Names are kept unique by the database's index, not by looking first: two processes may look at the same time.</summary>
internal static class Uniqueness
{
    /// <summary>A write that may meet a unique index; that is the conflict.</summary>
    public static async Task<T> WriteUniqueAsync<T>(this Store<KeystoneDb> store, Func<KeystoneDb, Task<T>> write, Func<ConflictError> conflict)
    {
        try { return await store.WriteAsync(write); }
        catch (DbUpdateException error) when (error.InnerException is SqliteException { SqliteErrorCode: 19 } or PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw conflict();
        }
    }
}
