using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Glance;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Api;
using Nephos.Kernel.Sagas;
using Nephos.Node;
using Nephos.Node.Compute.Fake;
using Nephos.Node.Networks;
using Nephos.Nova.Tests.Fakes;
using Nephos.Placement;
using Nephos.Testing;

namespace Nephos.Nova.Tests;

/// <summary>A cloud that can run servers: Nova, Placement and a node with the fake driver; Neutron and Glance are in memory.</summary>
public class ServerCloud : TestCloud
{
    internal FakeNeutron Neutron { get; } = new();
    internal FakeGlance Glance { get; } = new();

    protected override IReadOnlyList<INephosService>? Services_ => [new PlacementService(), new NovaService()];

    protected override void Configure(IServiceCollection services)
    {
        services.AddSingleton<IPorts>(Neutron);
        services.AddSingleton<INetworks>(Neutron);
        services.AddSingleton<ISecurityGroups>(Neutron);
        services.AddSingleton<INetworkFeed>(Neutron);
        services.AddNode(NodeFor(StateDirectory)!);
        services.AddSingleton<INetworkPlug>(Neutron);
        services.AddSingleton<IImages>(Glance);
    }

    internal string Image => field ??= Glance.Add();
    internal FakeKnobs Knobs => Get<FakeKnobs>();
    internal FakeDriver Driver => Get<FakeDriver>();

    /// <summary>Waits until the node has registered its host, without which there is no valid one.</summary>
    internal static Task HostAsync(TestCloud cloud) => Until(
        () => cloud.Get<IPlacement>().FindCandidatesAsync(new CandidateRequest(new Dictionary<string, long> { ["VCPU"] = 1 }, [], []), default), a => a.Candidates.Count > 0, "the host to register");

    /// <summary>Asks for a server of the smallest flavor, without a network unless given one.</summary>
    internal async Task<string> CreateAsync(TestUser user, object? networks = null, string name = "one", object? more = null)
    {
        await HostAsync(this);
        var server = new JsonObject { ["name"] = name, ["imageRef"] = Image, ["flavorRef"] = "42", ["networks"] = System.Text.Json.JsonSerializer.SerializeToNode(networks ?? "none") };
        foreach (var (key, value) in (System.Text.Json.JsonSerializer.SerializeToNode(more ?? new { }) as JsonObject)!) { server[key] = value?.DeepClone(); }
        return (await user.At(user.Version ?? "compute 2.90").Post("/compute/v2.1/servers", new JsonObject { ["server"] = server }.ToJsonString())).Is(202)["server"]["id"]!.ToString();
    }

    /// <summary>A server that is ACTIVE.</summary>
    internal async Task<string> ActiveAsync(TestUser user, object? networks = null, string name = "one", object? more = null)
    {
        var id = await CreateAsync(user, networks, name, more);
        await StatusAsync(user, id, "ACTIVE");
        return id;
    }

    /// <summary>Waits until the server shows a status and nothing is being done to it.</summary>
    internal async Task<JsonNode> StatusAsync(TestUser user, string id, string status) => (await Until(
        async () => (await user.Get("/compute/v2.1/servers/" + id)).Is(200)["server"],
        s => s["status"]!.ToString() == status && s["OS-EXT-STS:task_state"] is null, $"server {id} to be {status}"))!;

    /// <summary>Waits until the server is gone.</summary>
    internal Task GoneAsync(TestUser user, string id) => Until(async () => (await user.Get("/compute/v2.1/servers/" + id)).Status, s => s == 404, $"server {id} to be gone");

    internal Task DrainAsync() => Get<SagaEngine<NovaDb>>().DrainAsync();

    internal static Task<TestReply> Act(TestUser user, string id, object action) => user.Post($"/compute/v2.1/servers/{id}/action", action);

    internal async Task GiveRoomAsync(TestUser user, int instances = 1000)
    {
        await Get<Kernel.Store.Store<NovaDb>>().WriteAsync(db =>
        {
            foreach (var resource in new[] { "instances", "cores", "ram" }) { db.QuotaLimits.Add(new Quotas.QuotaLimit { ProjectId = user.ProjectId, Resource = resource, Limit = resource == "ram" ? -1 : instances }); }
            return Task.CompletedTask;
        });
    }
}
