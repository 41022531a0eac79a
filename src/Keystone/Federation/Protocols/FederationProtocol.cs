using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Federation.IdentityProviders;

namespace Nephos.Keystone.Federation.Protocols;

/// <summary>
/// How an identity provider's assertions come in (<c>openid</c>, <c>saml2</c>, <c>mapped</c>) and which mapping reads them. Upstream: identity api-ref, OS-FEDERATION, "Identity providers".
/// The mapping is no foreign key: upstream lets one be deleted that is still named, and so ends what was mapped by it.
/// </summary>
public sealed class FederationProtocol
{
    public required string Id { get; set; }
    public required string IdpId { get; set; }
    public required string MappingId { get; set; }
    /// <summary>The attribute of assertions that holds the identity provider's remote id; null takes the configured one.</summary>
    public string? RemoteIdAttribute { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<FederationProtocol>(protocol =>
    {
        protocol.ToTable("federation_protocols");
        protocol.HasKey(p => new { p.IdpId, p.Id });
        protocol.HasIndex(p => p.MappingId);
        protocol.HasOne<IdentityProvider>().WithMany().HasForeignKey(p => p.IdpId).OnDelete(DeleteBehavior.Cascade);
    });
}
