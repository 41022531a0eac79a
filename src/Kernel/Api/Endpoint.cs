using Nephos.Kernel.Policy;
using Nephos.Kernel.Versions;

namespace Nephos.Kernel.Api;

/// <summary>A handler: reads the request, makes one call on the operations, answers a view. About 15 lines, no <c>try</c>.</summary>
public delegate Task<Reply> Handler(Call call);

/// <summary>
/// One call of an API and everything it demands, declared where it is mapped. The pipeline acts on it, the conformance tests and
/// <c>nephos routes</c> read it.
/// </summary>
public sealed class Endpoint
{
    internal Endpoint(ServiceApi service, string method, string path, string? action, Handler handler)
    {
        Api = service;
        Method = method;
        Path = path;
        ActionName = action;
        Handler = handler;
    }

    public ServiceApi Api { get; }
    public string Method { get; }
    /// <summary>Below the service's prefix: <c>/v2.1/servers/{server_id}</c>.</summary>
    public string Path { get; }
    /// <summary>The body's only key when several operations share a path: <c>os-start</c>.</summary>
    public string? ActionName { get; }
    public Handler Handler { get; }
    public string? PolicyName { get; private set; }
    public string? PolicyDefault { get; private set; }
    /// <summary>Why there is no policy, when there is none.</summary>
    public string? NoPolicyReason { get; private set; }
    /// <summary>True: answered without a token.</summary>
    public bool IsPublic { get; private set; }
    /// <summary>True: the handler itself enforces the policy, because it needs the row.</summary>
    public bool EnforcedInOperation { get; private set; }
    public ApiVersion MinVersion { get; private set; } = ApiVersion.None;
    public ApiVersion MaxVersion { get; private set; } = new(int.MaxValue, 0);
    public int Status { get; private set; } = 200;
    public string? ExtensionAlias { get; private set; }
    public IReadOnlyList<string> QuotaNames { get; private set; } = [];
    public string? SagaName { get; private set; }
    public bool IsPaged { get; private set; }
    public string? NotPagedReason { get; private set; }
    /// <summary>Largest body in bytes; more is 413. Zero: no limit, the handler streams.</summary>
    public long BodyLimit { get; private set; } = 1 << 20;

    /// <summary>Upstream's rule and its default. Checked before the handler with the target <c>project_id</c> (and <c>user_id</c>) of the token itself.</summary>
    public Endpoint Policy(string name, string defaultRule)
    {
        (PolicyName, PolicyDefault) = (name, defaultRule);
        return this;
    }

    /// <summary>As <see cref="Policy"/>, but the operation enforces it, once it knows the row (<see cref="Call.Enforce"/>).</summary>
    public Endpoint PolicyOnRow(string name, string defaultRule)
    {
        EnforcedInOperation = true;
        return Policy(name, defaultRule);
    }

    /// <summary>Needs a valid token and nothing more; says why.</summary>
    public Endpoint NoPolicy(string reason) { NoPolicyReason = reason; return this; }

    /// <summary>Needs no token; says why.</summary>
    public Endpoint Public(string reason) { (NoPolicyReason, IsPublic) = (reason, true); return this; }

    /// <summary>Exists from this microversion on.</summary>
    public Endpoint Since(string version) { MinVersion = ApiVersion.Parse(version); return this; }

    /// <summary>Exists up to and including this microversion.</summary>
    public Endpoint Until(string version) { MaxVersion = ApiVersion.Parse(version); return this; }

    /// <summary>Status of success, 200 unless said.</summary>
    public Endpoint Answers(int status) { Status = status; return this; }

    /// <summary>Neutron: the extension that brings it.</summary>
    public Endpoint Extension(string alias) { ExtensionAlias = alias; return this; }

    /// <summary>Limits that the operation counts in its transaction.</summary>
    public Endpoint Quota(params string[] names) { QuotaNames = names; return this; }

    /// <summary>Stored name of the saga that does the rest.</summary>
    public Endpoint Starts(string saga) { SagaName = saga; return this; }

    /// <summary>A list in keyset pages (<see cref="Paging.PageRequest"/>).</summary>
    public Endpoint Paged() { IsPaged = true; return this; }

    /// <summary>A list that upstream does not page, or that is small by nature; says why.</summary>
    public Endpoint NotPaged(string reason) { NotPagedReason = reason; return this; }

    /// <summary>Another limit of the body than 1 MiB; zero for streams.</summary>
    public Endpoint Body(long limit) { BodyLimit = limit; return this; }

    public bool Exists(ApiVersion version) => version == ApiVersion.None || (version >= MinVersion && version <= MaxVersion);

    public override string ToString() => $"{Method} {Api.Prefix}{Path}{(ActionName is null ? "" : "#" + ActionName)}";
}

/// <summary>A path under which endpoints are declared. Paths may hold <c>{name}</c> segments.</summary>
public sealed class ResourceGroup(ServiceApi api, string prefix)
{
    public ServiceApi Api => api;
    public ResourceGroup Group(string path) => new(api, prefix + path);
    public Endpoint Get(string path, Handler handler) => Add("GET", path, handler);
    public Endpoint Head(string path, Handler handler) => Add("HEAD", path, handler);
    public Endpoint Post(string path, Handler handler) => Add("POST", path, handler);
    public Endpoint Put(string path, Handler handler) => Add("PUT", path, handler);
    public Endpoint Patch(string path, Handler handler) => Add("PATCH", path, handler);
    public Endpoint Delete(string path, Handler handler) => Add("DELETE", path, handler);
    /// <summary>POST whose body's only key is <paramref name="action"/>.</summary>
    public Endpoint Action(string path, string action, Handler handler) => Add("POST", path, handler, action);
    private Endpoint Add(string method, string path, Handler handler, string? action = null) => api.Add(method, prefix + path, action, handler);
}
