using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Kernel.Api;

/// <summary>A request on its way through an endpoint.</summary>
public sealed class Call
{
    private readonly PolicyEngine _policy;
    private readonly Action<RequestContext, PolicyExplanation> _denied;
    private readonly IReadOnlyDictionary<string, string> _route;
    private JsonElement? _json;

    internal Call(HttpContext http, RequestContext context, Endpoint endpoint, ApiVersion version, IReadOnlyDictionary<string, string> route, PolicyEngine policy, Action<RequestContext, PolicyExplanation> denied, JsonElement? json)
    {
        Http = http;
        Context = context;
        Endpoint = endpoint;
        Version = version;
        _route = route;
        _policy = policy;
        _denied = denied;
        _json = json;
        Query = new CallQuery(http.Request.Query);
    }

    public HttpContext Http { get; }
    public RequestContext Context { get; }
    public Endpoint Endpoint { get; }
    public ApiVersion Version { get; }
    public CallQuery Query { get; }
    public CancellationToken Cancel => Http.RequestAborted;

    /// <summary>The value of a <c>{name}</c> segment.</summary>
    public string Route(string name) => _route[name];

    public bool HasRoute(string name) => _route.ContainsKey(name);

    /// <summary>A service of the program: the resource's operations.</summary>
    public T Get<T>() where T : notnull => Http.RequestServices.GetRequiredService<T>();

    /// <summary>Address of the service as the client sees it: <c>http://host:port/compute</c>.</summary>
    public string BaseUrl => $"{Http.Request.Scheme}://{Http.Request.Host}{Endpoint.Api.Prefix}";

    /// <summary>False when the request surely has no body. A body of a length that is not told beforehand (chunked, HTTP/2) is one.</summary>
    public bool HasBody => Http.Request.ContentLength is { } length ? length > 0
        : Http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? Http.Request.Headers.TransferEncoding.Count > 0;

    /// <summary>The whole body as JSON; 400 in the service's words when it is none.</summary>
    public async Task<JsonElement> JsonAsync() => _json ??= await ReadJsonAsync(Http, Endpoint.Api.Errors, Cancel).ConfigureAwait(false);

    /// <summary>
    /// The body as a record: the object under <paramref name="member"/>, or the whole body when it is null. Checked against the record's shape in the
    /// request's microversion. Members beside <paramref name="member"/> are an error unless named in <paramref name="beside"/>.
    /// </summary>
    public async Task<T> BodyAsync<T>(string? member, params string[] beside) where T : class
    {
        var root = await JsonAsync().ConfigureAwait(false);
        var errors = Endpoint.Api.Errors;
        if (member is not null)
        {
            if (root.ValueKind != JsonValueKind.Object) { throw errors.Invalid([new WireFault(WireFaultKind.Type, [], WireSchema.Show(root), "'object'")]); }
            if (!root.TryGetProperty(member, out var inner)) { throw errors.Invalid([new WireFault(WireFaultKind.Required, [], WireSchema.Show(root), member)]); }
            foreach (var other in root.EnumerateObject())
            {
                if (other.Name != member && !beside.Contains(other.Name, StringComparer.Ordinal))
                {
                    throw errors.Invalid([new WireFault(WireFaultKind.Unknown, [], WireSchema.Show(root), $"'{other.Name}'")]);
                }
            }
            root = inner;
        }
        var faults = new List<WireFault>();
        return WireJson.Read<T>(root, Version, member is null ? [] : [member], faults) ?? throw errors.Invalid(faults);
    }

    /// <summary>True when policy lets the caller do it to the target; the target needs at least what the rule names (<c>project_id</c>, <c>user_id</c>, ...).</summary>
    public bool Allows(string policy, IReadOnlyDictionary<string, object?> target) => _policy.Check(policy, new IdentityCredentials(Context.Who), target);

    /// <summary>Throws the service's 403 unless policy allows it.</summary>
    public void Enforce(string policy, IReadOnlyDictionary<string, object?> target)
    {
        if (!Allows(policy, target)) { throw Denied(policy, target); }
    }

    /// <summary>The service's 403 for a rule that was asked and said no; the log gets the reason.</summary>
    public ApiError Denied(string policy, IReadOnlyDictionary<string, object?> target)
    {
        _denied(Context, _policy.Explain(policy, new IdentityCredentials(Context.Who), target));
        return Endpoint.Api.Errors.Denied(policy);
    }

    /// <summary>For rows that belong to a project.</summary>
    public bool AllowsProject(string policy, string? projectId) => Allows(policy, PolicyTarget.Project(projectId));

    /// <inheritdoc cref="Enforce"/>
    public void EnforceProject(string policy, string? projectId) => Enforce(policy, PolicyTarget.Project(projectId));

    internal static async Task<JsonElement> ReadJsonAsync(HttpContext http, IErrorWriter errors, CancellationToken cancel)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(http.Request.Body, new JsonDocumentOptions { MaxDepth = 32 }, cancel).ConfigureAwait(false);
            return WireText.IsText(document.RootElement) ? document.RootElement.Clone() : throw errors.Malformed("The body is not a text in UTF-8.");
        }
        catch (JsonException error)
        {
            throw errors.Malformed(error.Message);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ApiError(413, "Request is too large.");
        }
    }
}

/// <summary>Targets of policy checks.</summary>
public static class PolicyTarget
{
    /// <summary>A row of a project; <c>tenant_id</c> is its older name.</summary>
    public static IReadOnlyDictionary<string, object?> Project(string? projectId) => new Dictionary<string, object?>(StringComparer.Ordinal) { ["project_id"] = projectId, ["tenant_id"] = projectId };
}

/// <summary>An identity as policy sees it.</summary>
public sealed class IdentityCredentials(Identity identity) : PolicyCredentials
{
    public override IReadOnlyList<string> Roles => identity.Roles;
    public override string? UserId => identity.UserId;
    public override string? UserDomainId => identity.UserDomainId;
    public override string? ProjectId => identity.ProjectId;
    public override string? ProjectDomainId => identity.ProjectDomainId;
    public override string? DomainId => identity.DomainId;
    public override string? SystemScope => identity.SystemScope;
    public override bool IsAdmin => identity.IsService;
    public override bool IsAdminProject => identity.IsAdminProject;

    /// <summary>Keystone's rules also know the token itself: <c>token.domain.id</c>, <c>token.project.domain.id</c>.</summary>
    public override bool TryGet(string name, out object? value)
    {
        if (name != "token") { return base.TryGet(name, out value); }
        var token = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (identity.DomainId is { } domain) { token["domain"] = Id(domain); }
        if (identity.ProjectId is { } project) { token["project"] = new Dictionary<string, object?> { ["id"] = project, ["domain"] = Id(identity.ProjectDomainId) }; }
        value = token;
        return true;
    }

    private static Dictionary<string, object?> Id(string? id) => new(StringComparer.Ordinal) { ["id"] = id };
}

/// <summary>The query string.</summary>
public sealed class CallQuery(IQueryCollection query)
{
    public IEnumerable<string> Names => query.Keys;
    public bool Has(string name) => query.ContainsKey(name);
    /// <summary>The last value, as upstream takes it when a name comes twice; null when absent.</summary>
    public string? this[string name] => query.TryGetValue(name, out var values) && values.Count > 0 ? values[^1] : null;
    /// <summary>All values of a name.</summary>
    public IReadOnlyList<string> All(string name) => query.TryGetValue(name, out var values) ? [.. values.OfType<string>()] : [];
}
