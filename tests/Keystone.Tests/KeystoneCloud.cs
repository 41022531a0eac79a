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
    private DateTimeOffset? _held;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    /// <summary>From now on it only moves when it is moved: for a class of tests in which a minute, or a day, must not end between two calls.</summary>
    public void Hold() => _held = System.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => (_held ?? System.GetUtcNow()) + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));
}
