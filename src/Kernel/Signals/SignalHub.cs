using System.Collections.Concurrent;

namespace Nephos.Kernel.Signals;

/// <summary>
/// Wakes who waits for a change. A signal carries no data and may be lost or come twice: the waiter looks at the rows again, and waits with a
/// time limit. Poke after the commit, never before it. Take the listener before looking, so that a poke between looking and waiting is not lost.
/// </summary>
public sealed class SignalHub
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _topics = new(StringComparer.Ordinal);

    /// <summary>Wakes everyone who listens to the topic.</summary>
    public void Poke(string topic)
    {
        if (_topics.TryRemove(topic, out var waiters))
        {
            waiters.TrySetResult();
        }
    }

    /// <summary>A task that ends at the next poke of the topic.</summary>
    public Task Listen(string topic) =>
        _topics.GetOrAdd(topic, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Waits for a task from <see cref="Listen"/> or for the time limit, whichever is first; false at the limit.</summary>
    public static async Task<bool> WaitAsync(Task listener, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var first = await Task.WhenAny(listener, Task.Delay(limit, time, stop.Token)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return first == listener;
    }
}
