using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Wire;
using Nephos.Nova.Flavors;
using Nephos.Nova.ServerNetworks;

namespace Nephos.Nova.Servers;

/// <summary>A server in lists without detail.</summary>
internal sealed record ServerBrief(string Id, string Name, IReadOnlyList<Link> Links)
{
    public static ServerBrief Of(Call call, Server server) => new(server.Id, server.Name, Nova.Links.Of(call, "servers", server.Id));
}

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

/// <summary>A server in full (<c>views/servers.py</c>, show). Members without a value for this viewer or call are left out.</summary>
internal sealed record ServerView
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Status { get; init; }
    public required string TenantId { get; init; }
    public required string UserId { get; init; }
    public required Dictionary<string, string> Metadata { get; init; }
    [WireName("hostId")] public required string HostId { get; init; }
    public required object Image { get; init; }
    public required object Flavor { get; init; }
    public required string Created { get; init; }
    public required string Updated { get; init; }
    public required Dictionary<string, List<AddressView>> Addresses { get; init; }
    [WireName("accessIPv4")] public required string AccessIpV4 { get; init; }
    [WireName("accessIPv6")] public required string AccessIpV6 { get; init; }
    public required IReadOnlyList<Link> Links { get; init; }
    [WireName("OS-DCF:diskConfig")] public required string DiskConfig { get; init; }
    public Optional<int> Progress { get; init; }
    public Optional<FaultView> Fault { get; init; }
    [WireName("OS-EXT-AZ:availability_zone")] public Optional<string> AvailabilityZone { get; init; }
    public Optional<string> ConfigDrive { get; init; }
    public Optional<string?> KeyName { get; init; }
    [WireName("OS-SRV-USG:launched_at")] public Optional<string?> LaunchedAt { get; init; }
    [WireName("OS-SRV-USG:terminated_at")] public Optional<string?> TerminatedAt { get; init; }
    public Optional<List<NameView>> SecurityGroups { get; init; }
    [WireName("OS-EXT-SRV-ATTR:host")] public Optional<string?> Host { get; init; }
    [WireName("OS-EXT-SRV-ATTR:instance_name")] public Optional<string> InstanceName { get; init; }
    [WireName("OS-EXT-SRV-ATTR:hypervisor_hostname")] public Optional<string?> HypervisorHostname { get; init; }
    [Since("2.3"), WireName("OS-EXT-SRV-ATTR:hostname")] public Optional<string> Hostname { get; init; }
    [Since("2.3"), WireName("OS-EXT-SRV-ATTR:kernel_id")] public Optional<string> KernelId { get; init; }
    [Since("2.3"), WireName("OS-EXT-SRV-ATTR:ramdisk_id")] public Optional<string> RamdiskId { get; init; }
    [Since("2.3"), WireName("OS-EXT-SRV-ATTR:launch_index")] public Optional<int> LaunchIndex { get; init; }
    [Since("2.3"), WireName("OS-EXT-SRV-ATTR:reservation_id")] public Optional<string> ReservationId { get; init; }
    [Since("2.3"), WireName("OS-EXT-SRV-ATTR:root_device_name")] public Optional<string?> RootDeviceName { get; init; }
    [Since("2.3"), WireName("OS-EXT-SRV-ATTR:user_data")] public Optional<string?> UserData { get; init; }
    [WireName("OS-EXT-STS:task_state")] public Optional<string?> TaskState { get; init; }
    [WireName("OS-EXT-STS:vm_state")] public Optional<string> VmState { get; init; }
    [WireName("OS-EXT-STS:power_state")] public Optional<int> PowerState { get; init; }
    [WireName("os-extended-volumes:volumes_attached")] public Optional<List<object>> Volumes { get; init; }
    [Since("2.9")] public required bool Locked { get; init; }
    [Since("2.16")] public Optional<string> HostStatus { get; init; }
    [Since("2.19")] public required string? Description { get; init; }
    [Since("2.26")] public required IReadOnlyList<string> Tags { get; init; }
    [Since("2.63")] public required List<string>? TrustedImageCertificates { get; init; }
    [Since("2.71")] public Optional<List<string>> ServerGroups { get; init; }
    [Since("2.73")] public required string? LockedReason { get; init; }
    [Since("2.96")] public Optional<string?> PinnedAvailabilityZone { get; init; }
    [Since("2.100")] public required JsonElement? SchedulerHints { get; init; }

    /// <param name="extent">What an update answers before 2.75.</param>
    /// <param name="groups">Ids of server groups for calls that show them; null in lists.</param>
    public static ServerView Of(Call call, Server s, IReadOnlyList<string> tags, ServerSight sight, ServerExtent extent = ServerExtent.All, List<string>? groups = null)
    {
        var all = extent == ServerExtent.All;
        var status = s.Status;
        var view = new ServerView
        {
            Id = s.Id,
            Name = s.Name,
            Status = status,
            TenantId = s.ProjectId,
            UserId = s.UserId,
            Metadata = s.Metadata,
            HostId = Server.HostId(s.Host, s.ProjectId),
            Image = ImageOf(call, s),
            Flavor = FlavorOf(call, s.Flavor, sight.FlavorSpecs),
            Created = WireTime.Seconds(s.CreatedAt),
            Updated = WireTime.Seconds(s.UpdatedAt),
            Addresses = s.VmState == VmStates.Building ? [] : AddressView.Of(s.Network),
            AccessIpV4 = s.AccessIpV4 ?? "",
            AccessIpV6 = s.AccessIpV6 ?? "",
            Links = Nova.Links.Of(call, "servers", s.Id),
            DiskConfig = s.AutoDiskConfig ? "AUTO" : "MANUAL",
            Progress = status is "ACTIVE" or "BUILD" or "REBUILD" or "RESIZE" or "VERIFY_RESIZE" or "MIGRATING" ? s.Progress : default(Optional<int>),
            Fault = s.Fault is { } fault && status is ("ERROR" or "DELETED") ? FaultView.Of(fault, sight.FaultDetails) : default(Optional<FaultView>),
            Locked = s.LockedBy is not null,
            Description = s.Description,
            Tags = tags,
            TrustedImageCertificates = s.TrustedCertificates,
            ServerGroups = groups is null ? default : new(groups),
            LockedReason = s.LockedReason,
            SchedulerHints = s.SchedulerHints is null ? JsonSerializer.SerializeToElement(new { }) : JsonSerializer.Deserialize<JsonElement>(s.SchedulerHints),
        };
        if (!all) { return call.Version >= new Kernel.Versions.ApiVersion(2, 90) ? view with { Hostname = s.Hostname } : view; }
        view = view with
        {
            AvailabilityZone = s.AvailabilityZone ?? "",
            ConfigDrive = s.ConfigDrive ? "True" : "",
            KeyName = new(s.KeyName),
            LaunchedAt = new(WireTime.Micros(s.LaunchedAt)),
            TerminatedAt = new(WireTime.Micros(s.TerminatedAt)),
            TaskState = new(s.TaskState),
            VmState = s.VmState,
            PowerState = s.PowerState,
            Volumes = new([]),
            PinnedAvailabilityZone = new(s.PinnedZone),
            SecurityGroups = GroupsOf(s),
        };
        if (sight.HostStatus && s.Host is not null) { view = view with { HostStatus = sight.HostStatuses.GetValueOrDefault(s.Host, "UNKNOWN") }; }
        if (sight.HostStatus && s.Host is null) { view = view with { HostStatus = "" }; }
        if (sight.Attributes)
        {
            view = view with
            {
                Host = new(s.Host),
                InstanceName = s.InstanceName,
                HypervisorHostname = new(s.Host),
                Hostname = s.Hostname,
                KernelId = "",
                RamdiskId = "",
                LaunchIndex = s.LaunchIndex,
                ReservationId = s.ReservationId,
                RootDeviceName = new("/dev/vda"),
                UserData = new(s.UserData),
            };
        }
        // Since 2.90 the host name is everyone's to see.
        return call.Version >= Microversions.V2_90 ? view with { Hostname = s.Hostname } : view;
    }

    /// <summary>Names of the groups of all cards, as often as they come, as upstream; left out when there is none.</summary>
    private static Optional<List<NameView>> GroupsOf(Server s)
    {
        var names = s.Network.SelectMany(v => v.SecurityGroups).Select(n => new NameView(n)).ToList();
        return names.Count == 0 ? default : new(names);
    }

    private static object ImageOf(Call call, Server s)
    {
        if (s.ImageId.Length == 0) { return ""; }
        var links = Nova.Links.Bookmark(call, "images", s.ImageId);
        return call.Version >= new Kernel.Versions.ApiVersion(2, 98)
            ? new { id = s.ImageId, links, properties = s.ImageProperties.Where(p => Hardware.IsKnown(p.Key)).ToDictionary(p => p.Key, p => p.Value) }
            : new { id = s.ImageId, links };
    }

    private static object FlavorOf(Call call, FlavorCopy flavor, bool specs)
    {
        if (call.Version < Microversions.V2_47) { return new { id = flavor.Id, links = Nova.Links.Bookmark(call, "flavors", flavor.Id) }; }
        var view = new Dictionary<string, object>
        {
            ["vcpus"] = flavor.Vcpus,
            ["ram"] = flavor.RamMib,
            ["disk"] = flavor.RootGib,
            ["ephemeral"] = flavor.EphemeralGib,
            ["swap"] = flavor.SwapMib,
            ["original_name"] = flavor.Name,
        };
        if (specs) { view["extra_specs"] = flavor.ExtraSpecs; }
        return view;
    }
}

internal sealed record NameView(string Name);

internal sealed record FaultView(int Code, string Created, string Message)
{
    public Optional<string> Details { get; init; }

    /// <summary>Details of a 500 are for admins.</summary>
    public static FaultView Of(ServerFault fault, bool admin) => new(fault.Code, WireTime.Seconds(fault.CreatedAt), fault.Message)
    {
        Details = fault.Details is { Length: > 0 } details && (admin || fault.Code != 500) ? details : default(Optional<string>),
    };
}
