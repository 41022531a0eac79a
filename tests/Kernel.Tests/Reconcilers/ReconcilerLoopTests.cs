using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Kernel.Reconcilers;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Reconcilers;

public sealed class ReconcilerLoopTests
{
    [Fact]
    public async Task FirstPass_WithADelay_ComesWhenPoked()
    {
        var counted = new Counted(TimeSpan.FromDays(1));
        using var loop = Loop(counted);
        await loop.StartAsync(default);
        // By the time that one which was started later has had its passes, this one would have had its first.
        var prompt = new Counted(TimeSpan.Zero);
        using var other = Loop(prompt);
        await other.StartAsync(default);
        for (var pass = 0; pass < 20; pass++)
        {
            (await prompt.Passes.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
            other.Poke();
        }
        await other.StopAsync(default);
        counted.Passes.CurrentCount.ShouldBe(0);
        loop.Status.LastRun.ShouldBeNull();
        loop.Poke();
        (await counted.Passes.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        await loop.StopAsync(default);
    }

    [Fact]
    public async Task FirstPass_WithoutADelay_ComesAtOnce_AndOnePokeMakesOneMore()
    {
        var counted = new Counted(TimeSpan.Zero);
        using var loop = Loop(counted);
        await loop.StartAsync(default);
        (await counted.Passes.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        loop.Poke();
        (await counted.Passes.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        await loop.StopAsync(default);
        counted.Passes.CurrentCount.ShouldBe(0);
    }

    [Fact]
    public async Task Pass_Fails_IsSaidAndTheNextOneRuns()
    {
        var counted = new Counted(TimeSpan.Zero) { Fails = true };
        using var loop = Loop(counted);
        await loop.StartAsync(default);
        (await counted.Passes.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        loop.Poke();
        (await counted.Passes.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        // The first pass has ended where the second began.
        (loop.Status.Failed, loop.Status.Report).ShouldBe((true, "no luck"));
        await loop.StopAsync(default);
    }

    private static ReconcilerLoop Loop(IReconciler reconciler) => new(reconciler, TimeProvider.System, NullLogger<ReconcilerLoop>.Instance);

    private sealed class Counted(TimeSpan delay) : IReconciler
    {
        public SemaphoreSlim Passes { get; } = new(0);
        public bool Fails { get; init; }
        public string Name => "sample";
        public TimeSpan Interval => TimeSpan.FromDays(1);
        public TimeSpan Delay => delay;

        public Task<string> ReconcileAsync(CancellationToken cancel)
        {
            Passes.Release();
            return Fails ? throw new InvalidOperationException("no luck") : Task.FromResult("done");
        }
    }
}
