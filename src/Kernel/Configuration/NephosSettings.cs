using System.Net;
using Nephos.Kernel.Policy;

namespace Nephos.Kernel.Configuration;

/// <summary>The program as a whole: the keys at the top of the file. Services keep their own sections.</summary>
public sealed record NephosSettings : ICheckedSettings
{
    public static readonly ConfigSection Section = ConfigSection.Of<NephosSettings>("", "The program as a whole.");

    [Setting("Folder of all state: databases, keys, images, guests. Made with mode 0700.",
        DefaultText = "`/var/lib/nephos` for root, else `~/.local/state/nephos`", Example = "/var/lib/nephos")]
    public string? StateDirectory { get; init; }

    [Setting("Where all APIs listen, told apart by path (`/identity`, `/compute`, ...).")]
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 8700);

    [Setting("The address that clients use, as it is written into the catalog: needed behind a proxy, or when listening on all addresses.",
        DefaultText = "made of `listen`", Example = "https://cloud.example.org")]
    public Uri? PublicUrl { get; init; }

    [Setting("Name of the region in the catalog.")]
    public string Region { get; init; } = "RegionOne";

    [Setting("What this process does: answer API calls, run sagas and reconcilers, run guests and networks.")]
    public IReadOnlyList<Role> Roles { get; init; } = [Role.Api, Role.Worker, Role.Node];

    [Setting("`real` runs guests and networks and needs root; `fake` only remembers them, for tests of clients; `auto` is real for root on Linux, else fake.")]
    public DriverChoice Drivers { get; init; }

    [Setting("Folder of policy overrides, a file `SERVICE.yaml` for each service that has any; read again when changed.",
        DefaultText = "`policy` in the state directory", Example = "/etc/nephos/policy")]
    public string? PolicyDirectory { get; init; }

    [Setting("How policies are asked.")]
    public PolicySettings Policy { get; init; } = new();

    [Setting("The database.")]
    public DatabaseSettings Database { get; init; } = new();

    [Setting("The external network that the first start makes, and how this machine is on it.")]
    public PublicNetworkSettings PublicNetwork { get; init; } = new();

    [Setting("TLS for all APIs. Without a certificate they speak plain HTTP.")]
    public TlsSettings Tls { get; init; } = new();

    [Setting("The log, on standard error.")]
    public LogSettings Log { get; init; } = new();

    [Setting("Traces and metrics for OpenTelemetry. `/metrics` for Prometheus is always there.")]
    public TelemetrySettings Telemetry { get; init; } = new();

    [Setting("How long the past is kept. 0 keeps it for ever.")]
    public RetentionSettings Retention { get; init; } = new();

    [Setting("The audit trail as a file of events. The changes themselves are in the databases too.")]
    public Audit.AuditSettings Audit { get; init; } = new();

    /// <summary>The state directory with its default filled in.</summary>
    public string StatePath => Path.GetFullPath(StateDirectory ?? (Environment.IsPrivilegedProcess && OperatingSystem.IsLinux()
        ? "/var/lib/nephos"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "nephos")));

    /// <summary>The policy file of a service, which need not exist.</summary>
    public string PolicyFile(string service) => Path.Combine(PolicyDirectory ?? Path.Combine(StatePath, "policy"), service + ".yaml");

    /// <summary>Whether guests and networks are real.</summary>
    public bool UsesRealDrivers => Drivers == DriverChoice.Real || (Drivers == DriverChoice.Auto && OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess);

    public IEnumerable<(string Key, string Message)> Check()
    {
        if (Database.Provider == DatabaseProvider.Postgres && string.IsNullOrWhiteSpace(Database.Connection))
        {
            yield return ("database.connection", "is needed with provider postgres");
        }

        if (Database.Provider == DatabaseProvider.Sqlite && Database.Connection is not null)
        {
            yield return ("database.connection", "is for provider postgres; SQLite's files are in the state directory");
        }

        if ((Tls.Certificate is null) != (Tls.Key is null))
        {
            yield return (Tls.Key is null ? "tls.key" : "tls.certificate", "certificate and key go together");
        }

        foreach (var (key, file) in new[] { ("tls.certificate", Tls.Certificate), ("tls.key", Tls.Key) })
        {
            if (file is not null && !File.Exists(file))
            {
                yield return (key, $"there is no file '{file}'");
            }
        }

        if (Roles.Count == 0)
        {
            yield return ("roles", "name at least one");
        }

        foreach (var problem in PublicNetwork.Check())
        {
            yield return ("public_network." + problem.Key, problem.Message);
        }
    }
}

/// <summary>What a process does.</summary>
public enum Role
{
    /// <summary>Answers API calls.</summary>
    Api,

    /// <summary>Runs sagas and reconcilers.</summary>
    Worker,

    /// <summary>Runs guests, networks and volumes.</summary>
    Node,
}

public enum DriverChoice
{
    Auto,
    Real,
    Fake,
}

public enum DatabaseProvider
{
    Sqlite,
    Postgres,
}

/// <summary>SQLite's <c>PRAGMA synchronous</c> in write-ahead mode.</summary>
public enum Synchronous
{
    /// <summary>A commit that was answered is on the disk.</summary>
    Full,

    /// <summary>A power cut can take the last commits back, never half of one.</summary>
    Normal,

    /// <summary>A power cut can damage the database.</summary>
    Off,
}

public sealed record DatabaseSettings
{
    [Setting("`sqlite`: files in the state directory, for one machine. `postgres`: for more than one API or worker process.")]
    public DatabaseProvider Provider { get; init; }

    [Setting("Npgsql connection string.", Secret = true, Example = "Host=db;Database=nephos;Username=nephos;Password=...")]
    public string? Connection { get; init; }

    [Setting("SQLite: what a power cut can take. `full` nothing that was answered; `normal` the last commits; `off` can damage the files (tests only).")]
    public Synchronous Synchronous { get; init; }
}

public sealed record PolicySettings
{
    [Setting("Refuse tokens of another kind of scope (system, domain, project) than a rule is for, as upstream does.")]
    public bool EnforceScope { get; init; } = true;

    [Setting("Off: what a rule's former default allowed stays allowed beside the new one, for the time of a change-over.")]
    public bool EnforceNewDefaults { get; init; } = true;

    [Setting("Follow `http:` and `https:` checks of policy files. They send who asks, and for what, to that server.")]
    public bool RemoteChecks { get; init; }

    [Setting("How long such a server may take. After that the answer is no.", Minimum = 1)]
    public TimeSpan RemoteTimeout { get; init; } = RemotePolicy.DefaultTimeout;

    public PolicyOptions Options() => new()
    {
        EnforceScope = EnforceScope,
        EnforceNewDefaults = EnforceNewDefaults,
        Remote = RemoteChecks ? new RemotePolicy(new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false }), RemoteTimeout) : null,
    };
}

public sealed record PublicNetworkSettings
{
    [Setting("Name of the external network; empty makes none.")]
    public string Name { get; init; } = "public";

    [Setting("Its range.")]
    public IPNetwork Cidr { get; init; } = IPNetwork.Parse("172.24.4.0/24");

    [Setting("Its gateway: with `outbound`, the address of this machine on it.")]
    public IPAddress Gateway { get; init; } = IPAddress.Parse("172.24.4.1");

    [Setting("First address for routers and floating IPs.", DefaultText = "the first after the gateway", Example = "172.24.4.10")]
    public IPAddress? PoolStart { get; init; }

    [Setting("Last address for routers and floating IPs.", DefaultText = "the last of the range", Example = "172.24.4.250")]
    public IPAddress? PoolEnd { get; init; }

    [Setting("Guests may reach what this machine can reach: what leaves the range is forwarded and masqueraded.")]
    public bool Outbound { get; init; } = true;

    internal IEnumerable<(string Key, string Message)> Check()
    {
        if (Cidr.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && Cidr.PrefixLength > 29)
        {
            yield return ("cidr", "is too small: a public network needs a prefix of 29 or shorter");
        }

        foreach (var (key, address) in new[] { ("gateway", Gateway), ("pool_start", PoolStart), ("pool_end", PoolEnd) })
        {
            if (address is not null && !Cidr.Contains(address))
            {
                yield return (key, $"{address} is not in {Cidr}");
            }
        }

        if (PoolStart is not null && PoolEnd is not null && PoolStart.GetAddressBytes().AsSpan().SequenceCompareTo(PoolEnd.GetAddressBytes()) > 0)
        {
            yield return ("pool_end", $"comes before pool_start, {PoolStart}");
        }
    }
}

public sealed record TlsSettings
{
    [Setting("PEM file of the certificate, the chain after it.", Example = "/etc/nephos/tls.crt")]
    public string? Certificate { get; init; }

    [Setting("PEM file of its key.", Example = "/etc/nephos/tls.key")]
    public string? Key { get; init; }
}

public enum LogLevelChoice
{
    Debug,
    Info,
    Warning,
    Error,
}

public enum LogFormat
{
    Text,
    Json,
}

public sealed record LogSettings
{
    [Setting("The least that is written.")]
    public LogLevelChoice Level { get; init; } = LogLevelChoice.Info;

    [Setting("`text` for people, `json` for collectors: an object a line.")]
    public LogFormat Format { get; init; }
}

public sealed record TelemetrySettings
{
    [Setting("Where traces and metrics go by OTLP over HTTP. None sends nothing and loads nothing.", Example = "http://127.0.0.1:4318")]
    public Uri? OtlpEndpoint { get; init; }

    [Setting("Name of this service in traces.")]
    public string ServiceName { get; init; } = "nephos";
}

public sealed record RetentionSettings
{
    [Setting("Deleted servers, volumes and the like, which admins can still list.", Minimum = 0)]
    public TimeSpan DeletedRows { get; init; } = TimeSpan.FromDays(30);

    [Setting("Sagas that ended well, and the server actions seen through them.", Minimum = 0)]
    public TimeSpan Sagas { get; init; } = TimeSpan.FromDays(30);

    [Setting("The stream of changes (`GET /events`): a watcher further behind starts anew.", Minimum = 0)]
    public TimeSpan Events { get; init; } = TimeSpan.FromDays(7);

    [Setting("The audit trail: who changed what.", Minimum = 0)]
    public TimeSpan Audit { get; init; } = TimeSpan.FromDays(90);
}
