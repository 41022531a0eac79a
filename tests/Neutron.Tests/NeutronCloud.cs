using Nephos.Kernel.Api;
using Nephos.Node;
using Nephos.Testing;

namespace Nephos.Neutron.Tests;

/// <summary>A cloud with Neutron alone and no node: tests play the node themselves, through <see cref="Contracts.Node.INetworkFeed"/>.</summary>
public sealed class NeutronCloud : TestCloud
{
    protected override IReadOnlyList<INephosService> Services_ => [new NeutronService()];
    protected override NodeOptions? NodeFor(string directory) => null;
}
