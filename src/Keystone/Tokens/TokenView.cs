using Nephos.Kernel.Wire;
using Nephos.Keystone.AccessRules;
using Nephos.Keystone.Catalog;
using Nephos.Keystone.RoleAssignments;

namespace Nephos.Keystone.Tokens;

/// <summary>A token's body. Upstream: <c>keystone/common/render_token.py</c>.</summary>
public sealed record TokenView(IReadOnlyList<string> Methods, TokenUserView User, IReadOnlyList<string> AuditIds, string ExpiresAt, string IssuedAt)
{
    [OmitNull] public NameInDomainView? Project { get; init; }
    [OmitNull] public bool? IsDomain { get; init; }
    [OmitNull] public NameView? Domain { get; init; }
    [OmitNull, WireName("OS-TRUST:trust")] public TokenTrustView? Trust { get; init; }
    [OmitNull] public TokenCredentialView? ApplicationCredential { get; init; }
    [OmitNull, WireName("OS-OAUTH1")] public TokenOAuth1View? OAuth1 { get; init; }
    [OmitNull] public TokenCertificateView? Oauth2Credential { get; init; }
    [OmitNull] public SystemView? System { get; init; }
    [OmitNull] public IReadOnlyList<RoleName>? Roles { get; init; }
    [OmitNull] public IReadOnlyList<CatalogService>? Catalog { get; init; }
    [OmitNull] public IReadOnlyList<Federation.ServiceProviders.ServiceProviderName>? ServiceProviders { get; init; }

    internal static TokenView Of(TokenModel model, IReadOnlyList<CatalogService>? catalog)
    {
        var (who, payload) = (model.Identity, model.Payload);
        return new TokenView(
            payload.MethodList,
            TokenUserView.Of(model),
            payload.AuditIds, WireTime.MicrosZ(payload.ExpiresAt), WireTime.MicrosZ(who.IssuedAt))
        {
            Project = who.ProjectId is { } id ? new NameInDomainView(new NameView(who.ProjectDomainId!, who.ProjectDomainName!), id, who.ProjectName!) : null,
            IsDomain = who.ProjectId is null || payload.TrustId is not null ? null : model.ProjectIsDomain,
            Trust = model.Narrowing.Trust is { } trust ? new TokenTrustView(trust.Id, new IdView(trust.TrustorUserId), new IdView(trust.TrusteeUserId), trust.Impersonation) : null,
            OAuth1 = model.Narrowing.AccessToken is { } access ? new TokenOAuth1View(access.Id, access.ConsumerId) : null,
            Oauth2Credential = payload.Thumbprint is { } thumbprint ? new TokenCertificateView(thumbprint) : null,
            ApplicationCredential = model.Narrowing.Credential is { } credential
                ? new TokenCredentialView(credential.Id, credential.Name, credential.Unrestricted is not true) { AccessRules = model.Narrowing.Rules.Count > 0 ? [.. model.Narrowing.Rules.Select(AccessRuleView.Of)] : null }
                : null,
            Domain = who.DomainId is { } domain ? new NameView(domain, who.DomainName!) : null,
            System = who.SystemScope is null ? null : new SystemView(true),
            Roles = model.IsScoped ? model.Roles : null,
            Catalog = model.IsScoped ? catalog : null,
            ServiceProviders = model.ServiceProviders,
        };
    }
}

public sealed record NameView(string Id, string Name);
public sealed record NameInDomainView(NameView Domain, string Id, string Name);
/// <summary>A federated user has no password that could end, and says who vouches.</summary>
public sealed record TokenUserView(NameView Domain, string Id, string Name)
{
    public Optional<string?> PasswordExpiresAt { get; init; }
    [OmitNull, WireName("OS-FEDERATION")] public TokenFederationView? Federation { get; init; }

    internal static TokenUserView Of(TokenModel model)
    {
        var who = model.Identity;
        var view = new TokenUserView(new NameView(who.UserDomainId, who.UserDomainName), who.UserId, who.UserName);
        return model.Payload.Federation is { } source
            ? view with { Federation = new([.. source.GroupIds.Select(id => new IdView(id))], new(source.IdentityProviderId), new(source.ProtocolId)) }
            : view with { PasswordExpiresAt = model.PasswordExpiresAt is { } end ? WireTime.Micros(end) : null };
    }
}

public sealed record TokenFederationView(IReadOnlyList<IdView> Groups, IdView IdentityProvider, IdView Protocol);
public sealed record IdView(string Id);
public sealed record SystemView(bool All);
public sealed record TokenTrustView(string Id, IdView TrustorUser, IdView TrusteeUser, bool Impersonation);

public sealed record TokenOAuth1View(string AccessTokenId, string ConsumerId);

/// <summary>The certificate that a token is bound to.</summary>
public sealed record TokenCertificateView([property: WireName("x5t#S256")] string Thumbprint);

/// <summary>The application credential that a token came by.</summary>
/// <param name="Restricted">It may not manage others.</param>
public sealed record TokenCredentialView(string Id, string Name, bool Restricted)
{
    [OmitNull] public IReadOnlyList<AccessRuleView>? AccessRules { get; init; }
}
