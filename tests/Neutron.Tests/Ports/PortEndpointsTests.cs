using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.NeutronConversation;

namespace Nephos.Neutron.Tests.Ports;

public sealed class PortEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = V2 + "/ports";

    private static string Ips(JsonNode port) => string.Join(' ', port["fixed_ips"]!.AsArray().Select(i => i!["ip_address"]!.ToString()));

    [Fact]
    public async Task Create_OnSubnets_TakesOneOfEachKind()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        await user.Subnet(network, "10.0.1.0/24");
        await user.Subnet(network, "2001:db8:1::/64", 6, new { ipv6_address_mode = "slaac", ipv6_ra_mode = "slaac" });
        await user.Subnet(network, "2001:db8:2::/64", 6, new { ipv6_address_mode = "dhcpv6-stateful", ipv6_ra_mode = "dhcpv6-stateful" });
        var port = await user.Port(network, new { mac_address = "FA-16-3E-00-00-01", name = "p" });
        port["mac_address"]!.ToString().ShouldBe("fa:16:3e:00:00:01");
        Ips(port).ShouldBe("10.0.0.2 2001:db8:2::2 2001:db8:1:0:f816:3eff:fe00:1");
        port["status"]!.ToString().ShouldBe("DOWN");
        port["security_groups"]!.AsArray().Count.ShouldBe(1);
        port["port_security_enabled"]!.GetValue<bool>().ShouldBeTrue();
        port["device_id"]!.ToString().ShouldBe("");
        port["binding:vnic_type"]!.ToString().ShouldBe("normal");
        port.AsObject().ContainsKey("binding:host_id").ShouldBeFalse();
        var seen = (await cloud.Admin.Get($"{Path}/{port.Id()}")).Is(200)["port"];
        seen["binding:vif_type"]!.ToString().ShouldBe("unbound");
        seen["binding:vif_details"]!.ToJsonString().ShouldBe("{}");
        seen["allowed_address_pairs"]!.AsArray().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"fixed_ips":[{"ip_address":"10.9.9.9"}]}""", 400, "IP address 10.9.9.9 is not a valid IP for any of the subnets on the specified network.")]
    [InlineData("""{"fixed_ips":[{"ip_address":"10.0.0.255"}]}""", 400, "IP address 10.0.0.255 is not a valid IP for any of the subnets on the specified network.")]
    [InlineData("""{"fixed_ips":[{"ip_address":"zz"}]}""", 400, "Invalid input for fixed_ips. Reason: 'zz' is not a valid IP address.")]
    [InlineData("""{"fixed_ips":[{"subnet_id":"00000000-0000-0000-0000-000000000001"}]}""", 404, "Subnet 00000000-0000-0000-0000-000000000001 could not be found.")]
    [InlineData("""{"fixed_ips":"x"}""", 400, "Invalid input for fixed_ips. Reason: Invalid data format for fixed IP: 'x'.")]
    [InlineData("""{"mac_address":"00:00:00:00:00:00"}""", 400, "Invalid input for mac_address. Reason: '00:00:00:00:00:00' is not a valid MAC address.")]
    [InlineData("""{"security_groups":["nope"]}""", 400, "Invalid input for security_groups. Reason: 'nope' is not a valid UUID.")]
    [InlineData("""{"security_groups":["00000000-0000-0000-0000-000000000002"]}""", 404, "Security group 00000000-0000-0000-0000-000000000002 does not exist")]
    [InlineData("""{"port_security_enabled":false,"allowed_address_pairs":[{"ip_address":"10.0.0.8"}]}""", 409, "Port Security must be enabled in order to have allowed address pairs on a port.")]
    [InlineData("""{"allowed_address_pairs":[{"mac_address":"fa:16:3e:00:00:01"}]}""", 400, "AllowedAddressPair must contain ip_address")]
    [InlineData("""{"dns_name":"-bad"}""", 400, "Invalid input for dns_name. Reason: '-bad' not a valid PQDN or FQDN. Reason: Name '-bad' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen.")]
    public async Task Create_BadFacts_AreRefusedWithUpstreamsWords(string body, int status, string words)
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        var json = JsonNode.Parse(body)!.AsObject();
        json["network_id"] = network;
        (await user.Post(Path, new JsonObject { ["port"] = json }.ToJsonString())).Is(status).Message().ShouldBe(words);
    }

    [Fact]
    public async Task Create_TakenAddressOrMac_Is409()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        var subnet = (await user.Subnet(network, "10.0.0.0/24")).Id();
        await user.Port(network, new { mac_address = "fa:16:3e:00:00:02", fixed_ips = new[] { new { ip_address = "10.0.0.50" } } });
        (await user.Post(Path, new { port = new { network_id = network, fixed_ips = new[] { new { ip_address = "10.0.0.50" } } } })).Is(409).Message().ShouldBe($"IP address 10.0.0.50 already allocated in subnet {subnet}");
        (await user.Post(Path, new { port = new { network_id = network, mac_address = "fa:16:3e:00:00:02" } })).Is(409).Message()
            .ShouldBe($"Unable to complete operation for network {network}. The mac address fa:16:3e:00:00:02 is in use.");
    }

    [Fact]
    public async Task Create_SubnetUsedUp_Is409AndAFreedAddressIsGivenAgain()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/29", more: new { enable_dhcp = false });
        var ports = new List<JsonNode>();
        for (var i = 0; i < 5; i++) { ports.Add(await user.Port(network)); }
        ports.Select(Ips).ShouldBe(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
        var refused = (await user.Post(Path, new { port = new { network_id = network } })).Is(409);
        refused.Message().ShouldBe($"No more IP addresses available on network {network}.");
        refused.Type().ShouldBe("IpAddressGenerationFailure");
        (await user.Delete($"{Path}/{ports[2].Id()}")).Is(204);
        Ips(await user.Port(network)).ShouldBe("10.0.0.4");
    }

    [Fact]
    public async Task Create_InParallel_NeverGivesAnAddressTwice()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.1.0.0/16");
        var made = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => user.Port(network)));
        made.Select(Ips).Distinct().Count().ShouldBe(40);
        (await user.Get($"{Path}?network_id={network}&device_owner="))["ports"].AsArray().Count.ShouldBe(40);
        (await user.Get($"{Path}?fixed_ips=ip_address%3D{Ips(made[0])}&network_id={network}"))["ports"].AsArray().Single()!.Id().ShouldBe(made[0].Id());
    }

    [Fact]
    public async Task Create_OnSharedNetworkOfOthers_MayNotChooseAddresses()
    {
        var network = await cloud.Admin.Network(new { shared = true });
        var subnet = (await cloud.Admin.Subnet(network, "10.0.0.0/24")).Id();
        var user = cloud.NewUser();
        (await user.Post(Path, new { port = new { network_id = network, fixed_ips = new[] { new { ip_address = "10.0.0.9" } } } })).Is(403);
        await user.Port(network, new { fixed_ips = new[] { new { subnet_id = subnet } } });
        (await user.Post(Path, new { port = new { network_id = network, mac_address = "fa:16:3e:00:00:03" } })).Is(403);
        (await user.Post(Path, new { port = new { network_id = network, device_owner = "network:dhcp" } })).Is(403);
        (await cloud.NewUser().Post(Path, new { port = new { network_id = await cloud.NewUser().Network() } })).Is(404);
    }

    [Fact]
    public async Task Update_FixedIps_KeepsAddsAndRemoves()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        var one = (await user.Subnet(network, "10.0.0.0/24", more: new { enable_dhcp = false })).Id();
        var two = (await user.Subnet(network, "10.0.1.0/24", more: new { enable_dhcp = false })).Id();
        var port = await user.Port(network);
        Ips(port).ShouldBe("10.0.0.2");
        var changed = (await user.Put($"{Path}/{port.Id()}", new { port = new { fixed_ips = new object[] { new { subnet_id = one }, new { subnet_id = two, ip_address = "10.0.1.77" } } } })).Is(200)["port"];
        Ips(changed).ShouldBe("10.0.0.2 10.0.1.77");
        Ips((await user.Put($"{Path}/{port.Id()}", new { port = new { fixed_ips = new object[] { new { subnet_id = two } } } })).Is(200)["port"]).ShouldBe("10.0.1.77");
        Ips((await user.Put($"{Path}/{port.Id()}", new { port = new { fixed_ips = Array.Empty<object>() } })).Is(200)["port"]).ShouldBe("");
    }

    [Fact]
    public async Task Update_PortSecurity_NeedsGroupsAndPairsGone()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        var id = (await user.Port(network, new { allowed_address_pairs = new[] { new { ip_address = "10.0.0.200" } } })).Id();
        (await user.Put($"{Path}/{id}", new { port = new { port_security_enabled = false } })).Is(409).Type().ShouldBe("AddressPairAndPortSecurityRequired");
        (await user.Put($"{Path}/{id}", new { port = new { port_security_enabled = false, allowed_address_pairs = Array.Empty<object>() } })).Is(409).Type().ShouldBe("PortSecurityPortHasSecurityGroup");
        var free = (await user.Put($"{Path}/{id}", new { port = new { port_security_enabled = false, allowed_address_pairs = Array.Empty<object>(), security_groups = Array.Empty<string>() } })).Is(200)["port"];
        free["security_groups"]!.AsArray().ShouldBeEmpty();
        (await user.Put($"{Path}/{id}", new { port = new { extra_dhcp_opts = new[] { new { opt_name = "bootfile-name", opt_value = "pxe" } } } })).Is(200)["port"]["extra_dhcp_opts"]!.ToJsonString()
            .ShouldBe("""[{"opt_name":"bootfile-name","opt_value":"pxe","ip_version":4}]""");
        (await user.Put($"{Path}/{id}", """{"port":{"extra_dhcp_opts":[{"opt_name":"bootfile-name","opt_value":null}]}}""")).Is(200)["port"]["extra_dhcp_opts"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Bind_ByAdmin_IsShownAndGuarded()
    {
        var user = cloud.NewUser();
        var id = (await user.Port(await user.Network())).Id();
        (await user.Put($"{Path}/{id}", """{"port":{"binding:host_id":"nowhere"}}""")).Is(403);
        var bound = (await cloud.Admin.Put($"{Path}/{id}", """{"port":{"binding:host_id":"nowhere"}}""")).Is(200)["port"];
        bound["binding:host_id"]!.ToString().ShouldBe("nowhere");
        bound["binding:vif_type"]!.ToString().ShouldBe("binding_failed");
        (await cloud.Admin.Put($"{Path}/{id}", """{"port":{"mac_address":"fa:16:3e:00:00:09"}}""")).Is(200)["port"]["mac_address"]!.ToString().ShouldBe("fa:16:3e:00:00:09");
        (await cloud.NewUser().Get($"{Path}/{id}")).Is(404).Message().ShouldBe($"Port {id} could not be found.");
    }
}
