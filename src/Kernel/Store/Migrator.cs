using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Nephos.Kernel.Store;

/// <summary>
/// Brings a database to today's schema. Resources of the service's assembly: <c>Schema/sqlite.sql</c> and <c>Schema/postgres.sql</c> are today's whole
/// truth, <c>Migrations/NNNN-what.sqlite.sql</c> and <c>.postgres.sql</c> the forward-only, numbered steps to it. An empty database gets the schema and
/// the newest number; any other gets the steps above its number, each in a transaction with the number it brings.
/// </summary>
public static partial class Migrator
{
    [GeneratedRegex(@"Migrations/(\d{4})-[a-z0-9-]+\.(sqlite|postgres)\.sql$")]
    private static partial Regex MigrationName();

    /// <summary>Creates or migrates; the connection is open and points at the service's database (or schema).</summary>
    public static async Task RunAsync(DbConnection connection, string service, Assembly assembly, CancellationToken cancel)
    {
        var provider = connection is SqliteConnection ? "sqlite" : "postgres";
        var steps = assembly.GetManifestResourceNames().Select(name => (Name: name, Match: MigrationName().Match(name)))
            .Where(r => r.Match.Success && r.Match.Groups[2].Value == provider)
            .Select(r => (Number: int.Parse(r.Match.Groups[1].Value, CultureInfo.InvariantCulture), r.Name))
            .OrderBy(r => r.Number).ToList();
        var newest = steps.Count > 0 ? steps[^1].Number : 0;
        if (provider == "sqlite")
        {
            await ExecuteAsync(connection, "PRAGMA journal_mode=WAL", cancel).ConfigureAwait(false);
        }
        else
        {
            await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS \"{service}\"", cancel).ConfigureAwait(false);
        }
        await ExecuteAsync(connection, "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER NOT NULL)", cancel).ConfigureAwait(false);
        var current = await ScalarAsync(connection, "SELECT max(number) FROM schema_version", cancel).ConfigureAwait(false);
        if (current is null)
        {
            await StepAsync(connection, Read(assembly, $"Schema/{provider}.sql"), newest, cancel).ConfigureAwait(false);
            return;
        }
        if (current > newest)
        {
            throw new InvalidOperationException($"the {service} database is at schema {current}, newer than this program's {newest}: start the newer program");
        }
        foreach (var (number, name) in steps.Where(s => s.Number > current))
        {
            await StepAsync(connection, Read(assembly, name), number, cancel).ConfigureAwait(false);
        }
    }

    private static async Task StepAsync(DbConnection connection, string sql, int number, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        await ExecuteAsync(connection, sql, cancel, transaction).ConfigureAwait(false);
        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM schema_version; INSERT INTO schema_version VALUES ({number})"), cancel, transaction).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
    }

    private static string Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no resource {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken cancel, DbTransaction? transaction = null)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    private static async Task<int?> ScalarAsync(DbConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        var value = await command.ExecuteScalarAsync(cancel).ConfigureAwait(false);
        return value is null or DBNull ? null : Convert.ToInt32(value, CultureInfo.InvariantCulture);
    }
}
