using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Nephos.Placement.Tests;

/// <summary>Counts the database commands of the test that made it, not those of tests beside it.</summary>
internal sealed class QueryCount : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private static readonly AsyncLocal<QueryCount?> Mine = new();
    private readonly List<IDisposable> _subscriptions = [];
    private int _count;

    public QueryCount()
    {
        Mine.Value = this;
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    public int Count => _count;

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.EntityFrameworkCore") { _subscriptions.Add(value.Subscribe(this, name => name == RelationalEventId.CommandExecuting.Name)); }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // Pragmas of a new connection are not queries.
        if (Mine.Value == this && value.Value is CommandEventData { Command.CommandText: var text } && !text.StartsWith("PRAGMA", StringComparison.Ordinal)) { Interlocked.Increment(ref _count); }
    }

    public void OnCompleted() => Mine.Value = null;

    public void OnError(Exception error) => throw new InvalidOperationException("counting failed", error);

    public void Dispose()
    {
        Mine.Value = null;
        _subscriptions.ForEach(s => s.Dispose());
    }
}
