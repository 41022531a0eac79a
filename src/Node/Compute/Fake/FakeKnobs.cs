namespace Nephos.Node.Compute.Fake;

/// <summary>How the fake driver misbehaves. All knobs are off at first; they may be turned while it runs.</summary>
public sealed class FakeKnobs
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);
    private long _calls;
    private volatile bool _stepByHand;

    /// <summary>How long each changing call takes, before its effect.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Asked before each changing call with the number of the call (from one), its name (<c>Start</c>) and the guest's id: true makes it fail without effect.</summary>
    public Func<long, string, string, bool>? Fail { get; set; }

    /// <summary>As <see cref="Fail"/>, but the call has its effect and the caller gets a time-out: an unknown outcome.</summary>
    public Func<long, string, string, bool>? LoseReply { get; set; }

    /// <summary>Asked before each observation with the guest's id: true makes it a time-out, as of a hypervisor that lives and does not answer.</summary>
    public Func<string, bool>? Mute { get; set; }

    /// <summary>The host has no room: a guest that was halted for it is halted again as soon as it runs.</summary>
    public bool DiskFull { get; set; }

    /// <summary>Every changing call waits, before its effect, for <see cref="Step"/>. Turning it off lets all go on.</summary>
    public bool StepByHand
    {
        get => _stepByHand;
        set
        {
            _stepByHand = value;
            if (!value)
            {
                lock (_lock)
                {
                    foreach (var waiter in _waiting.Values)
                    {
                        waiter.TrySetResult();
                    }
                    _waiting.Clear();
                }
            }
        }
    }

    /// <summary>The calls that wait for a step, as <c>Start ID</c>.</summary>
    public IReadOnlyList<string> Waiting
    {
        get
        {
            lock (_lock)
            {
                return [.. _waiting.Keys];
            }
        }
    }

    /// <summary>Lets one waiting call (<c>Start ID</c>) go on; false when it does not wait.</summary>
    public bool Step(string call)
    {
        lock (_lock)
        {
            return _waiting.Remove(call, out var waiter) && waiter.TrySetResult();
        }
    }

    /// <summary>Does one changing call under the knobs.</summary>
    internal async Task ChangeAsync(string name, string id, TimeProvider time, Func<Task> effect, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var number = Interlocked.Increment(ref _calls);
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, time, cancel).ConfigureAwait(false);
        }
        if (_stepByHand)
        {
            await WaitAsync($"{name} {id}", cancel).ConfigureAwait(false);
        }
        if (Fail?.Invoke(number, name, id) == true)
        {
            throw new GuestException($"The fake driver was told to fail call {number}, {name}");
        }
        await effect().ConfigureAwait(false);
        if (LoseReply?.Invoke(number, name, id) == true)
        {
            throw new TimeoutException($"The fake driver was told to lose the reply of call {number}, {name}");
        }
    }

    private async Task WaitAsync(string call, CancellationToken cancel)
    {
        TaskCompletionSource? waiter;
        lock (_lock)
        {
            if (!_waiting.TryGetValue(call, out waiter))
            {
                waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting[call] = waiter;
            }
        }
        try
        {
            await waiter.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                if (_waiting.TryGetValue(call, out var current) && current == waiter)
                {
                    _waiting.Remove(call);
                }
            }
        }
    }
}
