using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Versions;

namespace Nephos.Kernel.Api;

/// <summary>One OpenStack API: its names, its place, its envelope, its versions, and the table of its endpoints.</summary>
public sealed class ServiceApi(string name, string type, string prefix, IErrorWriter errors, VersionScheme? versions = null)
{
    private readonly List<Endpoint> _endpoints = [];
    private readonly RouteTable _routes = new();

    /// <summary>Code name in lower case: <c>nova</c>.</summary>
    public string Name { get; } = name;
    /// <summary>Type in the catalog: <c>compute</c>.</summary>
    public string Type { get; } = type;
    /// <summary>Path on the shared port: <c>/compute</c>.</summary>
    public string Prefix { get; } = prefix;
    /// <summary>What the catalog's address adds to the prefix: <c>/v2.1</c> for Nova.</summary>
    public string CatalogPath { get; init; } = "";
    /// <summary>An older name of a path's beginning that is served alike: <c>/v2</c> for <c>/v2.1</c>.</summary>
    public (string Old, string Now)? Alias { get; init; }
    /// <summary>One sentence for the catalog.</summary>
    public string Description { get; init; } = "";
    public IErrorWriter Errors { get; } = errors;
    public VersionScheme? Versions { get; } = versions;
    /// <summary>True: a body that breaks the schema answers 400 even to whom policy would refuse (Nova: schema outside, policy inside); the handler reads the body first and enforces then.</summary>
    public bool BodyBeforePolicy { get; init; }
    /// <summary>True: a path that ends with a slash is another than the one without, and leads nowhere (Glance: an image with an empty id, 404).</summary>
    public bool StrictSlashes { get; init; }
    /// <summary>True: versions are negotiated before anything else, also where nobody has to log in (Placement's root).</summary>
    public bool VersionsEverywhere { get; init; }
    /// <summary>In the order of their mapping.</summary>
    public IReadOnlyList<Endpoint> Endpoints => _endpoints;

    private readonly Dictionary<string, string> _policies = new(StringComparer.Ordinal);

    /// <summary>Rules beside those of the endpoints, which handlers ask with <see cref="Call.Allows"/>: name and default.</summary>
    public IReadOnlyDictionary<string, string> Policies => _policies;

    /// <summary>Declares such a rule. The same declaration may come twice.</summary>
    public void Declare(string policy, string defaultRule)
    {
        if (!_policies.TryAdd(policy, defaultRule) && _policies[policy] != defaultRule) { throw new InvalidOperationException($"Policy {policy} is already declared as '{_policies[policy]}', not '{defaultRule}'"); }
    }

    /// <summary>The kinds of scope that a rule is for: upstream's <c>scope_types</c>.</summary>
    public Func<string, PolicyScopes> Scopes { get; init; } = _ => PolicyScopes.Any;

    /// <summary>Former names and defaults of rules; only read when they count.</summary>
    public Func<IReadOnlyList<PolicyDeprecation>> Deprecations { get; init; } = () => [];

    /// <summary>Registers all rules of the service: those of its endpoints and those beside them.</summary>
    public void RegisterPolicies(PolicyEngine engine)
    {
        engine.Describe(Scopes, Deprecations);
        foreach (var endpoint in _endpoints)
        {
            if (endpoint.PolicyName is { } name) { engine.Register(name, endpoint.PolicyDefault!); }
        }
        foreach (var (name, rule) in _policies) { engine.Register(name, rule); }
    }

    public ResourceGroup Group(string path) => new(this, path);

    /// <summary>The endpoints at a path below the prefix, of any method, action and version; empty when there are none.</summary>
    public IReadOnlyList<Endpoint> At(string path) => Match(Present(path)).Endpoints ?? [];

    internal Endpoint Add(string method, string path, string? action, Handler handler)
    {
        var endpoint = new Endpoint(this, method, path, action, handler);
        _endpoints.Add(endpoint);
        _routes.Add(endpoint);
        return endpoint;
    }

    /// <summary>The path under its present name.</summary>
    internal string Present(string path) => Alias is var (old, now) && path.StartsWith(old, StringComparison.Ordinal) && (path.Length == old.Length || path[old.Length] == '/') ? now + path[old.Length..] : path;

    internal RouteMatch Match(string path) => StrictSlashes && path.Length > 1 && path[^1] == '/' ? new RouteMatch(null, RouteMatch.NoValues) : _routes.Match(path);
}

/// <summary>Endpoints at a path, and what its <c>{name}</c> segments held.</summary>
internal readonly record struct RouteMatch(IReadOnlyList<Endpoint>? Endpoints, IReadOnlyDictionary<string, string> Values)
{
    public static readonly IReadOnlyDictionary<string, string> NoValues = new Dictionary<string, string>();
}

/// <summary>
/// A tree of path segments, literal ones before <c>{name}</c>. Not ASP.NET's routing, because one path here holds many operations told apart by
/// microversion and by a key in the body, with each service's own 404 and 405, and because its table for two thousand endpoints costs start-up time
/// (docs/adr/0002). <c>{name:rest}</c> as last segment takes all that is left.
/// </summary>
internal sealed class RouteTable
{
    private sealed class Node
    {
        public readonly Dictionary<string, Node> Literals = new(StringComparer.Ordinal);
        public Node? Parameter;
        public List<Endpoint>? Endpoints;
        public bool TakesRest;
    }

    private readonly Node _root = new();

    public void Add(Endpoint endpoint)
    {
        var node = _root;
        foreach (var segment in endpoint.Path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment[0] == '{')
            {
                node = node.Parameter ??= new Node();
                node.TakesRest |= segment.EndsWith(":rest}", StringComparison.Ordinal);
            }
            else
            {
                if (!node.Literals.TryGetValue(segment, out var next)) { node.Literals[segment] = next = new Node(); }
                node = next;
            }
        }
        (node.Endpoints ??= []).Add(endpoint);
    }

    public RouteMatch Match(string path) => new(Find(_root, path)?.Endpoints, RouteMatch.NoValues);

    /// <summary>Values by the endpoint's own names, since endpoints at one node may name a segment differently.</summary>
    public static IReadOnlyDictionary<string, string> Values(Endpoint endpoint, string path)
    {
        if (!endpoint.Path.Contains('{', StringComparison.Ordinal)) { return RouteMatch.NoValues; }
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = endpoint.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i][0] != '{') { continue; }
            var name = names[i][1..^1];
            if (name.EndsWith(":rest", StringComparison.Ordinal))
            {
                values[name[..^5]] = Uri.UnescapeDataString(string.Join('/', segments[i..]));
                break;
            }
            values[name] = Uri.UnescapeDataString(segments[i]);
        }
        return values;
    }

    private static Node? Find(Node node, ReadOnlySpan<char> path)
    {
        path = path.TrimStart('/');
        if (path.IsEmpty) { return node.Endpoints is null ? null : node; }
        var slash = path.IndexOf('/');
        var segment = slash < 0 ? path : path[..slash];
        var rest = slash < 0 ? default : path[slash..];
        if (node.Literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out var literal) && Find(literal, rest) is { } found) { return found; }
        if (node.Parameter is not { } parameter) { return null; }
        return Find(parameter, rest) ?? (parameter is { TakesRest: true, Endpoints: not null } ? parameter : null);
    }
}
