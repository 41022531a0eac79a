using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Nephos.Nova.Servers;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Servers;

/// <summary>
/// Every answer that shows servers in full, to the letter: what each version and each viewer sees. Pinned in <c>ServerViews.txt</c>, in which ids, times, addresses and
/// host ids are replaced by words.
/// </summary>
public sealed partial class ServerViewTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Servers = "/compute/v2.1/servers";
    private const string Pinned = "tests/Nova.Tests/Servers/ServerViews.txt";

    /// <summary>The first, the last, and each in which a server's view changes, with the one before.</summary>
    private static readonly string[] Versions =
    [
        "2.1", "2.2", "2.3", "2.8", "2.9", "2.15", "2.16", "2.18", "2.19", "2.25", "2.26", "2.46", "2.47", "2.62", "2.63", "2.70", "2.71", "2.72", "2.73", "2.74", "2.75", "2.89", "2.90", "2.95", "2.96",
        "2.97", "2.98", "2.99", "2.100", "2.102",
    ];

    [Fact]
    public async Task Views_OfEachVersionAndViewer_AreAsPinned()
    {
        var owner = cloud.NewUser("member");
        var admin = cloud.NewUser("admin", owner.ProjectId);
        var image = cloud.Glance.Add(properties: new() { ["hw_disk_bus"] = "virtio", ["mine"] = "x" });
        var full = await FullAsync(owner, admin, image);
        var failed = await FailedAsync(owner);
        var bare = await cloud.ActiveAsync(owner, "none", "bare");
        await cloud.DrainAsync();
        var rows = await cloud.Get<Kernel.Store.Store<NovaDb>>().ReadAsync(db => Task.FromResult(db.Servers.Where(s => s.ProjectId == owner.ProjectId).ToList()));
        var words = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [owner.ProjectId] = "PROJECT", [owner.UserId] = "OWNER", [admin.UserId] = "ADMIN", [image] = "IMAGE", [cloud.Image] = "PLAIN-IMAGE", [full] = "FULL", [failed] = "FAILED", [bare] = "BARE",
        };
        foreach (var row in rows)
        {
            (words[row.ReservationId], words[row.InstanceName]) = ("RESERVATION", "INSTANCE");
            words[Server.HostId(row.Host, row.ProjectId) is { Length: > 0 } host ? host : "-no host-"] = "HOST-ID";
            foreach (var vif in row.Network) { words[vif.Mac] = "MAC"; foreach (var ip in vif.Ips) { words[ip.Address] = "ADDRESS"; } }
        }
        var text = new StringBuilder();
        foreach (var version in Versions)
        {
            foreach (var (who, user) in new[] { ("owner", owner), ("admin", admin) })
            {
                var at = user.At("compute " + version);
                foreach (var id in new[] { full, failed, bare }) { Add(await at.Get($"{Servers}/{id}")); }
                Add(await at.Get($"{Servers}/detail?sort_key=display_name&sort_dir=asc&limit=3"));
                Add(await at.Put($"{Servers}/{bare}", new { server = new { name = "bare" } }));
                Add(await at.Get($"{Servers}?sort_key=display_name&sort_dir=asc"));

                void Add(TestReply reply)
                {
                    var said = words.Aggregate(reply.Is(200).Text, (line, word) => line.Replace(word.Key, word.Value, StringComparison.Ordinal));
                    text.Append(version).Append(' ').Append(who).Append(' ').Append(Time().Replace(said, "TIME")).Append('\n');
                }
            }
        }
        Repository.ShouldHold(Pinned, text.ToString());
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z?")]
    private static partial Regex Time();

    /// <summary>A server with something in every member.</summary>
    private async Task<string> FullAsync(TestUser owner, TestUser admin, string image)
    {
        var network = cloud.Neutron.AddNetwork(owner.ProjectId, name: "blå \"net\"");
        var id = await cloud.ActiveAsync(owner, new[] { new { uuid = network.Id } }, "a full <one> & more", new
        {
            imageRef = image,
            description = "Grüße, \"Welt\" \\ 漢字",
            metadata = new Dictionary<string, string> { ["key"] = "vä<l>ue", ["b"] = "2" },
            tags = new[] { "red", "blue" },
            user_data = Convert.ToBase64String("#!/bin/sh"u8),
            availability_zone = "nova",
            accessIPv4 = "192.0.2.7",
            accessIPv6 = "2001:db8::7",
            config_drive = true,
        });
        await cloud.Get<Kernel.Store.Store<NovaDb>>().WriteAsync(db =>
        {
            // What calls of other services and of later times would make of it.
            var server = db.Servers.Single(s => s.Id == id);
            server.SchedulerHints = """{"group": "g", "more": [1, 2.0, null]}""";
            server.TrustedCertificates = ["c1", "c2"];
            server.KeyName = "clé";
            server.Flavor = server.Flavor with { ExtraSpecs = new() { ["hw:cpu_policy"] = "shared", ["é"] = "<" } };
            server.Network = [server.Network[0] with { Ips = [server.Network[0].Ips[0] with { Floating = ["172.24.4.9"] }], SecurityGroups = ["default", "wéb"] }];
            db.Servers.Update(server);
            return Task.CompletedTask;
        });
        (await ServerCloud.Act(admin.At("compute 2.73"), id, new { @lock = new { locked_reason = "for \"now\"" } })).Is(202);
        return id;
    }

    /// <summary>A server whose build failed.</summary>
    private async Task<string> FailedAsync(TestUser owner)
    {
        cloud.Knobs.Fail = (_, name, _) => name == "Start";
        try
        {
            var id = await cloud.CreateAsync(owner, "none", "failed");
            await cloud.StatusAsync(owner, id, "ERROR");
            return id;
        }
        finally { cloud.Knobs.Fail = null; }
    }
}
