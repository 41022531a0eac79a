using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Fake;
using Nephos.Node.Tests.Guests;
using Nephos.Testing.Kits;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute;

public class FakeDriverTests : ComputeDriverKit
{
    private readonly TemporaryFolder _folder = new();
    private readonly RecordingPlug _plug = new();
    private readonly FakeKnobs _knobs = new();

    protected override IReadOnlyList<string> Plugged => [.. _plug.Ports];

    protected override Task<IComputeDriver> OpenAsync() => Task.FromResult<IComputeDriver>(OpenFake());

    protected FakeDriver OpenFake() =>
        new(new GuestFolders(new NodeOptions { Host = "node1", StateDirectory = _folder.Path }), _plug, TimeProvider.System, _knobs);

    protected override Task KillAsync(string id)
    {
        ((FakeDriver)Driver).GoDown(id);
        return Task.CompletedTask;
    }

    protected override bool HasTraces(string id) => Directory.Exists(Path.Combine(_folder.Path, "guests", id));

    protected override GuestSpec Spec(string id) => Valid.Guest(id) with { Boots = 3 };

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Knobs_FailTheSecondCall_FailsItWithoutEffect()
    {
        var spec = Spec(NewId.Uuid());
        _knobs.Fail = (number, _, _) => number == 2;
        await Driver.CreateAsync(spec, default);
        await Should.ThrowAsync<GuestException>(() => Driver.StartAsync(spec, default));
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
        await Driver.StartAsync(spec, default);
    }

    [Fact]
    public async Task Knobs_LoseTheReply_HasTheEffect()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        _knobs.LoseReply = (_, name, _) => name == "Start";
        await Should.ThrowAsync<TimeoutException>(() => Driver.StartAsync(spec, default));
        await ShouldBeAsync(spec.Id, GuestPower.Running, 3);
    }

    [Fact]
    public async Task Knobs_StepByHand_WaitsForTheStep()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        _knobs.StepByHand = true;
        var start = Driver.StartAsync(spec, default);
        _knobs.Waiting.ShouldBe([$"Start {spec.Id}"]);
        start.IsCompleted.ShouldBeFalse();
        _knobs.Step($"Start {spec.Id}").ShouldBeTrue();
        await start;
        _knobs.StepByHand = false;
    }

    [Fact]
    public async Task Observe_IdThatIsAPath_IsRefused() =>
        await Should.ThrowAsync<ArgumentException>(() => Driver.ObserveAsync("../../etc", default));
}
