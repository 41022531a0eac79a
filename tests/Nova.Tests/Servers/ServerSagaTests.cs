using Nephos.Contracts.Placement;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Servers;

/// <summary>The sagas of servers, killed and failed everywhere: all or nothing.</summary>
public sealed class ServerSagaTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    [Fact]
    public async Task Build_KilledAndFailedEverywhere_RunsOrLeavesNothing()
    {
        var user = cloud.NewUser();
        await cloud.GiveRoomAsync(user);
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        await new SagaKit<NovaDb>(cloud).RunAsync(["schedule", "ports", "guest", "run"],
            () => cloud.CreateAsync(user, new[] { new { uuid = network.Id } }),
            async id =>
            {
                await cloud.StatusAsync(user, id, "ACTIVE");
                cloud.Neutron.Ports.Values.Count(p => p.DeviceId == id).ShouldBe(1);
                (await ConsumersAsync()).ShouldContain(id);
            },
            async id =>
            {
                await cloud.StatusAsync(user, id, "ERROR");
                cloud.Neutron.Ports.Values.ShouldNotContain(p => p.DeviceId == id);
                (await ConsumersAsync()).ShouldNotContain(id);
                (await GuestsAsync()).ShouldNotContain(id);
                Directory.Exists(Path.Combine(cloud.StateDirectory, "node", "guests", id)).ShouldBeFalse();
            });
    }

    [Fact]
    public async Task Delete_KilledAnywhere_LeavesNothing()
    {
        var user = cloud.NewUser();
        await cloud.GiveRoomAsync(user);
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        foreach (var step in new[] { "guest", "ports", "release", "row" })
        {
            foreach (var point in new[] { "before", "after" })
            {
                var id = await cloud.ActiveAsync(user, new[] { new { uuid = network.Id } });
                await cloud.DrainAsync();
                cloud.Probe.CrashAt(step, point);
                (await user.Delete("/compute/v2.1/servers/" + id)).Is(204);
                await cloud.DrainAsync();
                await cloud.Get<Kernel.Sagas.SagaEngine<NovaDb>>().AdoptAsync(all: true);
                await cloud.DrainAsync();
                (await user.Get("/compute/v2.1/servers/" + id)).Is(404);
                cloud.Neutron.Ports.Values.ShouldNotContain(p => p.DeviceId == id);
                (await ConsumersAsync()).ShouldNotContain(id);
                (await GuestsAsync()).ShouldNotContain(id);
            }
        }
    }

    private async Task<IReadOnlyList<string>> ConsumersAsync()
    {
        var provider = await cloud.Get<Store<NovaDb>>().ReadAsync(db => Task.FromResult(db.Hosts.Single().HypervisorId));
        return await cloud.Get<IPlacement>().ConsumersAsync(provider, default);
    }

    private Task<List<string>> GuestsAsync() => cloud.Get<Store<NovaDb>>().ReadAsync(db => Task.FromResult(db.Guests.Select(g => g.ServerId).ToList()));
}
