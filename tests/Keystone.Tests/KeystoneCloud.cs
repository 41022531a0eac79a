using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Testing;

namespace Nephos.Keystone.Tests;

/// <summary>Keystone alone, on a clock that the test can move.</summary>
public sealed class KeystoneCloud : TestCloud
{
    public ShiftedClock Clock { get; } = new();
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected override void Configure(IServiceCollection services) => services.AddSingleton<TimeProvider>(Clock);
}

/// <summary>The real clock, shifted.</summary>
public sealed class ShiftedClock : TimeProvider
{
    private long _ahead;
    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));
}
