using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Federation.IdentityProviders;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Federation.Protocols;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation;

/// <summary>Where a statement comes from, and how it is read.</summary>
internal sealed record FederatedSource(IdentityProvider Provider, FederationProtocol Protocol, Mapping Mapping, IReadOnlyList<string> RemoteIds)
{
    public string SchemaVersion => Mapping.SchemaVersion;

    /// <summary>Whether a token that came from there still counts: the identity provider enabled, its protocol and the mapping there.</summary>
    public static Task<bool> IsUsableAsync(KeystoneDb db, FederatedPayload source)
    {
        var (idp, protocol) = (source.IdentityProviderId, source.ProtocolId);
        return db.FederationProtocols.AnyAsync(p => p.IdpId == idp && p.Id == protocol && db.IdentityProviders.Any(i => i.Id == idp && i.Enabled) && db.Mappings.Any(m => m.Id == p.MappingId));
    }
}
