using Nephos.Kernel.Auth;
using Nephos.Keystone.RoleAssignments;

namespace Nephos.Keystone.Tokens;

/// <summary>A valid token with all that it stands for today.</summary>
internal sealed record TokenModel
{
    public required TokenPayload Payload { get; init; }
    public required Identity Identity { get; init; }
    public required IReadOnlyList<RoleName> Roles { get; init; }
    /// <summary>Clouds that take our word for the user; null when there is none.</summary>
    public IReadOnlyList<Federation.ServiceProviders.ServiceProviderName>? ServiceProviders { get; init; }
    /// <summary>The user's options as they are stored: which methods a login of theirs needs.</summary>
    public string? UserOptions { get; init; }
    public DateTime? PasswordExpiresAt { get; init; }
    /// <summary>The scope is a domain taken as a project.</summary>
    public bool ProjectIsDomain { get; init; }
    public Narrowing Narrowing { get; init; } = new();

    /// <summary>The token's own part of its body (<see cref="TokenRenderer"/>), once it was asked for; a copy of the model does not take it along.</summary>
    public byte[]? Rendered
    {
        get => _rendered is { } rendered && ReferenceEquals(rendered.Of, this) ? rendered.Json : null;
        set => _rendered = value is null ? null : new RenderedJson(this, value);
    }

    private RenderedJson? _rendered;

    private sealed class RenderedJson(TokenModel of, byte[] json)
    {
        public TokenModel Of => of;
        public byte[] Json => json;
    }

    public bool IsScoped => Payload.ProjectId is not null || Payload.DomainId is not null || Payload.System is not null;

    /// <summary>True when a change of this user, project or domain can concern the token.</summary>
    public bool Names(string id) => id == Identity.UserId || id == Payload.UserId || (Narrowing.Trusts is { } trusts && trusts.Exists(t => t.Id == id || t.TrustorUserId == id || t.TrusteeUserId == id)) || id == Payload.ProjectId || id == Payload.DomainId || id == Identity.UserDomainId || id == Identity.ProjectDomainId
        || Payload.AuditIds.Contains(id) || id == Payload.ApplicationCredentialId || id == Payload.TrustId || id == Payload.AccessTokenId;
}
