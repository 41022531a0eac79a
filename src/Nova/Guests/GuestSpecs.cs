using Nephos.Contracts.Node;
using Nephos.Nova.Servers;

namespace Nephos.Nova.Guests;

/// <summary>A guest's record out of its server.</summary>
internal static class GuestSpecs
{
    public static GuestSpec Of(Server server) => new()
    {
        Id = server.Id,
        ProjectId = server.ProjectId,
        InstanceName = server.InstanceName,
        Generation = 1,
        Power = GuestPower.Running,
        Boots = 1,
        Vcpus = server.Flavor.Vcpus,
        RamMib = server.Flavor.RamMib,
        Root = new GuestDisk(server.ImageId, server.ImageFormat, server.Flavor.RootGib),
        Nics = NicsOf(server),
        ConfigDrive = server.ConfigDrive,
        Hardware = Servers.Hardware.Of(server.ImageProperties),
    };

    public static List<GuestNic> NicsOf(Server server) =>
        [.. server.Nics.Join(server.Network, n => n.PortId, v => v.PortId, (_, v) => new GuestNic(v.PortId, v.NetworkId, v.Mac, v.Mtu))];
}
