using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Nephos.Kernel.Store;

/// <summary>
/// Statements that a SQLite connection has parsed and planned, kept for the next time. EF makes a new command for each query, and SQLite's parser and planner take longer than
/// most of our queries run; SQLite itself plans anew when the schema has changed. On PostgreSQL, Npgsql does the same by itself.
/// </summary>
internal sealed class PreparedStatements
{
    /// <summary>Kept per connection; a statement takes some KiB. More than any service's usual work has.</summary>
    private const int Limit = 256;

    private readonly Dictionary<string, (SqliteCommand Command, long Used)> _idle = new(StringComparer.Ordinal);
    private long _clock;
    private int _closes;

    /// <summary>One that nobody else has until it is given back.</summary>
    public (SqliteCommand Command, int Age) Take(SqliteConnection connection, string text)
    {
        if (_idle.Remove(text, out var found)) { return (found.Command, _closes); }
        var command = connection.CreateCommand();
        command.CommandText = text;
        return (command, _closes);
    }

    /// <summary>The connection closed, and has disposed of its commands.</summary>
    public void Forget()
    {
        _idle.Clear();
        _closes++;
    }

    /// <param name="age">What <see cref="Take"/> said: one taken before a close is of no use after it.</param>
    public void Return(SqliteCommand command, int age)
    {
        if (age != _closes)
        {
            command.Dispose();
            return;
        }
        command.Parameters.Clear();
        command.Transaction = null;
        if (_idle.Count >= Limit)
        {
            // Half at once, so that a crowd of texts that never come again costs little.
            foreach (var (text, (old, _)) in _idle.OrderBy(i => i.Value.Used).Take(Limit / 2).ToList())
            {
                _idle.Remove(text);
                old.Dispose();
            }
        }
        if (!_idle.TryAdd(command.CommandText, (command, _clock++))) { command.Dispose(); }
    }
}

/// <summary>Has EF execute its queries through <see cref="PreparedStatements"/>.</summary>
internal sealed class PreparedCommands : DbCommandInterceptor
{
    private readonly ConditionalWeakTable<DbConnection, PreparedStatements> _statements = [];

    public override InterceptionResult<DbCommand> CommandCreating(CommandCorrelatedEventData eventData, InterceptionResult<DbCommand> result) =>
        eventData.Connection is SqliteConnection connection
            ? InterceptionResult<DbCommand>.SuppressWithResult(new PreparedCommand(connection, _statements.GetValue(connection, Open)))
            : result;

    private static PreparedStatements Open(DbConnection connection)
    {
        var statements = new PreparedStatements();
        // When the connection closes, SQLite's handle goes back to a pool, and with the next handle these statements would run on somebody else's.
        connection.StateChange += (_, change) => { if (change.CurrentState != ConnectionState.Open) { statements.Forget(); } };
        return statements;
    }

    /// <summary>Holds text and parameters, and hands them to the kept statement when it is executed.</summary>
    private sealed class PreparedCommand(SqliteConnection connection, PreparedStatements statements) : DbCommand
    {
        private readonly SqliteCommand _given = new();
        private SqliteCommand? _running;
        private int _age;
        private bool _failed;

        [AllowNull]
        public override string CommandText { get; set; } = "";
        public override int CommandTimeout { get => _given.CommandTimeout; set => _given.CommandTimeout = value; }
        public override CommandType CommandType { get => CommandType.Text; set => _given.CommandType = value; }
        public override bool DesignTimeVisible { get; set; }
        public override UpdateRowSource UpdatedRowSource { get; set; }
        protected override DbConnection? DbConnection { get => connection; set => throw new NotSupportedException("a command stays with its connection"); }
        protected override DbParameterCollection DbParameterCollection => _given.Parameters;
        protected override DbTransaction? DbTransaction { get; set; }

        public override void Cancel() => _running?.Cancel();
        public override void Prepare() => _ = Start();
        protected override DbParameter CreateDbParameter() => new SqliteParameter();

        public override int ExecuteNonQuery()
        {
            var command = Start();
            var changed = command.ExecuteNonQuery();
            _failed = false;
            return changed;
        }

        public override object? ExecuteScalar()
        {
            var command = Start();
            var value = command.ExecuteScalar();
            _failed = false;
            return value;
        }

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior)
        {
            var command = Start();
            var reader = command.ExecuteReader(behavior);
            _failed = false;
            return reader;
        }

        private SqliteCommand Start()
        {
            if (_running is null) { (_running, _age) = statements.Take(connection, CommandText); }
            var command = _running;
            // Until it has succeeded; one that failed is not kept.
            _failed = true;
            command.Parameters.Clear();
            foreach (SqliteParameter parameter in _given.Parameters) { command.Parameters.Add(parameter); }
            command.CommandTimeout = _given.CommandTimeout;
            command.Transaction = (SqliteTransaction?)DbTransaction;
            return command;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && _running is { } command)
            {
                _running = null;
                if (_failed) { command.Dispose(); } else { statements.Return(command, _age); }
            }
            _given.Dispose();
            base.Dispose(disposing);
        }
    }
}
