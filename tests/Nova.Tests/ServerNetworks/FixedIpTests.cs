using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Nephos.Node.Networks.Fake;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.ServerNetworks;

/// <summary>Fixed IPs of a server, with Neutron and the node's networks as they ship.</summary>
public sealed class FixedIpTests(TestCloud cloud) : IClassFixture<TestCloud>
{
    private const string Servers = "/compute/v2.1/servers";

    private async Task<(string Server, string Network)> ServerAsync(TestUser user, params string[] cidrs)
    {
        await ServerCloud.HostAsync(cloud);
        var image = (await user.Post("/image/v2/images", new { name = "raw", disk_format = "raw", container_format = "bare" })).Is(201)["id"].ToString();
        var bytes = new ByteArrayContent(new byte[4096]);
        bytes.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        (await user.Put($"/image/v2/images/{image}/file", bytes)).Is(204);
        var network = (await user.Post("/networking/v2.0/networks", new { network = new { name = "blue" } })).Is(201)["network"]["id"]!.ToString();
        foreach (var cidr in cidrs) { (await user.Post("/networking/v2.0/subnets", new { subnet = new { network_id = network, ip_version = 4, cidr, enable_dhcp = false } })).Is(201); }
        var server = (await user.Post(Servers, new { server = new { name = "one", imageRef = image, flavorRef = "42", networks = new[] { new { uuid = network } } } })).Is(202)["server"]["id"]!.ToString();
        await TestCloud.Until(async () => (await user.Get($"{Servers}/{server}")).Is(200)["server"]["status"]!.ToString(), s => s == "ACTIVE", "the server to run");
        return (server, network);
    }

    private static Task<TestReply> AddAsync(TestUser user, string server, object network) => ServerCloud.Act(user, server, new { addFixedIp = new { networkId = network } });
    private static Task<TestReply> RemoveAsync(TestUser user, string server, string address) => ServerCloud.Act(user, server, new { removeFixedIp = new { address } });

    private static async Task<List<string>> AddressesAsync(TestUser user, string server) =>
        [.. (await user.Get($"{Servers}/{server}")).Is(200)["server"]["addresses"]!["blue"]!.AsArray().Select(a => a!["addr"]!.ToString())];

    private async Task OnTheHostAsync(string network, string port, IReadOnlyList<string> addresses) => await TestCloud.Until(
        () => Task.FromResult(cloud.Get<FakeNetworkDriver>().Networks.GetValueOrDefault(network)?.Ports.FirstOrDefault(p => p.Id == port) is { } on ? on.Addresses.Select(i => i.Ip).Order(StringComparer.Ordinal).ToList() : []),
        seen => seen.SequenceEqual(addresses.Order(StringComparer.Ordinal)), $"the host's port to have {string.Join(", ", addresses)}");

    [Fact]
    public async Task AddAndRemove_ChangeThePortOnItsHost()
    {
        var user = cloud.NewUser();
        var (server, network) = await ServerAsync(user, "10.7.0.0/24");
        var first = (await AddressesAsync(user, server)).ShouldHaveSingleItem();
        (await AddAsync(user, server, network)).Is(202).Bytes.ShouldBeEmpty();
        var both = await AddressesAsync(user, server);
        both.Count.ShouldBe(2);
        both.ShouldContain(first);
        var port = (await user.Get($"/networking/v2.0/ports?device_id={server}")).Is(200)["ports"].AsArray().ShouldHaveSingleItem()!;
        port["fixed_ips"]!.AsArray().Select(i => i!["ip_address"]!.ToString()).ShouldBe(both, ignoreOrder: true);
        await OnTheHostAsync(network, port["id"]!.ToString(), both);
        (await RemoveAsync(user, server, first)).Is(202).Bytes.ShouldBeEmpty();
        (await AddressesAsync(user, server)).ShouldBe([.. both.Where(a => a != first)]);
        await OnTheHostAsync(network, port["id"]!.ToString(), [.. both.Where(a => a != first)]);
        // The lower address is free again for others.
        (await user.Post("/networking/v2.0/ports", new { port = new { network_id = network, fixed_ips = new[] { new { ip_address = first } } } })).Is(201);
    }

    [Fact]
    public async Task Add_SideBySide_LosesNone()
    {
        var user = cloud.NewUser();
        var (server, network) = await ServerAsync(user, "10.7.0.0/24");
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => AddAsync(user, server, network)))) { answer.Is(202); }
        (await AddressesAsync(user, server)).Distinct().Count().ShouldBe(6);
    }

    [Fact]
    public async Task Add_FirstSubnetFull_TakesTheNextUntilNoneIsLeft()
    {
        var user = cloud.NewUser();
        // A gateway and one address; a gateway and one more.
        var (server, network) = await ServerAsync(user, "10.7.0.0/30", "10.8.0.0/30");
        (await AddAsync(user, server, network)).Is(202);
        (await AddressesAsync(user, server)).Order(StringComparer.Ordinal).ShouldBe(["10.7.0.2", "10.8.0.2"]);
        (await AddAsync(user, server, network)).Is(400)["badRequest"]["message"]!.ToString().ShouldBe($"No fixed IP addresses available for network: {network}");
        (await AddressesAsync(user, server)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Calls_ThatCannotBe_AreRefusedAndChangeNothing()
    {
        var user = cloud.NewUser();
        var (server, network) = await ServerAsync(user, "10.7.0.0/24");
        var before = await AddressesAsync(user, server);
        var other = (await user.Post("/networking/v2.0/networks", new { network = new { name = "other" } })).Is(201)["network"]["id"]!.ToString();
        foreach (var unknown in new object[] { other, Kernel.Ids.NewId.Uuid(), "nope", 1 })
        {
            (await AddAsync(user, server, unknown)).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Network could not be found for instance {server}.");
        }
        (await RemoveAsync(user, server, "10.7.0.200")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe($"Instance {server} does not have fixed IP '10.7.0.200'.");
        (await RemoveAsync(user, server, "nope")).Is(400);
        (await ServerCloud.Act(user, server, """{"addFixedIp":{}}""")).Is(400);
        (await ServerCloud.Act(user, server, """{"addFixedIp":{"networkId":""}}""")).Is(400);
        (await AddAsync(user, server, new string('1', 37))).Is(400);
        (await ServerCloud.Act(user, server, new { addFixedIp = new { networkId = network, more = 1 } })).Is(400);
        (await ServerCloud.Act(user, server, """{"removeFixedIp":{"address":null}}""")).Is(400);
        (await AddAsync(user, Kernel.Ids.NewId.Uuid(), network)).Is(404);
        (await AddAsync(cloud.NewUser(), server, network)).Is(404);
        (await AddAsync(cloud.NewUser("reader", user.ProjectId), server, network)).Is(403);
        (await AddAsync(user.At("compute 2.44"), server, network)).Is(404);
        (await RemoveAsync(user.At("compute 2.44"), server, before[0])).Is(404);
        (await ServerCloud.Act(user, server, """{"lock":null}""")).Is(202);
        (await AddAsync(user, server, network)).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe($"Instance {server} is locked");
        (await RemoveAsync(user, server, before[0])).Is(409);
        (await AddressesAsync(user, server)).ShouldBe(before);
    }
}
