using Nephos.Glance;
using Nephos.Kernel.Api;
using Nephos.Keystone;
using Nephos.Neutron;
using Nephos.Nova;
using Nephos.Placement;

namespace Nephos.Host;

/// <summary>The services of the cloud, in the order in which they are prepared: Keystone first, since the others are listed in its catalog.</summary>
public static class ServiceList
{
    public static IReadOnlyList<INephosService> All() =>
    [
        new KeystoneService(),
        new GlanceService(),
        new PlacementService(),
        new NeutronService(),
        new NovaService(),
    ];
}
