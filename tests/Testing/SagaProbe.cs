using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;

namespace Nephos.Testing;

/// <summary>Lets a test crash or fail a saga at a chosen point, once.</summary>
public sealed class SagaProbe : ISagaProbe
{
    private (string Step, string Point)? _crash;
    private string? _fail;

    /// <summary>Every (step, point) that the engine passed, in order.</summary>
    public List<(string Step, string Point)> Passed { get; } = [];

    public void CrashAt(string step, string point) => _crash = (step, point);
    public void FailAt(string step) => _fail = step;

    bool ISagaProbe.Crash(string saga, string step, string point)
    {
        lock (Passed)
        {
            Passed.Add((step, point));
            if (_crash != (step, point)) { return false; }
            _crash = null;
            return true;
        }
    }

    void ISagaProbe.Fail(string saga, string step)
    {
        if (_fail != step) { return; }
        _fail = null;
        throw new InvalidOperationException($"made to fail at {step}");
    }
}

/// <summary>
/// The acceptance kit of sagas: crash before and after each step, fail at each step, crash before and after each undo; each time the saga is resumed as a
/// new process would, and must have done all or nothing.
/// </summary>
public sealed class SagaKit<TDb>(TestCloud cloud) where TDb : ServiceDb
{
    /// <param name="start">Starts the saga on a fresh resource and answers a handle to it.</param>
    /// <param name="done">Asserts that all is there.</param>
    /// <param name="undone">Asserts that nothing is left.</param>
    public async Task RunAsync(IReadOnlyList<string> steps, Func<Task<string>> start, Func<string, Task> done, Func<string, Task> undone)
    {
        foreach (var step in steps)
        {
            foreach (var point in new[] { "before", "after" })
            {
                cloud.Probe.CrashAt(step, point);
                await Check($"crash {point} {step}", start, done);
            }
            cloud.Probe.FailAt(step);
            await Check($"fail at {step}", start, undone);
        }
        foreach (var step in steps.Append("(undone)"))
        {
            foreach (var point in new[] { "undo-before", "undo-after" })
            {
                cloud.Probe.FailAt(steps[^1]);
                cloud.Probe.CrashAt(step, point);
                await Check($"crash {point} {step}", start, undone);
            }
        }
    }

    private async Task Check(string what, Func<Task<string>> start, Func<string, Task> expected)
    {
        var engine = cloud.Get<SagaEngine<TDb>>();
        try
        {
            var handle = await start();
            await engine.DrainAsync();
            await engine.AdoptAsync(all: true);
            await engine.DrainAsync();
            await expected(handle);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"saga kit, {what}: {error.Message}", error);
        }
    }
}
