namespace Nephos.Kernel.Auth;

/// <summary>Who asks, in which scope, and when: a parameter of every operation, never ambient, so that sagas and reconcilers can carry it too.</summary>
public sealed record RequestContext
{
    public required string RequestId { get; init; }
    /// <summary>From <c>X-Openstack-Request-Id</c> of the caller, when it is well-formed.</summary>
    public string? GlobalRequestId { get; init; }
    /// <summary>The clock's reading when the request came in, UTC, cut to microseconds as databases keep it.</summary>
    public required DateTime Now { get; init; }
    public string? RemoteAddress { get; init; }
    /// <summary>The token that was presented; never logged, never stored.</summary>
    public string? Token { get; init; }
    public Identity? Identity { get; init; }
    /// <summary>What the request gathers for the audit trail; null for the cloud's own work, and where there is no trail.</summary>
    public Audit.AuditNotes? Notes { get; init; }

    /// <summary>The user's id; throws when nobody is logged in.</summary>
    public string UserId => Who.UserId;
    /// <summary>The scope's project; throws when the token is not scoped to one.</summary>
    public string ProjectId => Who.ProjectId ?? throw new InvalidOperationException("the request has no project scope");
    /// <summary>The identity; throws when nobody is logged in.</summary>
    public Identity Who => Identity ?? throw new InvalidOperationException("the request is not authenticated");
    public bool IsAuthenticated => Identity is not null;

    /// <summary>True when the policy personas' admin applies: role admin in any scope.</summary>
    public bool IsAdmin => Identity is { } who && (who.IsService || who.Roles.Contains("admin", StringComparer.OrdinalIgnoreCase));

    /// <summary>A context for the cloud's own work, with all rights.</summary>
    public static RequestContext ForService(string name, DateTime now, string? requestId = null) => new()
    {
        RequestId = requestId ?? Ids.NewId.Request(),
        Now = now,
        Identity = new Identity { UserId = name, UserName = name, Roles = ["admin", "service"], IsService = true, SystemScope = "all" },
    };
}

/// <summary>What a token says after validation.</summary>
public sealed record Identity
{
    public required string UserId { get; init; }
    public string UserName { get; init; } = "";
    public string UserDomainId { get; init; } = "default";
    public string UserDomainName { get; init; } = "Default";
    public string? ProjectId { get; init; }
    public string? ProjectName { get; init; }
    public string? ProjectDomainId { get; init; }
    public string? ProjectDomainName { get; init; }
    /// <summary>Set when the token is scoped to a domain.</summary>
    public string? DomainId { get; init; }
    public string? DomainName { get; init; }
    /// <summary><c>all</c> when the token is scoped to the system.</summary>
    public string? SystemScope { get; init; }
    /// <summary>Names, implied roles included.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];
    public IReadOnlyList<string> RoleIds { get; init; } = [];
    public bool IsAdminProject { get; init; } = true;
    public DateTime ExpiresAt { get; init; }
    public DateTime IssuedAt { get; init; }
    public IReadOnlyList<string> AuditIds { get; init; } = [];
    /// <summary>How the user logged in: <c>password</c>, <c>token</c>, ...</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];
    /// <summary>Set when the token came by an application credential.</summary>
    public string? ApplicationCredentialId { get; init; }
    /// <summary>Whether that credential may manage others.</summary>
    public bool IsUnrestricted { get; init; }
    /// <summary>The only calls that the token is good for; null: all.</summary>
    public IReadOnlyList<AccessRule>? AccessRules { get; init; }
    /// <summary>Set when the token came by a trust.</summary>
    public string? TrustId { get; init; }
    /// <summary>Set when the token came by an OAuth1 access token.</summary>
    public string? OAuthAccessTokenId { get; init; }
    /// <summary>Another user's rights are in it (upstream's <c>is_delegated_auth</c>).</summary>
    public bool IsDelegated => TrustId is not null || OAuthAccessTokenId is not null;
    /// <summary>The cloud's own work, not a token.</summary>
    public bool IsService { get; init; }
}

/// <summary>Implemented by Keystone; called by the request pipeline for every request with a token.</summary>
public interface ITokenValidator
{
    /// <summary>The identity behind a token, or null when it is malformed, expired or revoked.</summary>
    ValueTask<Identity?> ValidateAsync(string token, CancellationToken cancel);

    /// <summary>Likewise, but for a while also of one that is over: a service is at work for its user, who may have begun just before the end (upstream: <c>allow_expired</c>).</summary>
    ValueTask<Identity?> ValidateExpiredAsync(string token, CancellationToken cancel);
}
