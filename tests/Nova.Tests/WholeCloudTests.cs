using System.Net.Http.Headers;
using Nephos.Contracts.Node;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests;

/// <summary>A server among all the services as they ship: image, network and address are Glance's and Neutron's own.</summary>
public sealed class WholeCloudTests(TestCloud cloud) : IClassFixture<TestCloud>
{
    private const string Servers = "/compute/v2.1/servers";

    private static async Task<string> ImageAsync(TestUser user)
    {
        var id = (await user.Post("/image/v2/images", new { name = "raw", disk_format = "raw", container_format = "bare" })).Is(201)["id"].ToString();
        var bytes = new ByteArrayContent(new byte[4096]);
        bytes.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        (await user.Put($"/image/v2/images/{id}/file", bytes)).Is(204);
        return id;
    }

    private static async Task<string> NetworkAsync(TestUser user)
    {
        var id = (await user.Post("/networking/v2.0/networks", new { network = new { name = "blue" } })).Is(201)["network"]["id"]!.ToString();
        (await user.Post("/networking/v2.0/subnets", new { subnet = new { network_id = id, ip_version = 4, cidr = "10.7.0.0/24" } })).Is(201);
        return id;
    }

    private static Task<System.Text.Json.Nodes.JsonNode> StatusAsync(TestUser user, string id, string status) => TestCloud.Until(
        async () => (await user.Get($"{Servers}/{id}")).Is(200)["server"], s => s["status"]!.ToString() == status && s["OS-EXT-STS:task_state"] is null, $"server {id} to be {status}");

    [Fact]
    public async Task Server_LivesAndLeavesNothing()
    {
        await ServerCloud.HostAsync(cloud);
        var user = cloud.NewUser();
        var (image, network) = (await ImageAsync(user), await NetworkAsync(user));
        var id = (await user.Post(Servers, new { server = new { name = "one", imageRef = image, flavorRef = "42", networks = new[] { new { uuid = network } } } })).Is(202)["server"]["id"]!.ToString();
        var server = await StatusAsync(user, id, "ACTIVE");
        var address = server["addresses"]!["blue"]![0]!["addr"]!.ToString();
        address.ShouldStartWith("10.7.0.");
        server["security_groups"]![0]!["name"]!.ToString().ShouldBe("default");
        var port = (await user.Get($"/networking/v2.0/ports?device_id={id}")).Is(200)["ports"][0]!;
        port["device_owner"]!.ToString().ShouldBe("compute:nova");
        (await cloud.Get<IInstanceMetadata>().FindAsync(network, address, default)).ShouldNotBeNull().ServerId.ShouldBe(id);
        var group = (await user.Get($"{Servers}/{id}/os-security-groups")).Is(200)["security_groups"].AsArray().Single()!;
        group["rules"]![0]!["group"]!["name"]!.ToString().ShouldBe("default");
        (await user.Delete("/networking/v2.0/networks/" + network)).Is(409);
        (await user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { net_id = network } })).Is(200);
        (await StatusAsync(user, id, "ACTIVE"))["addresses"]!["blue"]!.AsArray().Count.ShouldBe(2);
        (await user.Delete($"/networking/v2.0/ports/{port["id"]}")).Is(204);
        await TestCloud.Until(async () => (await user.Get($"{Servers}/{id}")).Is(200)["server"]["addresses"]!["blue"]!.AsArray().Count, n => n == 1, "the deleted port to be gone from the server");
        (await user.Delete($"{Servers}/{id}")).Is(204);
        await TestCloud.Until(() => user.Get($"{Servers}/{id}"), r => r.Status == 404, "the server to be gone");
        (await user.Get($"/networking/v2.0/ports?device_id={id}")).Is(200)["ports"].AsArray().Count.ShouldBe(0);
        (await user.Delete("/networking/v2.0/networks/" + network)).Is(204);
    }

    [Fact]
    public async Task Server_OnAFullNetwork_IsErrorWithNeutronsWords()
    {
        await ServerCloud.HostAsync(cloud);
        var user = cloud.NewUser();
        var image = await ImageAsync(user);
        var network = (await user.Post("/networking/v2.0/networks", new { network = new { name = "small" } })).Is(201)["network"]["id"]!.ToString();
        (await user.Post("/networking/v2.0/subnets", new { subnet = new { network_id = network, ip_version = 4, cidr = "10.8.0.0/30", enable_dhcp = false, gateway_ip = "10.8.0.1" } })).Is(201);
        (await user.Post("/networking/v2.0/ports", new { port = new { network_id = network } })).Is(201);
        var id = (await user.Post(Servers, new { server = new { name = "one", imageRef = image, flavorRef = "42", networks = new[] { new { uuid = network } } } })).Is(202)["server"]["id"]!.ToString();
        (await StatusAsync(user, id, "ERROR"))["fault"]!["message"]!.ToString().ShouldContain("No more IP addresses");
        (await user.Delete($"{Servers}/{id}")).Is(204);
        await TestCloud.Until(() => user.Get($"{Servers}/{id}"), r => r.Status == 404, "the server to be gone");
    }
}
