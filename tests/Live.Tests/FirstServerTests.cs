using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>docs/first-server.md, as it stands there, with the unmodified client of the distribution.</summary>
[Trait("Category", "Live")]
[Collection("live cloud")]
public sealed class FirstServerTests
{
    private const string UserData = """
        #!/bin/sh
        echo "user data ran on $(hostname)" > /tmp/user-data-was-here
        """;

    [Fact]
    public async Task FirstServer_AsInTheDocument_WorksAndLeavesNothing()
    {
        await using var cloud = await LiveCloud.StartAsync(8711);
        var admin = cloud.Admin;
        var before = await cloud.TracesAsync();

        (await cloud.Run("openstack token issue -f value -c id", admin)).ShouldStartWith("gAAAA");
        (await cloud.Run("openstack catalog list -f value -c Type", admin)).Split('\n').Order().ShouldBe(["compute", "identity", "image", "network", "placement"]);
        (await cloud.Run("openstack flavor list -f value -c Name", admin)).ShouldContain("m1.tiny");
        (await cloud.Run("openstack image list -f value -c Name -c Status", admin)).ShouldBe("guest active");
        var dora = await NewUser(cloud, "demo", "dora");
        var emil = await NewUser(cloud, "other", "emil");

        var one = await Build(cloud, dora, "one");
        // The same range in a second project, at the same time.
        var two = await Build(cloud, emil, "two");

        // Inside the first guest: its name, its user data, its metadata, its neighbour, the outside.
        (await one.Ssh("hostname")).ShouldBe("one");
        (await LiveCloud.Eventually(() => one.Ssh("cat /tmp/user-data-was-here"), 30, "user data")).ShouldBe("user data ran on one");
        (await one.Ssh("curl -s http://169.254.169.254/latest/meta-data/local-ipv4")).ShouldBe(one.FixedIp);
        (await one.Ssh("curl -s http://169.254.169.254/openstack/latest/meta_data.json")).Replace(" ", "", StringComparison.Ordinal).ShouldContain("\"name\":\"one\"");
        (await one.Ssh("cat /etc/resolv.conf")).ShouldContain("9.9.9.9");
        await LiveCloud.Eventually(() => one.Ssh($"ping -c 1 -W 2 {one.PairIp}"), 60, "the neighbour");
        await one.Ssh($"ping -c 1 -W 2 {LiveCloud.OutsideAddress}");

        // The second project has the same addresses and cannot be reached: each sees its own.
        two.FixedIp[..5].ShouldBe(one.FixedIp[..5]);
        (await two.Ssh("hostname")).ShouldBe("two");
        (await cloud.Run("openstack server list -f value -c Name", emil)).Split('\n').Order().ShouldBe(["pair-1", "pair-2", "two"]);
        await cloud.Run($"openstack server show {one.Id}", emil, wanted: 1);

        await Lifecycle(cloud, dora, one);
        await RuleRemoved(cloud, dora, one);

        await Tear(cloud, dora, one);
        await Tear(cloud, emil, two);
        (await LiveCloud.Eventually(async () =>
        {
            var after = await cloud.TracesAsync();
            after.ShouldBe(before);
            return after;
        }, 30, "nothing to be left")).ShouldBe(before);
        (await cloud.Run("openstack port list -f value -c ID", admin)).ShouldBe("");
        (await cloud.Run("openstack resource provider list -f value -c uuid", admin)).ShouldNotBeEmpty();
        var provider = await cloud.Run("openstack resource provider list -f value -c uuid", admin);
        (await cloud.Run($"openstack resource provider usage show {provider} -f value -c usage", admin)).Split('\n').ShouldAllBe(u => u == "0");
    }

    private sealed record Guest(LiveCloud Cloud, string Id, string Key, string FloatingIp, string FixedIp, string PairIp)
    {
        public Task<string> Ssh(string command) => Cloud.Ssh(Key, FloatingIp, command);
    }

    private static async Task<Dictionary<string, string>> NewUser(LiveCloud cloud, string project, string user)
    {
        await cloud.Run($"openstack project create {project}", cloud.Admin);
        await cloud.Run($"openstack user create --project {project} --password x {user}", cloud.Admin);
        await cloud.Run($"openstack role add --project {project} --user {user} member", cloud.Admin);
        return cloud.UserEnvironment(user, "x", project);
    }

    private static async Task<Guest> Build(LiveCloud cloud, Dictionary<string, string> user, string name)
    {
        var script = Path.Combine(cloud.State, name + ".sh");
        var key = Path.Combine(cloud.State, name + ".pem");
        await File.WriteAllTextAsync(script, UserData);
        await cloud.Run("openstack network create blue", user);
        await cloud.Run("openstack subnet create --network blue --subnet-range 10.7.0.0/24 --dns-nameserver 9.9.9.9 blue4", user);
        await cloud.Run("openstack router create r", user);
        await cloud.Run("openstack router set --external-gateway public r", user);
        await cloud.Run("openstack router add subnet r blue4", user);
        await cloud.Run("openstack security group rule create --proto tcp --dst-port 22 default", user);
        await cloud.Run("openstack security group rule create --proto icmp default", user);
        await File.WriteAllTextAsync(key, await cloud.Run("openstack keypair create k", user) + "\n");
        if (!OperatingSystem.IsWindows()) { File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite); }
        await cloud.Run($"openstack server create --image guest --flavor m1.tiny --network blue --key-name k --user-data {script} --wait {name}", user);
        await cloud.Run("openstack server create --image guest --flavor m1.tiny --network blue --min 2 --max 2 --wait pair", user);
        (await cloud.Run("openstack server list -f value -c Status", user)).Split('\n').ShouldBe(["ACTIVE", "ACTIVE", "ACTIVE"]);
        var address = await cloud.Run("openstack floating ip create public -f value -c floating_ip_address", user);
        await cloud.Run($"openstack server add floating ip {name} {address}", user);
        var guest = new Guest(cloud, await cloud.Run($"openstack server show {name} -f value -c id", user), key, address, await FixedIp(cloud, user, name), await FixedIp(cloud, user, "pair-1"));
        await LiveCloud.Eventually(() => guest.Ssh("true"), 120, $"ssh into {name} at {address}");
        return guest;
    }

    private static async Task<string> FixedIp(LiveCloud cloud, Dictionary<string, string> user, string server) =>
        await cloud.Run($"openstack port list --server {server} -f value -c fixed_ips", user) is var text && text.Split("'ip_address': '") is [_, var rest, ..]
            ? rest.Split('\'')[0] : throw new InvalidOperationException($"no address in {text}");

    private static async Task Lifecycle(LiveCloud cloud, Dictionary<string, string> dora, Guest one)
    {
        (await cloud.Run("openstack console log show one", dora)).ShouldContain("ssh is up");
        foreach (var (command, status) in new[]
        {
            ("stop one", "SHUTOFF"), ("start one", "ACTIVE"), ("reboot --hard --wait one", "ACTIVE"), ("pause one", "PAUSED"), ("unpause one", "ACTIVE"), ("suspend one", "SUSPENDED"), ("resume one", "ACTIVE"),
        })
        {
            await cloud.Run("openstack server " + command, dora);
            await LiveCloud.Eventually(async () =>
            {
                var seen = await cloud.Run("openstack server show one -f value -c status", dora);
                seen.ShouldBe(status);
                return seen;
            }, 90, $"{status} after {command}");
        }
        await LiveCloud.Eventually(() => one.Ssh("true"), 120, "ssh after its ups and downs");
        var events = (await cloud.Run("openstack server event list one -f value -c Action", dora)).Split('\n');
        events.Order().ShouldBe(new[] { "create", "stop", "start", "reboot", "pause", "unpause", "suspend", "resume" }.Order());
    }

    private static async Task RuleRemoved(LiveCloud cloud, Dictionary<string, string> dora, Guest one)
    {
        var rules = await cloud.Run("openstack security group rule list default --protocol tcp -f value -c ID", dora);
        await cloud.Run($"openstack security group rule delete {rules.Split('\n')[0]}", dora);
        await LiveCloud.Eventually(async () =>
        {
            await cloud.Ssh(one.Key, one.FloatingIp, "true", wanted: 255);
            return true;
        }, 2, "new connections to be refused");
    }

    private static async Task Tear(LiveCloud cloud, Dictionary<string, string> user, Guest guest)
    {
        await cloud.Run($"openstack server delete --wait {guest.Id} pair-1 pair-2", user);
        await cloud.Run($"openstack floating ip delete {guest.FloatingIp}", user);
        await cloud.Run("openstack router remove subnet r blue4", user);
        await cloud.Run("openstack router unset --external-gateway r", user);
        await cloud.Run("openstack router delete r", user);
        await cloud.Run("openstack network delete blue", user);
    }
}

/// <summary>One cloud at a time: they share the machine.</summary>
[CollectionDefinition("live cloud", DisableParallelization = true)]
public sealed class LiveCloudCollection;
