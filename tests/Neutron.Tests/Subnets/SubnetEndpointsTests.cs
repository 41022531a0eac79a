using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.NeutronConversation;

namespace Nephos.Neutron.Tests.Subnets;

public sealed class SubnetEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = V2 + "/subnets";

    [Fact]
    public async Task Create_Cidr_HasGatewayAndPoolAroundIt()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        var subnet = await user.Subnet(network, "10.7.0.5/24", more: new { name = "s", dns_nameservers = new[] { "9.9.9.9" }, host_routes = new[] { new { destination = "10.9.0.0/16", nexthop = "10.7.0.9" } } });
        subnet["cidr"]!.ToString().ShouldBe("10.7.0.0/24");
        subnet["gateway_ip"]!.ToString().ShouldBe("10.7.0.1");
        subnet["allocation_pools"]!.ToJsonString().ShouldBe("""[{"start":"10.7.0.2","end":"10.7.0.254"}]""");
        subnet["dns_nameservers"]!.ToJsonString().ShouldBe("""["9.9.9.9"]""");
        subnet["host_routes"]!.ToJsonString().ShouldBe("""[{"destination":"10.9.0.0/16","nexthop":"10.7.0.9"}]""");
        subnet["enable_dhcp"]!.GetValue<bool>().ShouldBeTrue();
        subnet["ipv6_ra_mode"].ShouldBeNull();
        subnet["subnetpool_id"].ShouldBeNull();
        (await user.Get($"{V2}/networks/{network}"))["network"]["subnets"]!.ToJsonString().ShouldBe($"[\"{subnet.Id()}\"]");
        (await user.Get($"{Path}/{subnet.Id()}")).Is(200)["subnet"]["name"]!.ToString().ShouldBe("s");
        (await user.Delete($"{Path}/{subnet.Id()}")).Is(204);
    }

    [Theory]
    [InlineData("""{"cidr":"10.0.0.0/24","gateway_ip":null}""", """[{"start":"10.0.0.1","end":"10.0.0.254"}]""")]
    [InlineData("""{"cidr":"10.0.0.0/24","gateway_ip":"10.0.0.100"}""", """[{"start":"10.0.0.1","end":"10.0.0.99"},{"start":"10.0.0.101","end":"10.0.0.254"}]""")]
    [InlineData("""{"cidr":"10.0.0.0/24","allocation_pools":[{"start":"10.0.0.20","end":"10.0.0.30"}]}""", """[{"start":"10.0.0.20","end":"10.0.0.30"}]""")]
    [InlineData("""{"cidr":"10.0.0.0/31","enable_dhcp":false,"gateway_ip":null}""", """[{"start":"10.0.0.0","end":"10.0.0.1"}]""")]
    [InlineData("""{"cidr":"2001:db8::/64","ip_version":6}""", """[{"start":"2001:db8::2","end":"2001:db8::ffff:ffff:ffff:ffff"}]""")]
    public async Task Create_Pools_AreAsUpstreamMakesThem(string body, string pools)
    {
        var user = cloud.NewUser();
        var json = JsonNode.Parse(body)!.AsObject();
        json["network_id"] = await user.Network();
        json["ip_version"] ??= 4;
        (await user.Made("subnet", json))["allocation_pools"]!.ToJsonString().ShouldBe(pools);
    }

    [Theory]
    [InlineData("""{"cidr":"10.0.0/24"}""", 400, "Invalid input for operation: 10.0.0/24 is not in a CIDR format.")]
    [InlineData("""{"cidr":"10.0.0.0/24","ip_version":5}""", 400, "Invalid input for ip_version. Reason: 5 is not in valid_values.")]
    [InlineData("""{"cidr":"10.0.0.0/24","ip_version":6}""", 400, "Invalid input for operation: cidr '10.0.0.0/24' does not match the ip_version '6'.")]
    [InlineData("""{"cidr":"0.0.0.0/0"}""", 400, "Invalid input for operation: 0 is not allowed as CIDR prefix length.")]
    [InlineData("""{"cidr":"10.0.0.0/31"}""", 400, "Invalid input for operation: Subnet has a prefix length that is incompatible with DHCP service enabled.")]
    [InlineData("""{"cidr":"224.0.0.0/24"}""", 400, "Invalid input for operation: Multicast IP subnet is not supported if enable_dhcp is True.")]
    [InlineData("""{"cidr":"10.0.0.0/24","gateway_ip":"10.0.0.255"}""", 400, "Invalid input for operation: Gateway is not valid on subnet.")]
    [InlineData("""{"cidr":"10.0.0.0/24","gateway_ip":"x"}""", 400, "Invalid input for gateway_ip. Reason: 'x' is not a valid IP address.")]
    [InlineData("""{"cidr":"10.0.0.0/24","allocation_pools":[{"start":"10.0.0.20","end":"10.0.1.30"}]}""", 400, "The allocation pool 10.0.0.20-10.0.1.30 spans beyond the subnet cidr 10.0.0.0/24.")]
    [InlineData("""{"cidr":"10.0.0.0/24","allocation_pools":[{"start":"10.0.0.9","end":"10.0.0.12"},{"start":"10.0.0.12","end":"10.0.0.30"}]}""", 409, "Found overlapping allocation pools: 10.0.0.9-10.0.0.12 10.0.0.12-10.0.0.30 for subnet 10.0.0.0/24.")]
    [InlineData("""{"cidr":"10.0.0.0/24","allocation_pools":[{"start":"10.0.0.1","end":"10.0.0.12"}]}""", 409, "Gateway ip 10.0.0.1 conflicts with allocation pool 10.0.0.1-10.0.0.12.")]
    [InlineData("""{"cidr":"10.0.0.0/24","ipv6_ra_mode":"slaac"}""", 400, "Invalid input for operation: ipv6_ra_mode is not valid when ip_version is 4.")]
    [InlineData("""{"cidr":"2001:db8::/96","ip_version":6,"ipv6_address_mode":"slaac"}""", 400, "Invalid input for operation: Invalid CIDR 2001:db8::/96 for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64.")]
    [InlineData("""{"cidr":"2001:db8::/64","ip_version":6,"ipv6_address_mode":"slaac","ipv6_ra_mode":"dhcpv6-stateful"}""", 400, "Invalid input for operation: ipv6_ra_mode set to 'dhcpv6-stateful' with ipv6_address_mode set to 'slaac' is not valid. If both attributes are set, they must be the same value.")]
    [InlineData("""{"cidr":"10.0.0.0/24","dns_nameservers":["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4","1.1.1.5","1.1.1.6"]}""", 400, "Unable to complete operation for new subnet. The number of DNS nameservers exceeds the limit 5.")]
    [InlineData("""{"cidr":"10.0.0.0/24","host_routes":[{"destination":"10.1.0.0/16"}]}""", 400, "Invalid input for host_routes. Reason: Validation of dictionary's keys failed. Expected keys: {'destination', 'nexthop'} Provided keys: {'destination'}.")]
    [InlineData("""{}""", 400, "Bad subnets request: a subnetpool must be specified in the absence of a cidr.")]
    public async Task Create_BadFacts_AreRefusedWithUpstreamsWords(string body, int status, string words)
    {
        var user = cloud.NewUser();
        var json = JsonNode.Parse(body)!.AsObject();
        json["network_id"] = await user.Network();
        json["ip_version"] ??= 4;
        (await user.Post(Path, new JsonObject { ["subnet"] = json }.ToJsonString())).Is(status).Message().ShouldBe(words);
    }

    [Fact]
    public async Task Create_Overlapping_Is400ButFineOnAnotherNetwork()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        (await user.Post(Path, new { subnet = new { network_id = network, cidr = "10.0.0.128/25", ip_version = 4 } })).Is(400).Message()
            .ShouldBe($"Invalid input for operation: Requested subnet with cidr: 10.0.0.128/25 for network: {network} overlaps with another subnet.");
        await user.Subnet(await user.Network(), "10.0.0.0/24");
        await user.Subnet(network, "10.0.1.0/24");
    }

    [Fact]
    public async Task Create_OnOthersNetwork_Is404AndOnSharedOneIs403()
    {
        var network = await cloud.NewUser().Network();
        var other = cloud.NewUser();
        (await other.Post(Path, new { subnet = new { network_id = network, cidr = "10.0.0.0/24", ip_version = 4 } })).Is(404).Message().ShouldBe($"Network {network} could not be found.");
        (await cloud.Admin.Put($"{V2}/networks/{network}", new { network = new { shared = true } })).Is(200);
        (await other.Post(Path, new { subnet = new { network_id = network, cidr = "10.0.0.0/24", ip_version = 4 } })).Is(403);
        (await other.Post(Path, """{"subnet":{"cidr":"10.0.0.0/24","ip_version":4}}""")).Is(400).Message().ShouldBe("Failed to parse request. Required attribute 'network_id' not specified");
    }

    [Fact]
    public async Task Update_GatewayPoolsAndDhcp_AreCheckedAgain()
    {
        var user = cloud.NewUser();
        var id = (await user.Subnet(await user.Network(), "10.0.0.0/24")).Id();
        (await user.Put($"{Path}/{id}", new { subnet = new { gateway_ip = "10.0.0.9" } })).Is(409);
        (await user.Put($"{Path}/{id}", new { subnet = new { gateway_ip = "10.0.0.9", allocation_pools = new[] { new { start = "10.0.0.10", end = "10.0.0.20" } } } })).Is(200);
        (await user.Put($"{Path}/{id}", new { subnet = new { cidr = "10.0.0.0/8" } })).Is(400).Message().ShouldBe("Cannot update read-only attribute cidr");
        var changed = (await user.Put($"{Path}/{id}", """{"subnet":{"gateway_ip":null,"enable_dhcp":false,"name":"x"}}""")).Is(200)["subnet"];
        changed["gateway_ip"].ShouldBeNull();
        changed["enable_dhcp"]!.GetValue<bool>().ShouldBeFalse();
        changed["allocation_pools"]!.ToJsonString().ShouldBe("""[{"start":"10.0.0.10","end":"10.0.0.20"}]""");
    }

    [Fact]
    public async Task Delete_WithAPort_Is409()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        var id = (await user.Subnet(network, "10.0.0.0/24")).Id();
        var port = (await user.Port(network)).Id();
        (await user.Delete($"{Path}/{id}")).Is(409).Message().ShouldBe($"Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet.");
        (await user.Delete($"{V2}/networks/{network}")).Is(409).Message()
            .ShouldBe($"Unable to complete operation on network {network}. There are one or more ports still in use on the network, id for these ports is: {port}.");
        (await user.Delete($"{V2}/ports/{port}")).Is(204);
        (await user.Delete($"{V2}/networks/{network}")).Is(204);
        (await user.Get($"{Path}/{id}")).Is(404).Message().ShouldBe($"Subnet {id} could not be found.");
    }
}
