using System.Globalization;
using System.Text.Json;
using Nephos.Kernel.Ids;
using Nephos.Testing;
using Shouldly;

namespace Nephos.Conformance.Tests;

/// <summary>
/// What the sweep asks for: one row of each kind, owned by project A and its user where it has an owner. Made when first needed, and made anew once a persona was let through to change it, so that
/// each persona meets the same. A new kind goes into <see cref="Kinds"/> and <see cref="Make"/>; a path segment without one gets an id that nobody has.
/// </summary>
internal sealed class AccessRows(TestUser admin, TestUser owner)
{
    public const string Nobody = "6e5f1b5e-0c5e-4e59-8f0a-0c8ad0a0b001";

    /// <summary>By service and the path segment before the id.</summary>
    private static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["keystone users"] = "user",
        ["keystone projects"] = "project",
        ["keystone domains"] = "domain",
        ["keystone groups"] = "group",
        ["keystone roles"] = "role",
        ["keystone regions"] = "region",
        ["keystone services"] = "service",
        ["glance images"] = "image",
        ["glance namespaces"] = "namespace",
        ["nova servers"] = "server",
        ["nova flavors"] = "flavor",
        ["nova os-keypairs"] = "keypair",
        ["nova os-server-groups"] = "server-group",
        ["nova os-aggregates"] = "aggregate",
        ["nova os-quota-sets"] = "project",
        ["nova os-simple-tenant-usage"] = "project",
        ["nova os-security-groups"] = "security-group",
        ["neutron networks"] = "network",
        ["neutron network-ip-availabilities"] = "network",
        ["neutron subnets"] = "subnet",
        ["neutron ports"] = "port",
        ["neutron routers"] = "router",
        ["neutron floatingips"] = "floating-ip",
        ["neutron security-groups"] = "security-group",
        ["neutron security-group-rules"] = "security-group-rule",
        ["neutron quotas"] = "project",
        ["placement resource_providers"] = "provider",
        ["placement allocations"] = "server",
    };

    /// <summary>What belongs to project A or its user, and is nobody else's to see.</summary>
    private static readonly HashSet<string> PrivateKinds = new(StringComparer.Ordinal)
    {
        "user", "project", "group", "image", "namespace", "server", "keypair", "server-group", "network", "subnet", "port", "router", "floating-ip", "security-group", "security-group-rule",
    };

    private readonly Dictionary<string, string> _rows = new(StringComparer.Ordinal);
    private int _count;

    public static string? Kind(string service, string segment) => Kinds.GetValueOrDefault($"{service} {segment}");

    public static bool IsPrivate(string kind) => PrivateKinds.Contains(kind);

    /// <summary>Ids of private rows made so far.</summary>
    public IEnumerable<string> PrivateIds => _rows.Where(r => IsPrivate(r.Key)).Select(r => r.Value);

    /// <summary>The row's id. Who may delete gets a user or project that nobody needs.</summary>
    public async Task<string> IdAsync(string kind, bool toDelete)
    {
        var key = toDelete && (kind is "user" or "project") ? kind + " to delete" : kind;
        if (!_rows.TryGetValue(key, out var id)) { _rows[key] = id = await Make(key); }
        return id;
    }

    /// <summary>Something may have happened to rows of these kinds.</summary>
    public void Forget(IEnumerable<string> kinds)
    {
        foreach (var kind in kinds)
        {
            _rows.Remove(kind + " to delete");
            _rows.Remove(kind);
            if (kind == "network") { Forget(["subnet", "port"]); } // they are in it
        }
    }

    /// <summary>A text with <c>{kind}</c> for ids, <c>{A}</c> for the project, and <c>{n}</c> and <c>{o}</c> for a number that was not there before.</summary>
    public async Task<string> FillAsync(string text)
    {
        text = text.Replace("{n}", Next(), StringComparison.Ordinal).Replace("{o}", (_count % 200 + 10).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("{A}", owner.ProjectId, StringComparison.Ordinal);
        foreach (var kind in new[] { "network", "subnet", "image", "flavor", "other-flavor", "public", "security-group", "role", "service", "server", "port", "user" })
        {
            if (text.Contains("{" + kind + "}", StringComparison.Ordinal)) { text = text.Replace("{" + kind + "}", await IdAsync(kind, toDelete: false), StringComparison.Ordinal); }
        }
        return text;
    }

    private string Next() => $"{NewId.Hex()[..6]}{(_count++).ToString(CultureInfo.InvariantCulture)}";

    private async Task<string> Make(string kind)
    {
        const string Net = "/networking/v2.0/", Id = "/identity/v3/", Compute = "/compute/v2.1/";
        switch (kind)
        {
            case "user": return owner.UserId;
            case "project": return owner.ProjectId;
            case "user to delete": return await Post(admin, Id + "users", "user", new { name = "u" + Next() });
            case "project to delete": return await Post(admin, Id + "projects", "project", new { name = "p" + Next() });
            case "domain": return await Post(admin, Id + "domains", "domain", new { name = "d" + Next() });
            case "group": return await Post(admin, Id + "groups", "group", new { name = "g" + Next() });
            case "role": return await Post(admin, Id + "roles", "role", new { name = "r" + Next() });
            case "region": return await Post(admin, Id + "regions", "region", new { description = "" });
            case "service": return await Post(admin, Id + "services", "service", new { type = "t" + Next(), name = "s" });
            case "image":
                var image = (await owner.Post("/image/v2/images", new { name = "i", disk_format = "raw", container_format = "bare" })).Is(201)["id"]!.ToString();
                using (var bytes = new ByteArrayContent(new byte[512]))
                {
                    bytes.Headers.ContentType = new("application/octet-stream");
                    (await owner.Put($"/image/v2/images/{image}/file", bytes)).Is(204);
                }
                return image;
            case "namespace":
                var name = "N" + Next();
                (await admin.Post("/image/v2/metadefs/namespaces", new { @namespace = name, visibility = "private", owner = owner.ProjectId })).Is(201);
                return name;
            case "flavor": return await Post(admin, Compute + "flavors", "flavor", new { name = "f" + Next(), ram = 64, vcpus = 1, disk = 1 });
            case "other-flavor": return await Post(admin, Compute + "flavors", "flavor", new { name = "f" + Next(), ram = 128, vcpus = 1, disk = 1 });
            case "keypair":
                var key = "k" + Next();
                (await owner.Post(Compute + "os-keypairs", new { keypair = new { name = key } })).Is(200);
                return key;
            case "server-group": return await Post(owner, Compute + "os-server-groups", "server_group", new { name = "g", policies = new[] { "affinity" } });
            case "aggregate": return await Post(admin, Compute + "os-aggregates", "aggregate", new { name = "a" + Next() });
            case "server":
                await IdAsync("subnet", toDelete: false);
                var server = await Post(owner, Compute + "servers", "server", await FillAsync("""{"name":"s","imageRef":"{image}","flavorRef":"{flavor}","networks":[{"uuid":"{network}"}]}"""));
                await TestCloud.Until(async () => (await owner.Get(Compute + "servers/" + server)).Is(200)["server"]["status"]!.ToString(), s => s == "ACTIVE", "the server to be active");
                return server;
            case "network": return await Post(owner, Net + "networks", "network", new { name = "n" });
            case "subnet": return await Post(owner, Net + "subnets", "subnet", await FillAsync("""{"network_id":"{network}","cidr":"10.{o}.0.0/24","ip_version":4}"""));
            case "port": return await Post(owner, Net + "ports", "port", await FillAsync("""{"network_id":"{network}"}"""));
            case "router": return await Post(owner, Net + "routers", "router", new { name = "r" });
            case "public": return (await admin.Get(Net + "networks?router:external=true")).Is(200)["networks"][0]!["id"]!.ToString();
            case "floating-ip": return await Post(owner, Net + "floatingips", "floatingip", await FillAsync("""{"floating_network_id":"{public}"}"""));
            case "security-group": return await Post(owner, Net + "security-groups", "security_group", new { name = "g" });
            case "security-group-rule": return await Post(owner, Net + "security-group-rules", "security_group_rule", await FillAsync("""{"security_group_id":"{security-group}","direction":"ingress"}"""));
            case "provider": return (await admin.At("placement 1.39").Post("/placement/resource_providers", new { name = "rp" + Next() })).Is(200)["uuid"]!.ToString();
            default: throw new InvalidOperationException($"no row of kind {kind} is known");
        }
    }

    private static async Task<string> Post(TestUser who, string path, string member, object body)
    {
        var inner = body is string json ? json : JsonSerializer.Serialize(body);
        var reply = await who.Post(path, $"{{\"{member}\":{inner}}}");
        reply.Status.ShouldBeInRange(200, 202, $"POST {path}: {reply}");
        return reply[member]["id"]!.ToString();
    }
}
