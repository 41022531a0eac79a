using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;

namespace Nephos.Neutron.Tests.Routers;

/// <summary>Networks, routers and floating IPs, made over HTTP in a line each.</summary>
internal static class Routed
{
    public const string V2 = "/networking/v2.0";

    private static string Body(string resource, JsonObject item, object? more)
    {
        foreach (var (name, value) in more is null ? [] : JsonSerializer.SerializeToNode(more)!.AsObject().ToList()) { item[name] = value?.DeepClone(); }
        return new JsonObject { [resource] = item }.ToJsonString();
    }

    public static async Task<string> Network(TestUser user, bool external = false)
    {
        var item = new JsonObject { ["name"] = "n" };
        if (external) { item["router:external"] = true; }
        return (await user.Post(V2 + "/networks", Body("network", item, null))).Is(201)["network"].Id();
    }

    public static async Task<string> Subnet(TestUser user, string networkId, string cidr, object? more = null) =>
        (await user.Post(V2 + "/subnets", Body("subnet", new JsonObject { ["network_id"] = networkId, ["cidr"] = cidr, ["ip_version"] = cidr.Contains(':') ? 6 : 4 }, more))).Is(201)["subnet"].Id();

    /// <summary>An external network with a range of its own.</summary>
    public static async Task<(string NetworkId, string SubnetId)> External(TestUser admin, string cidr)
    {
        var network = await Network(admin, external: true);
        return (network, await Subnet(admin, network, cidr, new { enable_dhcp = false }));
    }

    public static async Task<(string NetworkId, string SubnetId)> Inside(TestUser user, string cidr)
    {
        var network = await Network(user);
        return (network, await Subnet(user, network, cidr));
    }

    public static async Task<JsonNode> Router(TestUser user, string? externalNetworkId = null) =>
        (await user.Post(V2 + "/routers", new { router = new { name = "r", external_gateway_info = externalNetworkId is null ? null : new { network_id = externalNetworkId } } })).Is(201)["router"];

    public static async Task<string> RouterId(TestUser user, string? externalNetworkId = null) => (await Router(user, externalNetworkId)).Id();

    public static Task<TestReply> Add(TestUser user, string routerId, object body) => user.Put($"{V2}/routers/{routerId}/add_router_interface", body);

    public static Task<TestReply> Remove(TestUser user, string routerId, object body) => user.Put($"{V2}/routers/{routerId}/remove_router_interface", body);

    public static Task<TestReply> Update(TestUser user, string routerId, object router) => user.Put($"{V2}/routers/{routerId}", new { router });

    public static async Task<JsonNode> Port(TestUser user, string networkId, object? more = null) =>
        (await user.Post(V2 + "/ports", Body("port", new JsonObject { ["network_id"] = networkId }, more))).Is(201)["port"];

    public static string Id(this JsonNode node) => node["id"]!.ToString();

    public static string FixedIp(this JsonNode port) => port["fixed_ips"]![0]!["ip_address"]!.ToString();

    public static void IsError(this TestReply reply, int status, string type, string words)
    {
        reply.Is(status)["NeutronError"]["type"]!.ToString().ShouldBe(type, reply.Text);
        reply["NeutronError"]["message"]!.ToString().ShouldBe(words);
    }
}
