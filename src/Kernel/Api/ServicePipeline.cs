using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Audit;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Telemetry;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Kernel.Api;

/// <summary>
/// The path of a request through a service, in this order: request id (so that every answer has one, also a failed one) → token (a bad token is 401
/// wherever it points) → route (404, 405) → microversion (a bad one is 400 or 406) → version window → action key → policy → handler → answer. Anything
/// not here does not happen to a request.
/// </summary>
public sealed partial class ServicePipeline(IReadOnlyList<ServiceApi> services, PolicySet policies, ITokenValidator tokens, TimeProvider clock, ILogger<ServicePipeline> log, AuditTrail? audit = null)
{
    /// <summary>keystonemiddleware's <c>service_token_roles</c>.</summary>
    private const string ServiceRole = "service";

    public IReadOnlyList<ServiceApi> Services => services;

    [GeneratedRegex("^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    private static partial Regex RequestIdShape();

    /// <summary>Registers every declared policy with the engine; called once at start.</summary>
    public void RegisterPolicies()
    {
        foreach (var service in services) { service.RegisterPolicies(policies.Of(service.Name)); }
    }

    /// <summary>Answers a request to one of the services; false when the path is none of theirs.</summary>
    public async Task<bool> HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        ServiceApi? service = null;
        foreach (var candidate in services)
        {
            if (path.StartsWith(candidate.Prefix, StringComparison.Ordinal) && (path.Length == candidate.Prefix.Length || path[candidate.Prefix.Length] == '/'))
            {
                service = candidate;
                break;
            }
        }
        if (service is null) { return false; }
        await HandleAsync(http, service, service.Present(path[service.Prefix.Length..])).ConfigureAwait(false);
        return true;
    }

    private async Task HandleAsync(HttpContext http, ServiceApi service, string path)
    {
        var start = clock.GetTimestamp();
        var asked = http.Request.Headers["X-Openstack-Request-Id"].FirstOrDefault();
        var context = new RequestContext
        {
            RequestId = Ids.NewId.Request(),
            GlobalRequestId = asked is not null && RequestIdShape().IsMatch(asked) ? asked : null,
            Now = clock.Now(),
            RemoteAddress = http.Connection.RemoteIpAddress?.ToString(),
            Token = http.Request.Headers["X-Auth-Token"].FirstOrDefault() is { Length: > 0 } token ? token : null,
            Notes = audit?.Notes(),
        };
        http.Response.Headers["X-Openstack-Request-Id"] = context.RequestId;
        if (service.Type is "compute") { http.Response.Headers["x-compute-request-id"] = context.RequestId; }
        try
        {
            await DispatchAsync(http, service, path, context).ConfigureAwait(false);
        }
        catch (ApiError error)
        {
            if (context.Notes is { } notes) { notes.Reason = error.Message; }
            await WriteErrorAsync(http, service, error, context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            LogAborted(context.RequestId, http.Request.Method, path);
        }
        catch (Exception error) when (StoreFailure.IsUnfitText(error))
        {
            await WriteErrorAsync(http, service, new BadRequestError("The request holds a text with the character NUL."), context).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            LogFault(error, context.RequestId, http.Request.Method, service.Prefix + path);
            ApiError answer = StoreFailure.Reason(error) is { } reason
                ? new UnavailableError(reason)
                : new ApiError(500, $"Unexpected API Error. The log of the cloud has more under {context.RequestId}.");
            await WriteErrorAsync(http, service, answer, context).ConfigureAwait(false);
        }
        if (context.Notes is not null) { await audit!.WriteAsync(http, service, context).ConfigureAwait(false); }
        Instruments.Request(service.Name, http.Request.Method, http.Response.StatusCode, clock.GetElapsedTime(start));
    }

    private ValueTask<Identity?> IdentifyAsync(string token, bool alsoExpired, CancellationToken cancel) =>
        alsoExpired ? tokens.ValidateExpiredAsync(token, cancel) : tokens.ValidateAsync(token, cancel);

    private async Task DispatchAsync(HttpContext http, ServiceApi service, string path, RequestContext context)
    {
        var match = service.Match(path);
        // Refused reads are no events, and the way of most requests.
        if (context.Notes is { } notes && !HttpMethods.IsGet(http.Request.Method)) { notes.Endpoint = match.Endpoints?.FirstOrDefault(e => e.Method == http.Request.Method); }
        var isPublic = match.Endpoints is { } all && IsPublic(all, http.Request.Method);
        var isChained = await IsChainedAsync(http, isPublic).ConfigureAwait(false);
        if (context.Token is { } token && await IdentifyAsync(token, isChained, http.RequestAborted).ConfigureAwait(false) is { } identity
            && (isChained || identity.AccessRules is not { } rules || AccessRule.Allow(rules, service.Type, http.Request.Method, service.Prefix, path)))
        {
            context = context with { Identity = identity };
            if (context.Notes is { } known) { known.Identity = identity; }
        }
        else if (!isPublic)
        {
            throw new UnauthorizedError();
        }

        var version = ApiVersion.None;
        if (service.Versions is { } scheme && (!isPublic || service.VersionsEverywhere))
        {
            version = scheme.Negotiate(http.Request.Headers);
            scheme.Announce(http.Response.Headers, version);
        }
        if (match.Endpoints is null) { throw service.Errors.NoRoute(); }
        var method = http.Request.Method;
        var candidates = match.Endpoints.Where(e => e.Method == method).ToList();
        if (candidates.Count == 0 && HttpMethods.IsHead(method)) { candidates = [.. match.Endpoints.Where(e => e.Method == "GET")]; }
        if (candidates.Count == 0)
        {
            // A path that ends with a slash names a member with an empty id, and there is none: DELETE /things/ is 404, not 405 of the collection.
            if (path.Length > 1 && path[^1] == '/') { throw service.Errors.NoRoute(); }
            throw WithAllow(service.Errors.NoMethod(method), match.Endpoints);
        }
        var limit = candidates.Max(c => c.BodyLimit) is var max && candidates.Any(c => c.BodyLimit == 0) ? 0 : candidates.Max(c => c.BodyLimit);
        if (limit > 0)
        {
            if (http.Request.ContentLength > limit) { throw new ApiError(413, "Request is too large."); }
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) { size.MaxRequestBodySize = limit; }
        }
        else if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) { size.MaxRequestBodySize = null; }

        JsonElement? json = null;
        Endpoint? endpoint;
        if (candidates[0].ActionName is not null)
        {
            json = await Call.ReadJsonAsync(http, service.Errors, http.RequestAborted).ConfigureAwait(false);
            if (json.Value.ValueKind != JsonValueKind.Object) { throw service.Errors.Malformed("The body is not an object."); }
            // A default JsonProperty has no name to ask for.
            var key = json.Value.EnumerateObject().Select(p => p.Name).FirstOrDefault();
            var named = candidates.Where(c => c.ActionName == key).ToList();
            endpoint = named.FirstOrDefault(c => c.Exists(version));
            if (endpoint is null)
            {
                throw named.Count > 0 ? service.Errors.NoRoute() : new BadRequestError(key is null ? "Malformed request body" : $"There is no such action: {key}");
            }
        }
        else
        {
            endpoint = candidates.FirstOrDefault(c => c.Exists(version)) ?? throw service.Errors.NoRoute();
        }
        var route = RouteTable.Values(endpoint, path);
        if (context.Notes is { } gathered) { (gathered.Endpoint, gathered.Route) = (endpoint, route); }
        var call = new Call(http, context, endpoint, version, route, policies.Of(service.Name), LogDenied, json);
        if (endpoint.PolicyName is { } rule && !endpoint.EnforcedInOperation)
        {
            var who = context.Who;
            var target = new Dictionary<string, object?>(StringComparer.Ordinal) { ["project_id"] = who.ProjectId, ["tenant_id"] = who.ProjectId, ["user_id"] = who.UserId, ["domain_id"] = who.DomainId };
            if (!call.Allows(rule, target))
            {
                if (service.BodyBeforePolicy && method is "POST" or "PUT" && json is null && call.HasBody)
                {
                    // Malformed JSON is 400 even to whom policy refuses.
                    await call.JsonAsync().ConfigureAwait(false);
                }
                throw call.Denied(rule, target);
            }
        }
        using var activity = Instruments.Activities.StartActivity(endpoint.ToString(), ActivityKind.Server);
        var reply = await endpoint.Handler(call).ConfigureAwait(false);
        await reply.WriteAsync(call).ConfigureAwait(false);
    }

    /// <summary>
    /// True when a service passes on what its user asked of it (keystonemiddleware's service token): the user's token may then be over for a while, and the access rules of an application credential,
    /// which speak of what the user asks first, do not count. Whoever is no service has no business with the header.
    /// </summary>
    private async ValueTask<bool> IsChainedAsync(HttpContext http, bool isPublic)
    {
        if (isPublic || http.Request.Headers["X-Service-Token"].FirstOrDefault() is not { Length: > 0 } token) { return false; }
        return await tokens.ValidateAsync(token, http.RequestAborted).ConfigureAwait(false) is { } service && service.Roles.Contains(ServiceRole, StringComparer.OrdinalIgnoreCase)
            ? true : throw new UnauthorizedError();
    }

    /// <summary>Told by the endpoints of the method, since Keystone's POST of a token is public and its DELETE is not; by all of the path for a method that none has.</summary>
    private static bool IsPublic(IReadOnlyList<Endpoint> endpoints, string method)
    {
        bool Fits(Endpoint endpoint) => endpoint.Method == method || (HttpMethods.IsHead(method) && endpoint.Method == "GET");
        return endpoints.Any(Fits) ? endpoints.Where(Fits).All(e => e.IsPublic) : endpoints.All(e => e.IsPublic);
    }

    private static ApiError WithAllow(ApiError error, IReadOnlyList<Endpoint> endpoints) => new(error.Status, error.Message, error.Type)
    {
        Detail = error.Detail,
        Headers = new Dictionary<string, string> { ["Allow"] = string.Join(", ", endpoints.Select(e => e.Method).Distinct().Order(StringComparer.Ordinal)) },
    };

    private async Task WriteErrorAsync(HttpContext http, ServiceApi service, ApiError error, RequestContext context)
    {
        if (http.Response.HasStarted)
        {
            LogLate(error, context.RequestId);
            http.Abort();
            return;
        }
        http.Response.StatusCode = error.Status;
        foreach (var (name, value) in error.Headers ?? RouteMatch.NoValues) { http.Response.Headers[name] = value; }
        if (error.Status == 401) { http.Response.Headers.WWWAuthenticate = $"Keystone uri=\"{http.Request.Scheme}://{http.Request.Host}/identity\""; }
        // 300 and 304 carry what the error says in their headers, no envelope.
        http.Response.ContentType = service.Errors.ContentType;
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        if (service.Errors.Render(http, error, context.RequestId) is { } rendered)
        {
            http.Response.ContentType = rendered.ContentType;
            System.Buffers.BuffersExtensions.Write(buffer, System.Text.Encoding.UTF8.GetBytes(rendered.Text));
        }
        else
        {
            await using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = WireJson.For(ApiVersion.None).Encoder });
            service.Errors.Write(writer, error, context.RequestId);
        }
        http.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(http.Request.Method)) { await http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted).ConfigureAwait(false); }
    }

    /// <summary>The client learns the rule's name only, as upstream has it; the operator why. Explaining costs some microseconds, and only those who are refused.</summary>
    private void LogDenied(RequestContext context, PolicyExplanation why)
    {
        if (log.IsEnabled(LogLevel.Information)) { LogDenial(context.RequestId, context.Who.UserId, why.Check, why.Why()); }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{RequestId} user {User} was refused by {Rule}: {Why}")]
    private partial void LogDenial(string requestId, string user, string rule, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "{RequestId} {Method} {Path} failed")]
    private partial void LogFault(Exception error, string requestId, string method, string path);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{RequestId} {Method} {Path}: the client went away")]
    private partial void LogAborted(string requestId, string method, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "{RequestId} failed after its answer had begun")]
    private partial void LogLate(Exception error, string requestId);
}
