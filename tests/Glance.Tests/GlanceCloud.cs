using Nephos.Kernel.Api;
using Nephos.Testing;

namespace Nephos.Glance.Tests;

/// <summary>A cloud of Glance alone.</summary>
public class GlanceCloud : TestCloud
{
    protected override IReadOnlyList<INephosService> Services_ => [new GlanceService()];
}
