using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Endpoint = Nephos.Kernel.Api.Endpoint;

namespace Nephos.Kernel.Audit;

/// <summary>
/// From a request that ended to its events: one for each change that it wrote down, one for a login by whatever way, and one for whatever was refused, with the reason. Reads are no events. Names of events are
/// upstream's: <c>identity.user.created</c>, <c>identity.role_assignment.deleted</c>, <c>identity.authenticate</c>; other services' are made the same way.
/// </summary>
public sealed class AuditTrail(AuditSettings settings, AuditLog log, CloudFacts facts)
{
    private readonly HashSet<string> _optOut = [.. settings.OptOut];

    /// <summary>pyCADF's taxonomy of what Keystone has (<c>CADF_TYPE_MAP</c>).</summary>
    private static readonly Dictionary<string, string> IdentityTypes = new(StringComparer.Ordinal)
    {
        ["group"] = "data/security/group", ["project"] = "data/security/project", ["role"] = "data/security/role", ["user"] = "data/security/account/user", ["domain"] = "data/security/domain",
        ["region"] = "data/security/region", ["endpoint"] = "data/security/endpoint", ["service"] = "data/security/service", ["policy"] = "data/security/policy", ["OS-TRUST:trust"] = "data/security/trust",
        ["OS-OAUTH1:access_token"] = "data/security/credential", ["OS-OAUTH1:request_token"] = "data/security/credential", ["OS-OAUTH1:consumer"] = "data/security/account", ["application_credential"] = "data/security/credential",
        ["role_assignment"] = "service/security/account/user",
    };

    /// <summary>What a request notes down for its event. A GET may turn out to be a login: browsers come back from an identity provider by one.</summary>
    public AuditNotes? Notes() => settings.Enabled ? new AuditNotes() : null;

    private static bool Reads(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    public async ValueTask WriteAsync(HttpContext http, ServiceApi service, RequestContext context)
    {
        if (context.Notes is not { Endpoint: { } endpoint } notes || (Reads(http.Request.Method) && !notes.IsLogin)) { return; }
        foreach (var made in Events(http.Request.Method, http.Response.StatusCode, service, endpoint, context, notes))
        {
            if (_optOut.Contains(notes.IsLogin ? $"{made.EventType}.{made.Outcome}" : made.EventType)) { continue; }
            await log.WriteAsync((made with { Agent = http.Request.Headers.UserAgent.ToString() }).ToLine(facts.Host)).ConfigureAwait(false);
        }
    }

    internal static IEnumerable<CadfEvent> Events(string method, int status, ServiceApi service, Endpoint endpoint, RequestContext context, AuditNotes notes)
    {
        var failed = status >= 400;
        var form = new CadfEvent
        {
            EventType = "", Action = "", TargetType = "", TargetId = "",
            Outcome = failed ? CadfEvent.Failure : CadfEvent.Success,
            Service = service.Type,
            Observer = service.Type == "identity" ? "service/security" : "service/" + service.Type,
            Context = context,
            Identity = notes.Identity,
            Status = status,
            Reason = notes.Reason,
        };
        if (notes.IsLogin)
        {
            yield return form with
            {
                EventType = service.Type + ".authenticate", Action = "authenticate", TargetType = "service/security/account/user", TargetId = notes.UserId is { Length: > 0 } id ? CadfEvent.ResourceId(id) : "unknown",
                UserId = notes.UserId, UserName = notes.UserName, DomainId = notes.DomainId, DomainName = notes.DomainName,
            };
            yield break;
        }
        if (!failed && notes.Changes is { } changes)
        {
            foreach (var change in changes) { yield return Of(form, service, change.ResourceType, change.Action, change.ResourceId, change.ProjectId); }
            yield break;
        }
        yield return Of(form, service, ResourceOf(endpoint.Path), OperationOf(method, endpoint.ActionName), notes.Route is { Count: > 0 } route ? route.Values.Last() : "unknown", null);
    }

    private static CadfEvent Of(CadfEvent form, ServiceApi service, string type, string action, string id, string? projectId)
    {
        var more = new List<(string, string)> { ("resource_info", id) };
        if (type == "role" && action is "grant" or "revoke")
        {
            more = [("role", id)];
            if (projectId is not null) { more.Add(("project", projectId)); }
            type = "role_assignment";
        }
        if (service.Type == "identity" && type == "trust") { type = "OS-TRUST:trust"; }
        var operation = action switch
        {
            "create" or "grant" => "created",
            "update" or "change-password" or "add-user" or "remove-user" => "updated",
            "delete" or "revoke" => "deleted",
            _ => action,
        };
        var target = service.Type == "identity" ? IdentityTypes.GetValueOrDefault(type, "unknown") : $"service/{service.Type}/{type}";
        return form with { EventType = $"{service.Type}.{type}.{operation}", Action = $"{operation}.{type}", TargetType = target, TargetId = id, More = more };
    }

    private static string OperationOf(string method, string? action) => action ?? method switch
    {
        "POST" => "create",
        "DELETE" => "delete",
        _ => "update",
    };

    /// <summary>The last word of a path, in the singular.</summary>
    internal static string ResourceOf(string path)
    {
        var word = path.Split('/', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(s => s[0] != '{') ?? "unknown";
        return word.EndsWith("ies", StringComparison.Ordinal) ? word[..^3] + "y" : word.EndsWith("sses", StringComparison.Ordinal) ? word[..^2] : word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) ? word[..^1] : word;
    }
}
