using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Nephos.Nova.Flavors;

namespace Nephos.Nova.Servers;

/// <summary>
/// A server (api-ref compute, "Servers"): the user's side of a guest. Invariants:
/// <list type="bullet">
/// <item>While <see cref="TaskState"/> is set, one piece of work owns the row; every write says in its condition which state it expects.</item>
/// <item>What shall run stands in <c>Guest</c>, what a node last found there too; this row only shows it.</item>
/// <item>Everything a list shows is in the row (flavor, addresses, fault), so that a page of servers is one query and asks no other service.</item>
/// <item>Deleted rows stay for <c>changes-since</c> and for admins, until they are purged.</item>
/// </list>
/// </summary>
internal sealed class Server
{
    // Columns of small trees, as they are stored; the properties below read them.
    private Json<Dictionary<string, string>> _imageProperties = Json<Dictionary<string, string>>.Of([]);
    private Json<KeyCopy>? _key;
    private Json<FlavorCopy> _flavor = null!;
    private Json<Dictionary<string, string>> _metadata = Json<Dictionary<string, string>>.Of([]);
    private Json<List<ServerNic>> _nics = Json<List<ServerNic>>.Of([]);
    private Json<List<Vif>> _network = Json<List<Vif>>.Of([]);
    private Json<ServerFault>? _fault;
    private Json<List<string>>? _trustedCertificates;
    private Json<List<InjectedFile>>? _files;

    /// <summary>In the order of creation; the instance name has it in hexadecimal.</summary>
    public long Number { get; set; }
    public required string Id { get; set; }
    public required string ProjectId { get; set; }
    public required string UserId { get; set; }
    public required string Name { get; set; }
    public string? Description { get; set; }
    public required string Hostname { get; set; }
    public required string ReservationId { get; set; }
    public int LaunchIndex { get; set; }
    public string ImageId { get; set; } = "";
    /// <summary>Glance's <c>disk_format</c> and properties when it was built.</summary>
    public string ImageFormat { get; set; } = "";
    public Dictionary<string, string> ImageProperties { get => _imageProperties.Value; set => _imageProperties = Json<Dictionary<string, string>>.Of(value); }
    public string? KeyName { get; set; }
    public KeyCopy? Key { get => _key?.Value; set => _key = value is null ? null : Json<KeyCopy>.Of(value); }
    public required string FlavorId { get; set; }
    public required FlavorCopy Flavor { get => _flavor.Value; set => _flavor = Json<FlavorCopy>.Of(value); }
    /// <summary>Out of the flavor, for counting.</summary>
    public required int Vcpus { get; set; }
    public required int RamMib { get; set; }
    /// <summary>Root and ephemeral disk, in GiB.</summary>
    public int DiskGib { get; set; }
    public required string VmState { get; set; }
    public string? TaskState { get; set; }
    public int PowerState { get; set; }
    public string? Host { get; set; }
    /// <summary>Where it is; null while nowhere.</summary>
    public string? AvailabilityZone { get; set; }
    /// <summary>The zone that was asked for, where it must stay.</summary>
    public string? PinnedZone { get; set; }
    public string? AccessIpV4 { get; set; }
    public string? AccessIpV6 { get; set; }
    /// <summary>owner or admin; null when it is not locked.</summary>
    public string? LockedBy { get; set; }
    public string? LockedReason { get; set; }
    public string? UserData { get; set; }
    public bool ConfigDrive { get; set; }
    public bool AutoDiskConfig { get; set; }
    public int Progress { get; set; }
    public Dictionary<string, string> Metadata { get => _metadata.Value; set => _metadata = Json<Dictionary<string, string>>.Of(value); }
    public List<ServerNic> Nics { get => _nics.Value; set => _nics = Json<List<ServerNic>>.Of(value); }
    /// <summary>What is shown of its network; see <c>ServerNetworks</c>.</summary>
    public List<Vif> Network { get => _network.Value; set => _network = Json<List<Vif>>.Of(value); }
    /// <summary>Fixed addresses of <see cref="Network"/> in one text, for the filters <c>ip</c> and <c>ip6</c>.</summary>
    public string Addresses { get; set; } = "";
    public ServerFault? Fault { get => _fault?.Value; set => _fault = value is null ? null : Json<ServerFault>.Of(value); }
    /// <summary>JSON object, as it was given.</summary>
    public string? SchedulerHints { get; set; }
    public List<string>? TrustedCertificates { get => _trustedCertificates?.Value; set => _trustedCertificates = value is null ? null : Json<List<string>>.Of(value); }
    /// <summary>Files that were given until 2.56; they go onto the config drive.</summary>
    public List<InjectedFile>? Files { get => _files?.Value; set => _files = value is null ? null : Json<List<InjectedFile>>.Of(value); }
    /// <summary>What the guest posted to its metadata, encrypted for the owner of the key pair; null when nothing.</summary>
    public string? GuestPassword { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
    public DateTime? LaunchedAt { get; set; }
    public DateTime? TerminatedAt { get; set; }
    public bool Deleted { get; set; }
    public long Generation { get; set; }

    /// <summary>Trees as they are stored.</summary>
    internal Json<Dictionary<string, string>> MetadataTree => _metadata;
    internal Json<FlavorCopy> FlavorTree => _flavor;

    public string InstanceName => string.Create(CultureInfo.InvariantCulture, $"instance-{Number:x8}");
    public string Status => Deleted ? "DELETED" : ServerStatus.Of(VmState, TaskState);
    public string Resource => ResourceOf(Id);

    /// <summary>Name under which one saga at a time works on it.</summary>
    public static string ResourceOf(string id) => "server/" + id;

    /// <summary>What users see of the host: the same for all servers of a project on it, and no clue to its name (<c>nova/utils.py</c>, generate_hostid).</summary>
    public static string HostId(string? host, string projectId) => string.IsNullOrEmpty(host) ? "" : Sha224.Hex(Encoding.UTF8.GetBytes(projectId + host));

    public static void Map(ModelBuilder model)
    {
        model.Entity<Server>(server =>
        {
            server.ToTable("servers");
            server.HasKey(s => s.Number);
            server.Property(s => s.Number).ValueGeneratedOnAdd();
            server.HasIndex(s => s.Id).IsUnique().HasDatabaseName("servers_id");
            server.HasIndex(s => new { s.ProjectId, s.Deleted, s.CreatedAt, s.Number }).HasDatabaseName("servers_by_project");
            server.HasIndex(s => new { s.Deleted, s.CreatedAt, s.Number }).HasDatabaseName("servers_by_age");
            // Holds all that a quota counts, so that counting reads no rows.
            server.HasIndex(s => new { s.ProjectId, s.Deleted, s.UserId, s.Vcpus, s.RamMib }).HasDatabaseName("servers_by_usage");
            server.HasIndex(s => new { s.Host, s.Deleted }).HasDatabaseName("servers_by_host");
            server.HasIndex(s => s.UpdatedAt).HasDatabaseName("servers_by_change");
            server.Ignore(s => s.ImageProperties).HasJson<Server, Dictionary<string, string>>(nameof(_imageProperties), "image_properties");
            server.Ignore(s => s.Key).HasJson<Server, KeyCopy>(nameof(_key), "key", nullable: true);
            server.Ignore(s => s.Flavor).HasJson<Server, FlavorCopy>(nameof(_flavor), "flavor");
            server.Ignore(s => s.Metadata).HasJson<Server, Dictionary<string, string>>(nameof(_metadata), "metadata");
            server.Ignore(s => s.Nics).HasJson<Server, List<ServerNic>>(nameof(_nics), "nics");
            server.Ignore(s => s.Network).HasJson<Server, List<Vif>>(nameof(_network), "network");
            server.Ignore(s => s.Fault).HasJson<Server, ServerFault>(nameof(_fault), "fault", nullable: true);
            server.Ignore(s => s.Files).HasJson<Server, List<InjectedFile>>(nameof(_files), "files", nullable: true);
            server.Ignore(s => s.TrustedCertificates).HasJson<Server, List<string>>(nameof(_trustedCertificates), "trusted_certificates", nullable: true);
        });
        model.Entity<ServerTag>(tag =>
        {
            tag.ToTable("server_tags");
            tag.HasKey(t => new { t.ServerId, t.Tag });
            tag.HasIndex(t => t.Tag).HasDatabaseName("server_tags_by_tag");
        });
    }
}

/// <summary>The key pair as it was when the server was made; deleting it later changes nothing here.</summary>
internal sealed record KeyCopy(string Name, string Type, string Data);

/// <summary>A network card: which port it is, and whether we made that port and must delete it, or it was given and only comes free.</summary>
internal sealed record ServerNic(string PortId, string NetworkId, bool Given, string? Tag = null, string? FixedIp = null);

/// <summary>A card as it is shown and as metadata describes it. Of properties, as its addresses: JSON is read into those in half of the time that a constructor takes, and lists read thousands.</summary>
internal sealed record Vif
{
    public required string PortId { get; init; }
    public required string NetworkId { get; init; }
    public required string Label { get; init; }
    public required string Mac { get; init; }
    public required int Mtu { get; init; }
    public required List<VifIp> Ips { get; init; }
    public required List<string> SecurityGroups { get; init; }
}

/// <summary>An address of a card.</summary>
internal sealed record VifIp
{
    public required string Address { get; init; }
    public required int Version { get; init; }
    public required string SubnetId { get; init; }
    public required string Cidr { get; init; }
    public required string? Gateway { get; init; }
    public required bool Dhcp { get; init; }
    public required string? Ipv6Mode { get; init; }
    public required List<string> Dns { get; init; }
    public required List<VifRoute> Routes { get; init; }
    public required List<string> Floating { get; init; }
}

internal sealed record VifRoute(string Destination, string NextHop);

/// <summary>Why a server is in ERROR.</summary>
internal sealed record ServerFault(int Code, string Message, string? Details, DateTime CreatedAt);

/// <summary>A file for the guest; <paramref name="Contents"/> is base64.</summary>
internal sealed record InjectedFile(string Path, string Contents);

/// <summary>A tag of a server (since 2.26).</summary>
internal sealed class ServerTag
{
    public required string ServerId { get; set; }
    public required string Tag { get; set; }
}
