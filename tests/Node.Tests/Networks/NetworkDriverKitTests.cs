using Nephos.Contracts.Node;
using Nephos.Node.Networks;
using Nephos.Node.Networks.Fake;
using Nephos.Node.Tests.Guests;
using Nephos.Testing.Kits;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

/// <summary>The fake driver under the contract.</summary>
public class FakeNetworkDriverTests : NetworkDriverKit
{
    private readonly TemporaryFolder _folder = new();

    protected FakeNetworkKnobs Knobs { get; } = new();

    protected NodeOptions Options => new() { Host = "node1", StateDirectory = _folder.Path };

    protected override Task<INetworkDriver> OpenAsync() => Task.FromResult<INetworkDriver>(new FakeNetworkDriver(Options, TimeProvider.System, Knobs));

    protected override Task<string> AddTapAsync(PortSpec port) => Task.FromResult(TapNames.Of(port.Id));

    protected override Task<string> TracesAsync() => Task.FromResult(Directory.Exists(Path.Combine(_folder.Path, "networks")) ? "networks" : "");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Knobs_FailBeforeAndLoseTheReplyAfter()
    {
        var state = Network();
        Knobs.Fail = (method, _) => method == "ApplyNetwork" ? new IOException("no") : null;
        await Should.ThrowAsync<IOException>(() => Driver.ApplyNetworkAsync(state, default));
        (await Driver.ObserveAsync(default)).NetworkIds.ShouldBeEmpty();
        Knobs.Fail = null;
        Knobs.LoseReply = (method, _) => method == "ApplyNetwork" ? new TimeoutException("late") : null;
        await Should.ThrowAsync<TimeoutException>(() => Driver.ApplyNetworkAsync(state, default));
        (await Driver.ObserveAsync(default)).NetworkIds.ShouldBe([state.Network.Id]);
    }
}

/// <summary>The real driver under the contract.</summary>
[Trait("Category", "Live")]
public sealed class LinuxBridgeDriverKitTests : NetworkDriverKit
{
    private NetworkLab _lab = null!;

    public override async Task InitializeAsync()
    {
        _lab = await NetworkLab.CreateAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _lab.DisposeAsync();
    }

    protected override Task<INetworkDriver> OpenAsync() => Task.FromResult<INetworkDriver>(_lab.Driver());

    protected override async Task<string> AddTapAsync(PortSpec port)
    {
        await _lab.AddGuestAsync(port);
        return TapNames.Of(port.Id);
    }

    protected override Task<string> TracesAsync() => _lab.LeftoversAsync();
}

/// <summary>The kit bites: a driver that forgets to remove is caught.</summary>
public sealed class NetworkDriverKitTests
{
    [Fact]
    public async Task Kit_DriverThatKeepsWhatItShallRemove_IsCaught()
    {
        var kit = new Forgetful();
        await kit.InitializeAsync();
        try
        {
            await Assert.ThrowsAnyAsync<Exception>(kit.RemoveAll_LeavesNothing);
            await Assert.ThrowsAnyAsync<Exception>(kit.Router_ComesAndGoes_AlsoByItsAdminState);
        }
        finally
        {
            await kit.DisposeAsync();
        }
    }

    private sealed class Forgetful : FakeNetworkDriverTests
    {
        protected override async Task<INetworkDriver> OpenAsync() => new ForgetfulDriver(await base.OpenAsync());
    }

    private sealed class ForgetfulDriver(INetworkDriver driver) : INetworkDriver
    {
        public Task PrepareAsync(CancellationToken cancel) => driver.PrepareAsync(cancel);
        public Task<ObservedNetworks> ObserveAsync(CancellationToken cancel) => driver.ObserveAsync(cancel);
        public Task ApplyNetworkAsync(NetworkState state, CancellationToken cancel) => driver.ApplyNetworkAsync(state, cancel);
        public Task RemoveNetworkAsync(string networkId, CancellationToken cancel) => Task.CompletedTask;
        public Task ApplyRouterAsync(RouterState state, CancellationToken cancel) => state.Router.AdminStateUp ? driver.ApplyRouterAsync(state, cancel) : Task.CompletedTask;
        public Task RemoveRouterAsync(string routerId, CancellationToken cancel) => driver.RemoveRouterAsync(routerId, cancel);
        public Task PlugAsync(NetworkSpec network, PortSpec port, string tap, CancellationToken cancel) => driver.PlugAsync(network, port, tap, cancel);
        public Task<IReadOnlySet<string>> PluggedAsync(IReadOnlyCollection<PortSpec> ports, CancellationToken cancel) => driver.PluggedAsync(ports, cancel);
        public Task RemoveAllAsync(CancellationToken cancel) => Task.CompletedTask;
        public ValueTask DisposeAsync() => driver.DisposeAsync();
    }
}
