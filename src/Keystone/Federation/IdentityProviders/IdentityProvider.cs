using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Federation.IdentityProviders;

/// <summary>
/// Someone else who may say who a user is. Upstream: identity api-ref, OS-FEDERATION, "Identity providers".
/// <list type="bullet">
/// <item>Its users live in its domain, which is made with it unless one is named.</item>
/// <item>A remote id belongs to one identity provider only: by it the provider of an assertion is found.</item>
/// </list>
/// </summary>
public sealed class IdentityProvider
{
    public required string Id { get; set; }
    public required string DomainId { get; set; }
    public bool Enabled { get; set; }
    public string? Description { get; set; }
    /// <summary>Minutes for which a login's groups stay the user's beyond the token; null takes the configured default, 0 is not at all.</summary>
    public int? AuthorizationTtl { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<IdentityProvider>(provider =>
        {
            provider.ToTable("identity_providers");
            provider.HasKey(p => p.Id);
            provider.HasIndex(p => p.DomainId);
        });
        model.Entity<RemoteId>(remote =>
        {
            remote.ToTable("idp_remote_ids");
            remote.HasKey(r => r.Id);
            remote.HasIndex(r => r.IdpId);
            remote.HasOne<IdentityProvider>().WithMany().HasForeignKey(r => r.IdpId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A name that an identity provider goes by in its assertions: a SAML entity id, an OpenID issuer.</summary>
public sealed class RemoteId
{
    public required string Id { get; set; }
    public required string IdpId { get; set; }
}
