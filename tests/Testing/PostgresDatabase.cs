using Nephos.Kernel.Ids;
using Npgsql;

namespace Nephos.Testing;

/// <summary>
/// A database of a test cloud's own on the PostgreSQL server that <c>NEPHOS_TEST_POSTGRES</c> names by a connection string, so that a whole suite can be run on PostgreSQL, as <c>./test</c> does with Keystone's.
/// </summary>
internal sealed class PostgresDatabase
{
    private readonly string _server;
    private readonly string _name = "t" + NewId.Hex();

    private PostgresDatabase(string server)
    {
        _server = server;
        Execute($"CREATE DATABASE {_name}");
    }

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server) { Database = _name, MaxPoolSize = 10 }.ConnectionString;

    public static PostgresDatabase? CreateIfWanted() => Environment.GetEnvironmentVariable("NEPHOS_TEST_POSTGRES") is { Length: > 0 } server ? new PostgresDatabase(server) : null;

    public void Drop() => Execute($"DROP DATABASE {_name} WITH (FORCE)");

    private void Execute(string sql)
    {
        using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_server) { Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The name is hexadecimal digits.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
