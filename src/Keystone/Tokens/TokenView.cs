using Nephos.Kernel.Wire;
using Nephos.Keystone.Catalog;
using Nephos.Keystone.RoleAssignments;

namespace Nephos.Keystone.Tokens;

/// <summary>A token's body. Upstream: <c>keystone/common/render_token.py</c>.</summary>
public sealed record TokenView(IReadOnlyList<string> Methods, TokenUserView User, IReadOnlyList<string> AuditIds, string ExpiresAt, string IssuedAt)
{
    [OmitNull] public NameInDomainView? Project { get; init; }
    [OmitNull] public bool? IsDomain { get; init; }
    [OmitNull] public NameView? Domain { get; init; }
    [OmitNull] public SystemView? System { get; init; }
    [OmitNull] public IReadOnlyList<RoleName>? Roles { get; init; }
    [OmitNull] public IReadOnlyList<CatalogService>? Catalog { get; init; }

    internal static TokenView Of(TokenModel model, IReadOnlyList<CatalogService>? catalog)
    {
        var (who, payload) = (model.Identity, model.Payload);
        return new TokenView(
            payload.MethodList,
            new TokenUserView(new NameView(who.UserDomainId, who.UserDomainName), who.UserId, who.UserName, model.PasswordExpiresAt is { } end ? WireTime.Micros(end) : null),
            payload.AuditIds, WireTime.MicrosZ(payload.ExpiresAt), WireTime.MicrosZ(who.IssuedAt))
        {
            Project = who.ProjectId is { } id ? new NameInDomainView(new NameView(who.ProjectDomainId!, who.ProjectDomainName!), id, who.ProjectName!) : null,
            IsDomain = who.ProjectId is null ? null : model.ProjectIsDomain,
            Domain = who.DomainId is { } domain ? new NameView(domain, who.DomainName!) : null,
            System = who.SystemScope is null ? null : new SystemView(true),
            Roles = model.IsScoped ? model.Roles : null,
            Catalog = model.IsScoped ? catalog : null,
        };
    }
}

public sealed record NameView(string Id, string Name);
public sealed record NameInDomainView(NameView Domain, string Id, string Name);
public sealed record TokenUserView(NameView Domain, string Id, string Name, string? PasswordExpiresAt);
public sealed record SystemView(bool All);
