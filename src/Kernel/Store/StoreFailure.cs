using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Nephos.Kernel.Store;

/// <summary>Failures of the database itself, which are neither the request's fault nor the program's: worth trying again once someone has mended them.</summary>
public static class StoreFailure
{
    /// <summary>SQLITE_IOERR and SQLITE_FULL (sqlite.org/rescode.html). A full disk comes as either, by what SQLite was writing.</summary>
    private const int SqliteIoError = 10, SqliteFull = 13;

    /// <summary>True when the request holds a text that the database cannot: PostgreSQL has no NUL in texts. SQLite has.</summary>
    public static bool IsUnfitText(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter }) { return true; }
        }
        return false;
    }

    /// <summary>True when the request holds a regular expression that PostgreSQL does not know, as its notation is not .NET's in everything.</summary>
    public static bool IsBadPattern(Exception error) => StateOf(error) == PostgresErrorCodes.InvalidRegularExpression;

    /// <summary>What is wrong, for the user; null when the failure is of another kind.</summary>
    public static string? Reason(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SqliteException { SqliteErrorCode: SqliteFull }: return "The disk that holds the cloud's state is full.";
                case SqliteException { SqliteErrorCode: SqliteIoError }: return "The disk that holds the cloud's state is full or fails.";
                case PostgresException { SqlState: PostgresErrorCodes.DiskFull }: return "The disk of the cloud's database is full.";
                case PostgresException { SqlState: PostgresErrorCodes.TooManyConnections }: return "The cloud's database has no more connections to give.";
                case PostgresException: return null;
                case NpgsqlException { IsTransient: true }: return "The cloud's database does not answer.";
                default: break;
            }
        }
        return null;
    }

    /// <summary>True when PostgreSQL rolled a transaction back only because another had to win: the same transaction may succeed when it runs again. SQLite has one writer at a time, so none loses.</summary>
    public static bool IsLostRace(Exception error) => StateOf(error) is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    /// <summary>
    /// True when a row was found taken or gone. The transaction had looked, or should have: if another came between, it finds so when it runs again, and says it in its own words; if not, it fails the same way.
    /// </summary>
    public static bool IsOvertaken(Exception error) => StateOf(error) is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation || error is DbUpdateConcurrencyException;

    private static string? StateOf(Exception error)
    {
        // EF wraps what the database said, by what it was doing once or twice.
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is PostgresException postgres) { return postgres.SqlState; }
        }
        return null;
    }
}
