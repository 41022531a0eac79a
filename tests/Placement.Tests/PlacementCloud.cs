using Nephos.Kernel.Api;
using Nephos.Testing;

namespace Nephos.Placement.Tests;

/// <summary>A cloud of Placement alone.</summary>
public sealed class PlacementCloud : TestCloud
{
    public PlacementCloud() => QueryCount.Listen();

    protected override IReadOnlyList<INephosService> Services_ => [new PlacementService()];
}
