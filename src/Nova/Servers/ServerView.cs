using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Nova.Flavors;
using Nephos.Nova.ServerNetworks;

namespace Nephos.Nova.Servers;

/// <summary>What a create answers.</summary>
internal sealed record ServerCreated(string Id, IReadOnlyList<Link> Links, IReadOnlyList<NameView> SecurityGroups)
{
    [WireName("OS-DCF:diskConfig")] public required string DiskConfig { get; init; }
    [WireName("adminPass")] public required string AdminPass { get; init; }
}

/// <summary>What a viewer may see, found once for a whole list.</summary>
internal sealed record ServerSight(bool Attributes, bool HostStatus, bool FlavorSpecs, bool FaultDetails, IReadOnlyDictionary<string, string> HostStatuses)
{
    public const string AttributesPolicy = "os_compute_api:os-extended-server-attributes";
    public const string HostStatusPolicy = "os_compute_api:servers:show:host_status";
    public const string HostStatusUnknownPolicy = "os_compute_api:servers:show:host_status:unknown-only";
    public const string FlavorSpecsPolicy = "os_compute_api:servers:show:flavor-extra-specs";

    public static ServerSight Of(Call call, string? projectId, IReadOnlyDictionary<string, string> hostStatuses) => new(
        call.AllowsProject(AttributesPolicy, projectId), call.AllowsProject(HostStatusPolicy, projectId), call.AllowsProject(FlavorSpecsPolicy, projectId), call.Context.IsAdmin, hostStatuses);
}

/// <summary>How much of a server an update answers: before 2.75 not all.</summary>
internal enum ServerExtent { All, Basic }

/// <summary>What one answer shows of all its servers: the version it speaks, the addresses under which it was asked, what its viewer may see. Keeps what many servers have in common.</summary>
internal sealed class ServerViewer(Call call, ServerSight? sight = null, ServerExtent extent = ServerExtent.All)
{
    private readonly string _root = call.BaseUrl;
    private readonly Dictionary<(string Host, string Project), string> _hostIds = [];
    private (string Text, FlavorCopy Flavor)? _flavor;

    public ApiVersion Version => call.Version;
    public ServerSight Sight => sight!;
    public bool All => extent == ServerExtent.All;

    public string Self(string collection, string id) => $"{_root}/v2.1/{collection}/{id}";
    public string Bookmark(string collection, string id) => $"{_root}/{collection}/{id}";

    public string HostId(Server server)
    {
        var key = (server.Host ?? "", server.ProjectId);
        if (!_hostIds.TryGetValue(key, out var id)) { _hostIds[key] = id = Server.HostId(server.Host, server.ProjectId); }
        return id;
    }

    /// <summary>Most servers of a list have the flavor of the one before.</summary>
    public FlavorCopy Flavor(Server server)
    {
        var text = server.FlavorTree.Text;
        if (_flavor?.Text != text) { _flavor = (text, server.Flavor); }
        return _flavor!.Value.Flavor;
    }
}

/// <summary>A server with what its view needs beside the row.</summary>
internal sealed record ShownServer(Server Row, IReadOnlyList<string> Tags, ServerViewer Viewer)
{
    public string Status { get; } = Row.Status;

    /// <summary>Ids of its server groups for calls that show them; null in lists.</summary>
    public IReadOnlyList<string>? Groups { get; init; }
}

/// <summary>A server as answers show it (<c>views/servers.py</c>, show). Members without a value for this viewer or call are left out.</summary>
internal static class ServerView
{
    public static readonly WireView<ShownServer> Brief = new WireView<ShownServer>()
        .Text("id", s => s.Row.Id)
        .Text("name", s => s.Row.Name)
        .Json("links", WriteLinks);

    public static readonly WireView<ShownServer> Full = new WireView<ShownServer>()
        .Text("id", s => s.Row.Id)
        .Text("name", s => s.Row.Name)
        .Text("status", s => s.Status)
        .Text("tenant_id", s => s.Row.ProjectId)
        .Text("user_id", s => s.Row.UserId)
        .Json("metadata", (writer, s) => s.Row.MetadataTree.WriteTo(writer))
        .Text("hostId", s => s.Viewer.HostId(s.Row))
        .Json("image", WriteImage)
        .Json("flavor", WriteFlavor)
        .Seconds("created", s => s.Row.CreatedAt)
        .Seconds("updated", s => s.Row.UpdatedAt)
        .Json("addresses", (writer, s) => AddressView.Write(writer, s.Row.VmState == VmStates.Building ? [] : s.Row.Network, extended: true))
        .Text("accessIPv4", s => s.Row.AccessIpV4 ?? "")
        .Text("accessIPv6", s => s.Row.AccessIpV6 ?? "")
        .Json("links", WriteLinks)
        .Text("OS-DCF:diskConfig", s => s.Row.AutoDiskConfig ? "AUTO" : "MANUAL")
        .Number("progress", s => s.Row.Progress).When(s => s.Status is "ACTIVE" or "BUILD" or "REBUILD" or "RESIZE" or "VERIFY_RESIZE" or "MIGRATING")
        .Json("fault", WriteFault).When(s => s.Status is "ERROR" or "DELETED" && s.Row.Fault is not null)
        .Text("OS-EXT-AZ:availability_zone", s => s.Row.AvailabilityZone ?? "").When(All)
        .Text("config_drive", s => s.Row.ConfigDrive ? "True" : "").When(All)
        .Text("key_name", s => s.Row.KeyName).When(All)
        .Micros("OS-SRV-USG:launched_at", s => s.Row.LaunchedAt).When(All)
        .Micros("OS-SRV-USG:terminated_at", s => s.Row.TerminatedAt).When(All)
        .Json("security_groups", WriteGroups).When(s => All(s) && s.Row.Network.Exists(v => v.SecurityGroups.Count > 0))
        .Text("OS-EXT-SRV-ATTR:host", s => s.Row.Host).When(Attributes)
        .Text("OS-EXT-SRV-ATTR:instance_name", s => s.Row.InstanceName).When(Attributes)
        .Text("OS-EXT-SRV-ATTR:hypervisor_hostname", s => s.Row.Host).When(Attributes)
        // Since 2.90 the host name is everyone's to see.
        .Text("OS-EXT-SRV-ATTR:hostname", s => s.Row.Hostname).Since("2.3").When(s => Attributes(s) || s.Viewer.Version >= Microversions.V2_90)
        .Text("OS-EXT-SRV-ATTR:kernel_id", _ => "").Since("2.3").When(Attributes)
        .Text("OS-EXT-SRV-ATTR:ramdisk_id", _ => "").Since("2.3").When(Attributes)
        .Number("OS-EXT-SRV-ATTR:launch_index", s => s.Row.LaunchIndex).Since("2.3").When(Attributes)
        .Text("OS-EXT-SRV-ATTR:reservation_id", s => s.Row.ReservationId).Since("2.3").When(Attributes)
        .Text("OS-EXT-SRV-ATTR:root_device_name", _ => "/dev/vda").Since("2.3").When(Attributes)
        .Text("OS-EXT-SRV-ATTR:user_data", s => s.Row.UserData).Since("2.3").When(Attributes)
        .Text("OS-EXT-STS:task_state", s => s.Row.TaskState).When(All)
        .Text("OS-EXT-STS:vm_state", s => s.Row.VmState).When(All)
        .Number("OS-EXT-STS:power_state", s => s.Row.PowerState).When(All)
        .Texts("os-extended-volumes:volumes_attached", _ => []).When(All)
        .Flag("locked", s => s.Row.LockedBy is not null).Since("2.9")
        .Text("host_status", s => s.Row.Host is null ? "" : s.Viewer.Sight.HostStatuses.GetValueOrDefault(s.Row.Host, "UNKNOWN")).Since("2.16").When(s => All(s) && s.Viewer.Sight.HostStatus)
        .Text("description", s => s.Row.Description).Since("2.19")
        .Texts("tags", s => s.Tags).Since("2.26")
        .Texts("trusted_image_certificates", s => s.Row.TrustedCertificates).Since("2.63")
        .Texts("server_groups", s => s.Groups).Since("2.71").When(s => s.Groups is not null)
        .Text("locked_reason", s => s.Row.LockedReason).Since("2.73")
        .Text("pinned_availability_zone", s => s.Row.PinnedZone).Since("2.96").When(All)
        .Json("scheduler_hints", WriteHints).Since("2.100");

    private static bool All(ShownServer s) => s.Viewer.All;

    private static bool Attributes(ShownServer s) => s.Viewer.All && s.Viewer.Sight.Attributes;

    private static void WriteLinks(Utf8JsonWriter writer, ShownServer s) => Links.Write(writer, s.Viewer.Self("servers", s.Row.Id), s.Viewer.Bookmark("servers", s.Row.Id));

    private static void WriteImage(Utf8JsonWriter writer, ShownServer s)
    {
        if (s.Row.ImageId.Length == 0) { writer.WriteStringValue(""); return; }
        writer.WriteStartObject();
        writer.WriteString("id", s.Row.ImageId);
        writer.WritePropertyName("links");
        Links.Write(writer, null, s.Viewer.Bookmark("images", s.Row.ImageId));
        if (s.Viewer.Version >= Microversions.V2_98)
        {
            writer.WriteStartObject("properties");
            foreach (var (name, value) in s.Row.ImageProperties.Where(p => Hardware.IsKnown(p.Key))) { writer.WriteString(name, value); }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void WriteFlavor(Utf8JsonWriter writer, ShownServer s)
    {
        writer.WriteStartObject();
        if (s.Viewer.Version < Microversions.V2_47)
        {
            writer.WriteString("id", s.Row.FlavorId);
            writer.WritePropertyName("links");
            Links.Write(writer, null, s.Viewer.Bookmark("flavors", s.Row.FlavorId));
            writer.WriteEndObject();
            return;
        }
        var flavor = s.Viewer.Flavor(s.Row);
        writer.WriteNumber("vcpus", flavor.Vcpus);
        writer.WriteNumber("ram", flavor.RamMib);
        writer.WriteNumber("disk", flavor.RootGib);
        writer.WriteNumber("ephemeral", flavor.EphemeralGib);
        writer.WriteNumber("swap", flavor.SwapMib);
        writer.WriteString("original_name", flavor.Name);
        if (s.Viewer.Sight.FlavorSpecs)
        {
            writer.WriteStartObject("extra_specs");
            foreach (var (name, value) in flavor.ExtraSpecs) { writer.WriteString(name, value); }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    /// <summary>Names of the groups of all cards, as often as they come, as upstream.</summary>
    private static void WriteGroups(Utf8JsonWriter writer, ShownServer s)
    {
        writer.WriteStartArray();
        foreach (var name in s.Row.Network.SelectMany(v => v.SecurityGroups))
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>Details of a 500 are for admins.</summary>
    private static void WriteFault(Utf8JsonWriter writer, ShownServer s)
    {
        var fault = s.Row.Fault!;
        writer.WriteStartObject();
        writer.WriteNumber("code", fault.Code);
        writer.WritePropertyName("created");
        writer.WriteSeconds(fault.CreatedAt);
        writer.WriteString("message", fault.Message);
        if (fault.Details is { Length: > 0 } details && (s.Viewer.Sight.FaultDetails || fault.Code != 500)) { writer.WriteString("details", details); }
        writer.WriteEndObject();
    }

    /// <summary>As they were given, without the spaces.</summary>
    private static void WriteHints(Utf8JsonWriter writer, ShownServer s)
    {
        using var hints = JsonDocument.Parse(s.Row.SchedulerHints ?? "{}");
        hints.RootElement.WriteTo(writer);
    }
}

internal sealed record NameView(string Name);
