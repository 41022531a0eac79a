using Nephos.Kernel.Api;
using Nephos.Testing;

namespace Nephos.Neutron.Tests;

/// <summary>A cloud with Neutron alone.</summary>
public sealed class NeutronCloud : TestCloud
{
    protected override IReadOnlyList<INephosService> Services_ => [new NeutronService()];
}
