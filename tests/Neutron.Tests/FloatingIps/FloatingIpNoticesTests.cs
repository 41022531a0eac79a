using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Nova;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Neutron.Tests.Routers;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.Routers.Routed;

namespace Nephos.Neutron.Tests.FloatingIps;

/// <summary>A cloud whose Nova only writes down what Neutron tells it.</summary>
public sealed class NoticedCloud : TestCloud, IServerEvents
{
    private readonly List<string> _changed = [];

    protected override IReadOnlyList<INephosService> Services_ => [new NeutronService()];
    protected override void Configure(IServiceCollection services) => services.AddSingleton<IServerEvents>(this);

    public int ChangesOf(string deviceId)
    {
        lock (_changed) { return _changed.Count(d => d == deviceId); }
    }

    public Task NetworkChangedAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel)
    {
        lock (_changed) { _changed.AddRange(deviceIds); }
        return Task.CompletedTask;
    }

    public Task PortDeletedAsync(string deviceId, string portId, CancellationToken cancel) => Task.CompletedTask;
}

public sealed class FloatingIpNoticesTests(NoticedCloud cloud) : IClassFixture<NoticedCloud>
{
    [Fact]
    public async Task AssociateMoveAndDelete_TellTheServers()
    {
        var user = cloud.NewUser();
        var (external, _) = await External(cloud.Admin, "198.18.50.0/24");
        var (network, subnet) = await Inside(user, "10.50.0.0/24");
        var router = await RouterId(user, external);
        (await Add(user, router, new { subnet_id = subnet })).Is(200);
        var (one, two) = (await Routed.Port(user, network, new { device_id = "server-1" }), await Routed.Port(user, network, new { device_id = "server-2" }));
        var floating = (await user.Post(V2 + "/floatingips", new { floatingip = new { floating_network_id = external, port_id = one.Id() } })).Is(201)["floatingip"];
        cloud.ChangesOf("server-1").ShouldBe(1);
        (await user.Put($"{V2}/floatingips/{floating.Id()}", new { floatingip = new { port_id = two.Id() } })).Is(200);
        (cloud.ChangesOf("server-1"), cloud.ChangesOf("server-2")).ShouldBe((2, 1));
        (await user.Put($"{V2}/floatingips/{floating.Id()}", new { floatingip = new { port_id = two.Id() } })).Is(200);
        cloud.ChangesOf("server-2").ShouldBe(1);
        (await user.Delete($"{V2}/floatingips/{floating.Id()}")).Is(204);
        cloud.ChangesOf("server-2").ShouldBe(2);
    }

    [Fact]
    public async Task DeleteExternalNetwork_FreeFloatingIpsGoWithIt()
    {
        var user = cloud.NewUser();
        var (external, _) = await External(cloud.Admin, "198.18.51.0/24");
        var floating = (await user.Post(V2 + "/floatingips", new { floatingip = new { floating_network_id = external } })).Is(201)["floatingip"];
        (await cloud.Admin.Delete($"{V2}/networks/{external}")).Is(204);
        (await user.Get($"{V2}/floatingips/{floating.Id()}")).Is(404);
    }

    [Fact]
    public async Task SecurityGroups_ForOtherServices_HaveTheDefaultGroup()
    {
        var user = cloud.NewUser();
        var context = new RequestContext { RequestId = "req-x", Now = DateTime.UnixEpoch, Identity = user.Identity };
        var groups = await cloud.Get<ISecurityGroups>().OfProjectAsync(context, user.ProjectId, default);
        groups.ShouldHaveSingleItem().Name.ShouldBe("default");
    }
}
