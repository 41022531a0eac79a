using Nephos.Keystone.Federation.IdentityProviders;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Federation.Protocols;

namespace Nephos.Keystone.Federation;

/// <summary>Where a statement comes from, and how it is read.</summary>
internal sealed record FederatedSource(IdentityProvider Provider, FederationProtocol Protocol, Mapping Mapping, IReadOnlyList<string> RemoteIds)
{
    public string SchemaVersion => Mapping.SchemaVersion;
}
