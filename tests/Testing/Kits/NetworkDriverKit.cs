using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Node.Networks;
using Shouldly;
using Xunit;

namespace Nephos.Testing.Kits;

/// <summary>
/// The contract of <see cref="INetworkDriver"/>. A driver's tests derive from it and say how to open the driver on the same machine again, and how a guest's device appears.
/// </summary>
public abstract class NetworkDriverKit : IAsyncLifetime
{
    private INetworkDriver? _driver;

    protected INetworkDriver Driver => _driver ?? throw new InvalidOperationException("The kit was not initialised");

    /// <summary>A driver on this test's machine, as a newly started program would make it.</summary>
    protected abstract Task<INetworkDriver> OpenAsync();

    /// <summary>Makes the port's device, not attached to anything; returns its name.</summary>
    protected abstract Task<string> AddTapAsync(PortSpec port);

    /// <summary>What is left on the machine of what the driver made; empty for nothing.</summary>
    protected abstract Task<string> TracesAsync();

    public virtual async Task InitializeAsync()
    {
        _driver = await OpenAsync();
        await _driver.PrepareAsync(default);
    }

    public virtual async Task DisposeAsync()
    {
        await Driver.RemoveAllAsync(default);
        await Driver.DisposeAsync();
    }

    [Fact]
    public async Task Observe_FreshMachine_IsEmpty() => await ShouldExistAsync([], []);

    [Fact]
    public async Task Prepare_Twice_IsFine() => await Driver.PrepareAsync(default);

    [Fact]
    public async Task ApplyNetwork_Twice_MakesOne()
    {
        var state = Network();
        await Driver.ApplyNetworkAsync(state, default);
        await Driver.ApplyNetworkAsync(state, default);
        await ShouldExistAsync([state.Network.Id], []);
    }

    [Fact]
    public async Task Remove_Unknown_DoesNothing()
    {
        await Driver.RemoveNetworkAsync(NewId.Uuid(), default);
        await Driver.RemoveRouterAsync(NewId.Uuid(), default);
    }

    [Fact]
    public async Task Router_ComesAndGoes_AlsoByItsAdminState()
    {
        var state = Network();
        await Driver.ApplyNetworkAsync(state, default);
        var router = Router(state.Network);
        await Driver.ApplyRouterAsync(router, default);
        await Driver.ApplyRouterAsync(router, default);
        await ShouldExistAsync([state.Network.Id], [router.Router.Id]);
        await Driver.ApplyRouterAsync(router with { Router = router.Router with { AdminStateUp = false } }, default);
        await ShouldExistAsync([state.Network.Id], []);
        await Driver.ApplyRouterAsync(router, default);
        await ShouldExistAsync([state.Network.Id], [router.Router.Id]);
        await Driver.RemoveRouterAsync(router.Router.Id, default);
        await Driver.RemoveRouterAsync(router.Router.Id, default);
        await ShouldExistAsync([state.Network.Id], []);
    }

    [Fact]
    public async Task Network_RemovedUnderItsRouterAndMadeAgain_Works()
    {
        var state = Network();
        var router = Router(state.Network);
        await Driver.ApplyNetworkAsync(state, default);
        await Driver.ApplyRouterAsync(router, default);
        await Driver.RemoveNetworkAsync(state.Network.Id, default);
        await Driver.ApplyNetworkAsync(state, default);
        await Driver.ApplyRouterAsync(router, default);
        await ShouldExistAsync([state.Network.Id], [router.Router.Id]);
    }

    [Fact]
    public async Task Plug_Twice_IsPlugged_AndStaysSoInANewProgram()
    {
        var state = Network();
        var port = state.Ports[0];
        await Driver.ApplyNetworkAsync(state, default);
        (await Driver.PluggedAsync([port], default)).ShouldBeEmpty();
        var tap = await AddTapAsync(port);
        await Driver.PlugAsync(state.Network, port, tap, default);
        await Driver.PlugAsync(state.Network, port, tap, default);
        (await Driver.PluggedAsync([port], default)).ShouldBe([port.Id]);

        await RestartAsync();
        await ShouldExistAsync([state.Network.Id], []);
        await Driver.ApplyNetworkAsync(state, default);
        (await Driver.PluggedAsync([port], default)).ShouldBe([port.Id]);
    }

    [Fact]
    public async Task Plug_NetworkNotThere_SaysSo()
    {
        var state = Network();
        var tap = await AddTapAsync(state.Ports[0]);
        await Should.ThrowAsync<PlugException>(() => Driver.PlugAsync(state.Network, state.Ports[0], tap, default));
    }

    [Fact]
    public async Task RemoveAll_LeavesNothing()
    {
        var state = Network();
        await Driver.ApplyNetworkAsync(state, default);
        await Driver.ApplyRouterAsync(Router(state.Network), default);
        await Driver.PlugAsync(state.Network, state.Ports[0], await AddTapAsync(state.Ports[0]), default);
        // Also by a program that made none of it.
        await RestartAsync();
        await Driver.RemoveAllAsync(default);
        await Driver.RemoveAllAsync(default);
        await ShouldExistAsync([], []);
        (await TracesAsync()).ShouldBe("");
    }

    /// <summary>A network with one local port.</summary>
    protected static NetworkState Network()
    {
        var id = NewId.Uuid();
        var group = new SecurityGroupSpec { Id = NewId.Uuid(), Rules = [new SecurityRule(NewId.Uuid(), true, 4, "tcp", 22, 22, "0.0.0.0/0", null)] };
        var subnet = new SubnetSpec { Id = NewId.Uuid(), Cidr = "10.9.0.0/24", IpVersion = 4, GatewayIp = "10.9.0.1", DhcpEnabled = true };
        var port = new PortSpec
        {
            Id = NewId.Uuid(), NetworkId = id, Mac = "fa:16:3e:09:00:05", Addresses = [new PortAddress(subnet.Id, "10.9.0.5", 24)], Local = true, SecurityGroupIds = [group.Id],
        };
        var network = new NetworkSpec
        {
            Id = id, ProjectId = NewId.Hex(), Mtu = 1450, Vni = 77, Subnets = [subnet],
            Dhcp = new ServicePort(NewId.Uuid(), "fa:16:3e:09:00:02", [new PortAddress(subnet.Id, "10.9.0.2", 24)]),
        };
        return new NetworkState(network, [port], new Dictionary<string, SecurityGroupSpec>(StringComparer.Ordinal) { [group.Id] = group });
    }

    /// <summary>A router with a leg on the network.</summary>
    protected static RouterState Router(NetworkSpec network) => new(
        new RouterSpec
        {
            Id = NewId.Uuid(), ProjectId = network.ProjectId,
            Legs = [new RouterLeg(NewId.Uuid(), network.Id, "fa:16:3e:09:00:01", [new PortAddress(network.Subnets[0].Id, "10.9.0.1", 24)])],
        },
        new Dictionary<string, NetworkSpec>(StringComparer.Ordinal) { [network.Id] = network });

    private async Task RestartAsync()
    {
        await Driver.DisposeAsync();
        _driver = await OpenAsync();
        await _driver.PrepareAsync(default);
    }

    private async Task ShouldExistAsync(string[] networks, string[] routers)
    {
        var observed = await Driver.ObserveAsync(default);
        observed.NetworkIds.ShouldBe(networks, ignoreOrder: true);
        observed.RouterIds.ShouldBe(routers, ignoreOrder: true);
    }
}
