using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Nephos.Kernel.Errors;
using Npgsql;

namespace Nephos.Keystone.Import;

/// <summary>
/// The tables of another Keystone: its database itself (PostgreSQL, SQLite), or a folder with a file <c>TABLE.tsv</c> for each table as <c>mysql --batch</c> prints it. A table that is not there is
/// empty. All values are texts, so that the three are read alike: numbers in digits, truth as 1 or 0.
/// </summary>
internal abstract class ImportSource : IAsyncDisposable
{
    /// <summary>From the arguments of the command, of which one is given.</summary>
    public static async Task<ImportSource> OpenAsync(string? postgres, string? sqlite, string? folder, CancellationToken cancel)
    {
        try
        {
            switch (postgres, sqlite, folder)
            {
                case ({ } connection, null, null): return await DatabaseSource.OpenAsync(new NpgsqlConnection(connection), cancel);
                case (null, { } file, null) when File.Exists(file):
                    return await DatabaseSource.OpenAsync(new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString), cancel);
                case (null, { } file, null): throw new BadRequestError($"there is no file {file}");
                case (null, null, { } path) when Directory.Exists(path): return new FolderSource(path);
                case (null, null, { } path): throw new BadRequestError($"there is no folder {path}");
                default: throw new BadRequestError("say where from: a PostgreSQL database, an SQLite file, or a folder of tables");
            }
        }
        catch (Exception error) when (error is DbException or ArgumentException) { throw new BadRequestError($"the other Keystone's database cannot be read: {error.Message}"); }
    }

    /// <summary>The rows of a table, in the order in which they were made where it has an <c>id</c> that counts.</summary>
    public abstract Task<IReadOnlyList<ImportRow>> ReadAsync(string table, CancellationToken cancel);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A row by the names of its columns. A column that is not there is null, since tables differ between releases.</summary>
internal sealed class ImportRow(IReadOnlyDictionary<string, int> columns, string?[] values)
{
    public string? this[string column] => columns.TryGetValue(column, out var at) ? values[at] : null;

    /// <summary>What the table cannot be without.</summary>
    public string Need(string column) => this[column] ?? throw new BadRequestError($"a row has no {column}: this is no Keystone's database, or of a release before 13 (Queens)");

    public bool Flag(string column, bool otherwise = false) => this[column]?.ToLowerInvariant() switch
    {
        null => otherwise,
        "1" or "true" or "t" => true,
        _ => false,
    };

    /// <summary>Microseconds since 1970, as upstream's <c>DateTimeInt</c>; null: none.</summary>
    public DateTime? Micros(string column) => long.TryParse(this[column], CultureInfo.InvariantCulture, out var micros) ? DateTime.UnixEpoch.AddTicks(micros * 10) : null;

    public DateTime? Time(string column) => DateTime.TryParse(this[column], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
}

internal sealed class DatabaseSource(DbConnection connection, HashSet<string> tables) : ImportSource
{
    public static async Task<ImportSource> OpenAsync(DbConnection connection, CancellationToken cancel)
    {
        await connection.OpenAsync(cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = connection is SqliteConnection ? "SELECT name FROM sqlite_master WHERE type = 'table'" : "SELECT table_name FROM information_schema.tables WHERE table_schema = ANY (current_schemas(false))";
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var tables = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel)) { tables.Add(reader.GetString(0)); }
        return new DatabaseSource(connection, tables);
    }

    public override async Task<IReadOnlyList<ImportRow>> ReadAsync(string table, CancellationToken cancel)
    {
        if (!tables.Contains(table)) { return []; }
        await using var command = connection.CreateCommand();
        // The names are our own; "user" and "group" are words of SQL.
        command.CommandText = $"SELECT * FROM \"{table}\"";
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => i, StringComparer.Ordinal);
        var rows = new List<ImportRow>();
        while (await reader.ReadAsync(cancel)) { rows.Add(new ImportRow(columns, [.. Enumerable.Range(0, columns.Count).Select(i => Text(reader.GetValue(i)))])); }
        return rows;
    }

    private static string? Text(object value) => value switch
    {
        DBNull => null,
        bool flag => flag ? "1" : "0",
        IFormattable other => other.ToString(value is DateTime ? "O" : null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    public override ValueTask DisposeAsync() => connection.DisposeAsync();
}

internal sealed class FolderSource(string folder) : ImportSource
{
    public override async Task<IReadOnlyList<ImportRow>> ReadAsync(string table, CancellationToken cancel)
    {
        var path = Path.Combine(folder, table + ".tsv");
        if (!File.Exists(path)) { return []; }
        var lines = (await File.ReadAllTextAsync(path, cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0) { return []; } // mysql prints nothing, not even names, for a table without rows
        var names = lines[0].Split('\t');
        var columns = Enumerable.Range(0, names.Length).ToDictionary(i => names[i], StringComparer.Ordinal);
        return [.. lines.Skip(1).Select((line, i) =>
        {
            var values = line.Split('\t').Select(Unescape).ToArray();
            return values.Length == names.Length ? new ImportRow(columns, values) : throw new BadRequestError($"{path}:{i + 2}: {values.Length} values for {names.Length} columns");
        })];
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>As <c>mysql --batch</c> writes: NULL for null, and <c>\t \n \0 \\</c>.</summary>
    internal static string? Unescape(string text)
    {
        if (text == "NULL") { return null; }
        if (!text.Contains('\\', StringComparison.Ordinal)) { return text; }
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length) { plain.Append(text[i]); continue; }
            plain.Append(text[++i] switch { 't' => '\t', 'n' => '\n', '0' => '\0', var other => other });
        }
        return plain.ToString();
    }
}
