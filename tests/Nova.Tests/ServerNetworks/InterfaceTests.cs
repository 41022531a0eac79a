using Nephos.Contracts.Node;
using Nephos.Contracts.Nova;
using Nephos.Nova.Servers;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.ServerNetworks;

public sealed class InterfaceTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Servers = "/compute/v2.1/servers";

    [Fact]
    public async Task Attach_ByNetworkAndPort_ThenDetach()
    {
        var user = cloud.NewUser().At("compute 2.70");
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        var id = await cloud.ActiveAsync(user.At("compute 2.90"), new[] { new { uuid = network.Id } });
        await cloud.DrainAsync();
        var made = (await user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { net_id = network.Id, tag = "t" } })).Is(200)["interfaceAttachment"];
        made["tag"]!.ToString().ShouldBe("t");
        made["fixed_ips"]![0]!["ip_address"].ShouldNotBeNull();
        cloud.Driver.PortsOf(id).ShouldContain(made["port_id"]!.ToString());
        var given = cloud.Neutron.AddPort(user.ProjectId, network);
        (await user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { port_id = given.Id } })).Is(200);
        (await user.Get($"{Servers}/{id}/os-interface")).Is(200)["interfaceAttachments"].AsArray().Count.ShouldBe(3);
        (await user.Get($"{Servers}/{id}")).Is(200)["server"]["addresses"]!["net"]!.AsArray().Count.ShouldBe(3);
        (await user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { port_id = given.Id } })).Is(409);
        (await user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { net_id = network.Id, port_id = given.Id } })).Is(400);
        (await user.Delete($"{Servers}/{id}/os-interface/{given.Id}")).Is(202);
        await cloud.DrainAsync();
        cloud.Neutron.Ports[given.Id].DeviceId.ShouldBe("");
        (await user.Delete($"{Servers}/{id}/os-interface/{made["port_id"]}")).Is(202);
        await cloud.DrainAsync();
        cloud.Neutron.Ports.ContainsKey(made["port_id"]!.ToString()).ShouldBeFalse();
        cloud.Driver.PortsOf(id).Count.ShouldBe(1);
        (await user.Delete($"{Servers}/{id}/os-interface/{given.Id}")).Is(404);
        (await user.Get($"{Servers}/{id}/os-interface/{given.Id}")).Is(404);
    }

    [Fact]
    public async Task Attach_PortRefused_LeavesTheServerAsItWas()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        var id = await cloud.ActiveAsync(user, "none");
        await cloud.DrainAsync();
        cloud.Neutron.OnCreate = port => { if (port.DeviceId == id) { throw new Kernel.Errors.ConflictError("No more IP addresses available"); } };
        (await user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { net_id = network.Id } })).Is(400)["badRequest"]["message"]!.ToString().ShouldContain("No more IP addresses");
        cloud.Neutron.OnCreate = null;
        (await cloud.StatusAsync(user, id, "ACTIVE"))["addresses"]!.AsObject().Count.ShouldBe(0);
    }

    [Fact]
    public async Task Attach_ServerDeletedMeanwhile_SaysSo()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        var id = await cloud.ActiveAsync(user, "none");
        await cloud.DrainAsync();
        cloud.Knobs.StepByHand = true;
        var attaching = user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { net_id = network.Id } });
        try
        {
            await TestCloud.Until(() => Task.FromResult(cloud.Knobs.Waiting), w => w.Any(c => c.EndsWith(id, StringComparison.Ordinal)), "the card to be on its way");
            (await user.Delete($"{Servers}/{id}")).Is(204);
        }
        finally { cloud.Knobs.StepByHand = false; }
        var answer = await attaching;
        answer.Status.ShouldBeOneOf(404, 409);
        answer.Text.ShouldNotContain("Aborted");
        await cloud.GoneAsync(user, id);
        cloud.Neutron.Ports.Values.ShouldNotContain(p => p.DeviceId == id);
    }

    [Theory]
    [InlineData("SHUTOFF", "bound")]
    [InlineData("ACTIVE", "bound")]
    [InlineData("ACTIVE", "on its way")]
    public async Task Attach_PortDeletedMeanwhile_Is404AndLeavesTheServerAsItWas(string status, string when)
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        var id = await cloud.ActiveAsync(user, "none");
        await cloud.DrainAsync();
        if (status == "SHUTOFF")
        {
            (await ServerCloud.Act(user, id, """{"os-stop":null}""")).Is(202);
            await cloud.StatusAsync(user, id, status);
        }
        var port = cloud.Neutron.AddPort(user.ProjectId, network).Id;
        if (when == "bound") { cloud.Neutron.OnBound = bound => { if (bound == port) { cloud.Neutron.Ports.TryRemove(port, out _); } }; }
        else { cloud.Knobs.StepByHand = true; }
        TestReply answer;
        try
        {
            var attaching = user.Post($"{Servers}/{id}/os-interface", new { interfaceAttachment = new { port_id = port } });
            if (when != "bound")
            {
                await TestCloud.Until(() => Task.FromResult(cloud.Knobs.Waiting), w => w.Any(c => c.EndsWith(id, StringComparison.Ordinal)), "the card to be on its way");
                cloud.Neutron.Ports.TryRemove(port, out _);
                await cloud.Get<IServerEvents>().PortDeletedAsync(id, port, default);
                cloud.Knobs.StepByHand = false;
            }
            answer = await attaching;
        }
        finally
        {
            cloud.Knobs.StepByHand = false;
            cloud.Neutron.OnBound = null;
        }
        answer.Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Port id {port} could not be found.");
        (await cloud.StatusAsync(user, id, status))["addresses"]!.AsObject().Count.ShouldBe(0);
        (await cloud.Get<Kernel.Store.Store<NovaDb>>().ReadAsync(db => Task.FromResult(db.Servers.Single(s => s.Id == id).Nics))).ShouldBeEmpty();
        cloud.Driver.PortsOf(id).ShouldBeEmpty();
        if (status == "SHUTOFF") { (await ServerCloud.Act(user, id, """{"os-start":null}""")).Is(202); }
        await cloud.StatusAsync(user, id, "ACTIVE");
    }

    [Fact]
    public async Task AttachSaga_KilledAndFailedEverywhere_DoesAllOrNothing()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        var server = await cloud.ActiveAsync(user, "none");
        await cloud.DrainAsync();
        var saga = cloud.Get<Nova.ServerNetworks.AttachInterfaceSaga>();
        var engine = cloud.Get<Kernel.Sagas.SagaEngine<NovaDb>>();
        await new SagaKit<NovaDb>(cloud).RunAsync(["port", "card", "plugged", "end"],
            async () =>
            {
                var nic = new ServerNic(Kernel.Ids.NewId.Uuid(), network.Id, false);
                var context = Kernel.Auth.RequestContext.ForService("test", DateTime.UnixEpoch);
                await cloud.Get<Kernel.Store.Store<NovaDb>>().WriteAsync(db => engine.StartAsync(db, saga, new Nova.ServerNetworks.ChangeInterface(server, nic), Server.ResourceOf(server), context));
                return nic.PortId;
            },
            port =>
            {
                cloud.Driver.PortsOf(server).ShouldContain(port);
                cloud.Neutron.Ports[port].DeviceId.ShouldBe(server);
                return Task.CompletedTask;
            },
            port =>
            {
                cloud.Driver.PortsOf(server).ShouldNotContain(port);
                cloud.Neutron.Ports.ContainsKey(port).ShouldBeFalse();
                return Task.CompletedTask;
            });
    }

    [Fact]
    public async Task FloatingIp_Told_IsShownAtOnce()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        var id = await cloud.ActiveAsync(user, new[] { new { uuid = network.Id } });
        var port = cloud.Neutron.Ports.Values.Single(p => p.DeviceId == id);
        cloud.Neutron.SetFloating(port.Id, "172.24.4.7");
        await cloud.Get<IServerEvents>().NetworkChangedAsync([id, "unknown"], default);
        var addresses = (await user.Get($"{Servers}/{id}")).Is(200)["server"]["addresses"]!["net"]!.AsArray();
        addresses[1]!["addr"]!.ToString().ShouldBe("172.24.4.7");
        addresses[1]!["OS-EXT-IPS:type"]!.ToString().ShouldBe("floating");
        (await user.Get($"{Servers}/{id}/ips")).Is(200)["addresses"]["net"]!.AsArray().Count.ShouldBe(2);
        (await user.Get($"{Servers}/{id}/ips/net")).Is(200)["net"].AsArray()[0]!.AsObject().Count.ShouldBe(2);
        (await user.Get($"{Servers}/{id}/ips/nope")).Is(404);
        await cloud.Get<IServerEvents>().PortDeletedAsync(id, port.Id, default);
        (await user.Get($"{Servers}/{id}")).Is(200)["server"]["addresses"]!.AsObject().Count.ShouldBe(0);
    }

    [Fact]
    public async Task SecurityGroups_AddedAndRemoved()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        cloud.Neutron.AddGroup(user.ProjectId, "web");
        var id = await cloud.ActiveAsync(user, new[] { new { uuid = network.Id } });
        (await ServerCloud.Act(user, id, new { addSecurityGroup = new { name = "web" } })).Is(202);
        (await user.Get($"{Servers}/{id}/os-security-groups")).Is(200)["security_groups"].AsArray().Select(g => g!["name"]!.ToString()).Order().ShouldBe(["default", "web"]);
        (await user.Get($"{Servers}/{id}")).Is(200)["server"]["security_groups"]!.AsArray().Count.ShouldBe(2);
        (await ServerCloud.Act(user, id, new { removeSecurityGroup = new { name = "default" } })).Is(202);
        (await ServerCloud.Act(user, id, new { removeSecurityGroup = new { name = "default" } })).Is(404);
        (await ServerCloud.Act(user, id, new { addSecurityGroup = new { name = "nope" } })).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Security group nope is not found for project {user.ProjectId}");
    }

    [Fact]
    public async Task Metadata_ByAddress_IsTheServersTree()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        (await user.Post("/compute/v2.1/os-keypairs", new { keypair = new { name = "k" } })).Is(200);
        var id = await cloud.ActiveAsync(user, new[] { new { uuid = network.Id } }, "Meta host", new { key_name = "k", user_data = Convert.ToBase64String("#!/bin/sh\n"u8), metadata = new { role = "web" }, config_drive = true });
        var port = cloud.Neutron.Ports.Values.Single(p => p.DeviceId == id);
        (await cloud.Get<IInstanceMetadata>().FindAsync(network.Id, "10.99.99.99", default)).ShouldBeNull();
        var tree = (await cloud.Get<IInstanceMetadata>().FindAsync(network.Id, port.FixedIps[0].Ip, default))!;
        string Text(string path) => System.Text.Encoding.UTF8.GetString(tree.Files[path]);
        var meta = System.Text.Json.Nodes.JsonNode.Parse(Text("openstack/latest/meta_data.json"))!;
        meta["uuid"]!.ToString().ShouldBe(id);
        meta["hostname"]!.ToString().ShouldBe("meta-host");
        meta["meta"]!["role"]!.ToString().ShouldBe("web");
        meta["public_keys"]!["k"]!.ToString().ShouldStartWith("ssh-rsa ");
        Text("latest/meta-data/local-ipv4").ShouldBe(port.FixedIps[0].Ip);
        Text("latest/meta-data/public-keys/0/openssh-key").ShouldStartWith("ssh-rsa ");
        Text("2009-04-04/meta-data/placement/availability-zone").ShouldBe("nova");
        Text("latest/user-data").ShouldBe("#!/bin/sh\n");
        Text("openstack/2012-08-10/user_data").ShouldBe("#!/bin/sh\n");
        tree.Files.Keys.ShouldNotContain("1.0/meta-data/placement/availability-zone");
        var links = System.Text.Json.Nodes.JsonNode.Parse(Text("openstack/latest/network_data.json"))!;
        links["networks"]![0]!["type"]!.ToString().ShouldBe("ipv4_dhcp");
        links["services"]![0]!["address"]!.ToString().ShouldBe("9.9.9.9");
        var drive = (await cloud.Get<IGuestFeed>().GetTreeAsync("host1", id, default))!;
        drive.Files.Keys.ShouldContain("ec2/latest/meta-data.json");
        (await cloud.Get<IGuestFeed>().GetTreeAsync("other", id, default)).ShouldBeNull();
        (await cloud.Get<IGuestFeed>().OpenImageAsync("host1", cloud.Image, default)).ShouldNotBeNull();
        (await cloud.Get<IGuestFeed>().OpenImageAsync("other", cloud.Image, default)).ShouldBeNull();
    }

    [Theory]
    [InlineData("", "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f")]
    [InlineData("abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7")]
    public void Sha224_KnownAnswers(string text, string hash) => Sha224.Hex(System.Text.Encoding.ASCII.GetBytes(text)).ShouldBe(hash);
}
