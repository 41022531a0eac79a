using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

/// <summary>DHCP and metadata asked by real clients.</summary>
[Trait("Category", "Live")]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ServersLiveTests : IAsyncLifetime
{
    private readonly FixedMetadata _metadata = new();
    private NetworkLab _lab = null!;
    private LinuxBridgeDriver _driver = null!;

    public async Task InitializeAsync()
    {
        _lab = await NetworkLab.CreateAsync();
        _driver = _lab.Driver(new NamespaceServers(_metadata, TimeProvider.System, NullLoggerFactory.Instance));
        await _driver.PrepareAsync(default);
    }

    public async Task DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Guest_GetsItsLeaseAndMetadata_AndNobodyElses()
    {
        var network = Records.Network();
        var group = Records.Group(Records.AllowAllOut);
        var port = Records.Port(network, 11, group.Id);
        var other = Records.Port(network, 12, group.Id);
        await _driver.ApplyNetworkAsync(Records.State(network, [port, other], group), default);
        var guest = await _lab.AddGuestAsync(port, addresses: false);
        await _driver.PlugAsync(network, port, TapNames.Of(port.Id), default);

        var lease = await AskAsync(guest);
        lease["ip"].ShouldBe("10.7.0.11");
        lease["mask"].ShouldBe("24");
        lease["router"].ShouldBe("10.7.0.1");
        lease["dns"].ShouldBe("9.9.9.9");
        lease["mtu"].ShouldBe("1450");
        lease["hostname"].ShouldBe("host-11");
        lease["lease"].ShouldBe("86400");
        lease["serverid"].ShouldBe("10.7.0.2");
        lease["staticroutes"].ShouldBe("169.254.169.254/32 10.7.0.2 0.0.0.0/0 10.7.0.1");

        await _lab.IpAsync(guest, "address add 10.7.0.11/24 dev eth0\nroute add 169.254.169.254/32 via 10.7.0.2\n");
        _metadata.Trees[(network.Id, "10.7.0.11")] = new InstanceTree("one", new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["openstack/latest/meta_data.json"] = "{\"uuid\":\"one\"}"u8.ToArray(),
            ["latest/meta-data/instance-id"] = "i-00000001"u8.ToArray(),
            ["latest/meta-data/public-keys/0/openssh-key"] = "ssh-rsa A"u8.ToArray(),
            ["latest/meta-data/public-keys/0/_name"] = "k"u8.ToArray(),
        });
        (await CurlAsync(guest, "openstack/latest/meta_data.json")).ShouldBe("{\"uuid\":\"one\"} 200 application/json");
        (await CurlAsync(guest, "latest/meta-data/")).ShouldBe("instance-id\npublic-keys/ 200 text/plain; charset=utf-8");
        (await CurlAsync(guest, "latest/meta-data/public-keys/")).ShouldBe("0=k 200 text/plain; charset=utf-8");
        (await CurlAsync(guest, "openstack")).ShouldBe("latest 200 text/plain; charset=utf-8");
        (await CurlAsync(guest, "nothing")).ShouldContain(" 404 ");
        (await _lab.RunAsync(guest, "curl", "-sI", "-m", "5", "http://169.254.169.254/latest/meta-data/instance-id")).Output.ShouldContain("Content-Length: 10");
        (await _lab.RunAsync(guest, "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "http://169.254.169.254/")).Output.ShouldBe("405");

        // The network's own resolver knows its ports.
        (await _lab.RunAsync(guest, "busybox", "nslookup", "host-12", "10.7.0.2")).Output.ShouldContain("10.7.0.12");

        // The lease follows the port at once.
        var moved = port with { Addresses = [new PortAddress(network.Subnets[0].Id, "10.7.0.99", 24)] };
        await _driver.ApplyNetworkAsync(Records.State(network, [moved, other], group), default);
        (await AskAsync(guest))["ip"].ShouldBe("10.7.0.99");
        // And a port that is gone gets nothing.
        await _driver.ApplyNetworkAsync(Records.State(network, [other], group), default);
        (await AskAsync(guest)).ShouldBeEmpty();
    }

    [Fact]
    public async Task GuestWithoutDhcp_GetsMetadataThroughItsRouter()
    {
        var network = Records.Network(dhcp: false);
        var group = Records.Group(Records.AllowAllOut);
        var port = Records.Port(network, 11, group.Id);
        await _driver.ApplyNetworkAsync(Records.State(network, [port], group), default);
        var router = Records.Router(null, null, [], network);
        await _driver.ApplyRouterAsync(router, default);
        var guest = await _lab.AddGuestAsync(port, "10.7.0.1");
        await _driver.PlugAsync(network, port, TapNames.Of(port.Id), default);
        _metadata.Trees[(network.Id, "10.7.0.11")] = new InstanceTree("one", new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["latest/meta-data/instance-id"] = "i-2"u8.ToArray() });
        (await CurlAsync(guest, "latest/meta-data/instance-id")).ShouldStartWith("i-2 200");
        await _driver.ApplyRouterAsync(router, default);
        await _driver.RemoveRouterAsync(router.Router.Id, default);
        await _driver.ApplyRouterAsync(router, default);
        (await CurlAsync(guest, "latest/meta-data/instance-id")).ShouldStartWith("i-2 200");
    }

    private async Task<string> CurlAsync(Netns guest, string path) =>
        (await _lab.RunAsync(guest, "curl", "-s", "-m", "5", "-w", " %{http_code} %{content_type}", "http://169.254.169.254/" + path)).Output;

    /// <summary>What udhcpc's script is told on <c>bound</c>; empty when nobody answered.</summary>
    private async Task<Dictionary<string, string>> AskAsync(Netns guest)
    {
        Directory.CreateDirectory(_lab.Options.StateDirectory);
        var script = Path.Combine(_lab.Options.StateDirectory, "udhcpc");
        await File.WriteAllTextAsync(script, "#!/bin/sh\n[ \"$1\" = bound ] && env\nexit 0\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var result = await _lab.RunAsync(guest, "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "2", "-T", "1", "-s", script,
            "-O", "mtu", "-O", "hostname", "-O", "staticroutes", "-O", "dns");
        return result.Output.Split('\n').Select(static l => l.Split('=', 2)).Where(static p => p.Length == 2).DistinctBy(static p => p[0]).ToDictionary(static p => p[0], static p => p[1], StringComparer.Ordinal) is var found
            && found.ContainsKey("ip") ? found : [];
    }

    private sealed class FixedMetadata : IInstanceMetadata
    {
        public Dictionary<(string Network, string Address), InstanceTree> Trees { get; } = [];

        public Task<InstanceTree?> FindAsync(string networkId, string ipAddress, CancellationToken cancel) => Task.FromResult(Trees.GetValueOrDefault((networkId, ipAddress)));

        public Task<PasswordOutcome> SetPasswordAsync(string networkId, string ipAddress, string password, CancellationToken cancel) =>
            Task.FromResult(Passwords.TryAdd((networkId, ipAddress), password) ? PasswordOutcome.Kept : PasswordOutcome.Exists);

        public Dictionary<(string Network, string Address), string> Passwords { get; } = [];
    }
}
