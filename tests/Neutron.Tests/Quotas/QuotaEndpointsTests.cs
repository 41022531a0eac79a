using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.NeutronConversation;

namespace Nephos.Neutron.Tests.Quotas;

public sealed class QuotaEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = V2 + "/quotas";

    [Fact]
    public async Task Quota_OfAProject_IsShownSetUsedAndReset()
    {
        var user = cloud.NewUser();
        (await user.Get($"{Path}/{user.ProjectId}")).Is(200)["quota"]["network"]!.GetValue<int>().ShouldBe(100);
        (await cloud.NewUser().Get($"{Path}/{user.ProjectId}")).Is(403);
        (await user.Put($"{Path}/{user.ProjectId}", new { quota = new { network = 1 } })).Is(403);
        (await cloud.Admin.Put($"{Path}/{user.ProjectId}", new { quota = new { network = 1, port = -1 } })).Is(200)["quota"]["port"]!.GetValue<int>().ShouldBe(-1);
        await user.Network();
        (await user.Post($"{V2}/networks", new { network = new { } })).Is(409).Message().ShouldBe("Quota exceeded for resources: ['network'].");
        (await user.Get($"{Path}/{user.ProjectId}/details.json")).Is(200)["quota"]["network"]!.ToJsonString().ShouldBe("""{"used":1,"limit":1,"reserved":0}""");
        (await user.Get($"{Path}/{user.ProjectId}/default")).Is(200)["quota"]["network"]!.GetValue<int>().ShouldBe(100);
        (await cloud.Admin.Get(Path)).Is(200)["quotas"].AsArray().ShouldContain(q => q!["project_id"]!.ToString() == user.ProjectId);
        (await cloud.Admin.Delete($"{Path}/{user.ProjectId}")).Is(204);
        await user.Network();
    }

    [Theory]
    [InlineData("""{"quota":{"network":-2}}""", "Invalid input for network. Reason: '-2' is too small - must be at least '-1'.")]
    [InlineData("""{"quota":{"network":"many"}}""", "Invalid input for operation: 'many' is not an integer.")]
    [InlineData("""{"quota":{"color":2}}""", "Unrecognized attribute(s) 'color'")]
    public async Task Update_BadBody_Is400(string body, string words) => (await cloud.Admin.Put($"{Path}/someone", body)).Is(400).Message().ShouldBe(words);

    [Fact]
    public async Task Availability_OfANetwork_CountsItsAddresses()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        await user.Subnet(network, "2001:db8::/64", 6);
        await user.Port(network);
        var shown = (await cloud.Admin.Get($"{V2}/network-ip-availabilities/{network}")).Is(200)["network_ip_availability"];
        shown["used_ips"]!.GetValue<int>().ShouldBe(2);
        shown["total_ips"]!.ToJsonString().ShouldBe("18446744073709551867");
        (await cloud.Admin.Get($"{V2}/network-ip-availabilities?network_id={network}&ip_version=4")).Is(200)["network_ip_availabilities"].AsArray().ShouldHaveSingleItem()!["total_ips"]!.GetValue<int>().ShouldBe(253);
        (await user.Get($"{V2}/network-ip-availabilities")).Is(200)["network_ip_availabilities"].AsArray().ShouldBeEmpty();
        (await user.Get($"{V2}/network-ip-availabilities/{network}")).Is(403);
    }

    [Fact]
    public async Task Documents_OfVersionsAndExtensions_AreServed()
    {
        (await cloud.Anonymous.Get("/networking/")).Is(200)["versions"][0]!["id"]!.ToString().ShouldBe("v2.0");
        (await cloud.Anonymous.Get(V2 + "/networks")).Is(401);
        var user = cloud.NewUser();
        (await user.Get(V2 + "/")).Is(200)["resources"].AsArray().Count.ShouldBe(3);
        (await user.Get(V2 + "/extensions")).Is(200)["extensions"].AsArray().Select(e => e!["alias"]!.ToString()).ShouldContain("external-net");
        (await user.Get(V2 + "/extensions/quotas")).Is(200)["extension"]["name"]!.ToString().ShouldBe("Quota management support");
        (await user.Get(V2 + "/extensions/trunk")).Is(404);
        (await user.Get(V2 + "/nothing")).Is(404).Message().ShouldBe("The resource could not be found.");
    }
}
