using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Nephos.Placement.Tests;

/// <summary>Counts the database commands of the test that made it, not those of tests beside it.</summary>
internal sealed class QueryCount : IDisposable
{
    private static readonly AsyncLocal<QueryCount?> Mine = new();
    private static readonly Lock Listening = new();
    private static IDisposable? _listener;
    private int _count;

    public QueryCount() => Mine.Value = this;

    public int Count => _count;

    /// <summary>Begins to listen; before the database is first used, since EF remembers for a while that nobody did.</summary>
    public static void Listen()
    {
        lock (Listening) { _listener ??= DiagnosticListener.AllListeners.Subscribe(new Observer()); }
    }

    public void Dispose() => Mine.Value = null;

    private sealed class Observer : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.EntityFrameworkCore") { value.Subscribe(this, name => name == RelationalEventId.CommandExecuting.Name); }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (Mine.Value is { } mine && value.Value is CommandEventData) { Interlocked.Increment(ref mine._count); }
        }

        public void OnCompleted() => Mine.Value = null;

        public void OnError(Exception error) => throw new InvalidOperationException("counting failed", error);
    }
}
