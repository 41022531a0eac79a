using System.Text.Json.Nodes;
using Nephos.Testing;

namespace Nephos.Neutron.Tests;

/// <summary>The calls that most tests begin with.</summary>
internal static class NeutronConversation
{
    public const string V2 = "/networking/v2.0";

    public static async Task<string> Network(this TestUser user, object? network = null) => (await user.Post(V2 + "/networks", new { network = network ?? new { name = "n" } })).Is(201)["network"]["id"]!.ToString();

    public static Task<JsonNode> Subnet(this TestUser user, string networkId, string cidr, int version = 4, object? more = null) => user.Made("subnet", Merge(new { network_id = networkId, cidr, ip_version = version }, more));

    public static Task<JsonNode> Port(this TestUser user, string networkId, object? more = null) => user.Made("port", Merge(new { network_id = networkId }, more));

    /// <summary>POSTs one resource and answers it.</summary>
    public static async Task<JsonNode> Made(this TestUser user, string kind, JsonObject body) => (await user.Post($"{V2}/{kind}s", new JsonObject { [kind] = body }.ToJsonString())).Is(201)[kind];

    public static string Id(this JsonNode node) => node["id"]!.ToString();

    public static string Message(this TestReply reply) => reply["NeutronError"]["message"]!.ToString();

    public static string Type(this TestReply reply) => reply["NeutronError"]["type"]!.ToString();

    public static JsonObject Merge(object one, object? other)
    {
        var merged = System.Text.Json.JsonSerializer.SerializeToNode(one)!.AsObject();
        foreach (var (name, value) in other is null ? [] : System.Text.Json.JsonSerializer.SerializeToNode(other)!.AsObject().ToList()) { merged[name.Replace("__", ":", StringComparison.Ordinal)] = value?.DeepClone(); }
        return merged;
    }
}
