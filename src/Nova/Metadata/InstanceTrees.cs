using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nephos.Contracts.Node;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.Metadata;

/// <summary>
/// What a guest can learn of itself, in OpenStack's and in EC2's words (<c>nova/api/metadata/base.py</c>). Two layouts of the same facts: the tree at
/// 169.254.169.254 and the files of the config drive. Nothing here is secret but the user data; the password is encrypted by the guest that posted it.
/// </summary>
internal sealed class InstanceTrees(TimeProvider clock)
{
    /// <summary>Versions of EC2's tree.</summary>
    private static readonly string[] Ec2Versions = ["1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04", "latest"];

    /// <summary>Versions of OpenStack's tree; one in the future is not listed.</summary>
    private static readonly string[] OpenStackVersions =
        ["2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06", "2017-02-22", "2018-08-27", "2020-10-14", "2025-04-04", "latest"];

    /// <summary>The tree of the metadata service.</summary>
    /// <param name="address">Who asks: the local address when the server shows none yet.</param>
    public InstanceTree ForService(Server server, string? address)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        AddOpenStack(files, server, password: true);
        foreach (var version in Ec2Versions)
        {
            foreach (var (name, value) in Ec2(server, version, address)) { files[$"{version}/meta-data/{name}"] = Text(value); }
            if (server.Key is { } key)
            {
                // The label of the directory, which is listed as 0=NAME.
                files[$"{version}/meta-data/public-keys/0/_name"] = Text(key.Name);
                files[$"{version}/meta-data/public-keys/0/openssh-key"] = Text(key.Data);
            }
            if (UserData(server) is { } data) { files[version + "/user-data"] = data; }
        }
        return new InstanceTree(server.Id, files);
    }

    /// <summary>The files of the config drive: OpenStack's as above, EC2's as one JSON document a version.</summary>
    public InstanceTree ForConfigDrive(Server server)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        AddOpenStack(files, server, password: false);
        foreach (var version in Ec2Versions)
        {
            var tree = new Dictionary<string, object>();
            foreach (var (name, value) in Ec2(server, version, null))
            {
                var slash = name.IndexOf('/', StringComparison.Ordinal);
                if (slash < 0) { tree[name] = name == "security-groups" ? value.Split('\n') : name == "ami-launch-index" ? server.LaunchIndex : value; continue; }
                if (!tree.TryGetValue(name[..slash], out var inner)) { tree[name[..slash]] = inner = new Dictionary<string, object>(); }
                ((Dictionary<string, object>)inner)[name[(slash + 1)..]] = value;
            }
            if (server.Key is { } key) { tree["public-keys"] = new Dictionary<string, object> { ["0"] = new Dictionary<string, string> { ["_name"] = "0=" + key.Name, ["openssh-key"] = key.Data } }; }
            files[$"ec2/{version}/meta-data.json"] = Json(tree);
            if (UserData(server) is { } data) { files[$"ec2/{version}/user-data"] = data; }
        }
        return new InstanceTree(server.Id, files);
    }

    private void AddOpenStack(SortedDictionary<string, byte[]> files, Server server, bool password)
    {
        var today = clock.Now().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var (userData, network) = (UserData(server), Json(NetworkData.Of(server.Network)));
        foreach (var version in OpenStackVersions.Where(v => string.CompareOrdinal(v, today) <= 0 || v == "latest"))
        {
            // "latest" sorts behind every date.
            bool Since(string date) => string.CompareOrdinal(version, date) >= 0;
            var root = "openstack/" + version;
            files[root + "/meta_data.json"] = Json(MetaData(server, Since));
            if (userData is not null) { files[root + "/user_data"] = userData; }
            if (password && Since("2013-04-04")) { files[root + "/password"] = Text(server.GuestPassword ?? ""); }
            if (Since("2013-10-17")) { files[root + "/vendor_data.json"] = Text("{}"); }
            if (Since("2015-10-15")) { files[root + "/network_data.json"] = network; }
            if (Since("2016-10-06")) { files[root + "/vendor_data2.json"] = Text("{\"static\": {}}"); }
        }
        for (var i = 0; i < (server.Files?.Count ?? 0); i++) { files[ContentPath(i)] = Convert.FromBase64String(server.Files![i].Contents); }
    }

    private static string ContentPath(int index) => string.Create(CultureInfo.InvariantCulture, $"openstack/content/{index:0000}");

    private static Dictionary<string, object?> MetaData(Server server, Func<string, bool> since)
    {
        var data = new Dictionary<string, object?> { ["uuid"] = server.Id };
        if (server.Metadata.Count > 0) { data["meta"] = server.Metadata; }
        if (server.Files is { Count: > 0 } injected) { data["files"] = injected.Select((f, i) => new { path = f.Path, content_path = ContentPath(i)["openstack".Length..] }).ToList(); }
        if (server.Key is { } key)
        {
            data["public_keys"] = new Dictionary<string, string> { [key.Name] = key.Data };
            data["keys"] = new[] { new { name = key.Name, type = key.Type, data = key.Data } };
        }
        data["hostname"] = server.Hostname;
        data["name"] = server.Name;
        data["launch_index"] = server.LaunchIndex;
        data["availability_zone"] = server.AvailabilityZone;
        if (since("2013-04-04")) { data["random_seed"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(512)); }
        if (since("2015-10-15")) { data["project_id"] = server.ProjectId; }
        if (since("2016-06-30")) { data["devices"] = Devices(server); }
        if (since("2020-10-14")) { data["dedicated_cpus"] = Array.Empty<int>(); }
        return data;
    }

    /// <summary>Devices with a tag: cards only, as there are no other devices to tag.</summary>
    private static List<object> Devices(Server server) =>
    [
        .. server.Nics.Where(n => n.Tag is not null).Select(n => (object)new
        {
            type = "nic",
            bus = "pci",
            address = "none",
            mac = server.Network.FirstOrDefault(v => v.PortId == n.PortId)?.Mac ?? "",
            tags = new[] { n.Tag },
            vf_trusted = false,
        }),
    ];

    private static IEnumerable<(string Name, string Value)> Ec2(Server server, string version, string? address)
    {
        // "1.0" sorts before every date, "latest" behind.
        bool Since(string date) => string.CompareOrdinal(version, date) >= 0;
        var local = server.Network.SelectMany(v => v.Ips).FirstOrDefault(i => i.Version == 4);
        var floating = server.Network.SelectMany(v => v.Ips).SelectMany(i => i.Floating).FirstOrDefault() ?? "";
        yield return ("ami-id", string.Create(CultureInfo.InvariantCulture, $"ami-{server.Number:x8}"));
        yield return ("ami-launch-index", server.LaunchIndex.ToString(CultureInfo.InvariantCulture));
        // Upstream's own value, which clients have seen for as long as there is Nova (nova/api/metadata/base.py).
        yield return ("ami-manifest-path", "FIXME");
        yield return ("hostname", server.Hostname);
        yield return ("instance-id", string.Create(CultureInfo.InvariantCulture, $"i-{server.Number:x8}"));
        yield return ("local-ipv4", local?.Address ?? address ?? "");
        yield return ("reservation-id", server.ReservationId);
        yield return ("security-groups", string.Join('\n', server.Network.SelectMany(v => v.SecurityGroups).Distinct(StringComparer.Ordinal)));
        if (Since("2007-01-19"))
        {
            yield return ("local-hostname", server.Hostname);
            yield return ("public-hostname", server.Hostname);
            yield return ("public-ipv4", floating);
        }
        if (Since("2007-08-29")) { yield return ("instance-type", server.Flavor.Name); }
        if (Since("2007-12-15"))
        {
            yield return ("block-device-mapping/ami", "vda");
            yield return ("block-device-mapping/root", "/dev/vda");
        }
        if (Since("2008-02-01")) { yield return ("placement/availability-zone", server.AvailabilityZone ?? ""); }
        if (Since("2008-09-01")) { yield return ("instance-action", "none"); }
    }

    private static byte[]? UserData(Server server) => server.UserData is { Length: > 0 } data ? Convert.FromBase64String(data) : null;
    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
    private static byte[] Json(object tree) => JsonSerializer.SerializeToUtf8Bytes(tree, tree.GetType(), WireJson.For(Kernel.Versions.ApiVersion.None));
}
