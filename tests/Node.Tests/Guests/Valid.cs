using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;

namespace Nephos.Node.Tests.Guests;

/// <summary>Records that are right, to be changed with <c>with</c>.</summary>
internal static class Valid
{
    public const string ImageId = "7d0b5a3e-3b1c-4a55-9d7a-111111111111";

    public static GuestSpec Guest(string? id = null) => new()
    {
        Id = id ?? NewId.Uuid(),
        ProjectId = "0123456789abcdef0123456789abcdef",
        InstanceName = "instance-00000001",
        Generation = 1,
        Power = GuestPower.Running,
        Boots = 1,
        Vcpus = 1,
        RamMib = 128,
        Root = new GuestDisk(ImageId, "qcow2", 1),
        Nics = [Nic()],
    };

    public static GuestNic Nic()
    {
        var port = NewId.Uuid();
        return new GuestNic(port, NewId.Uuid(), $"fa:16:3e:{port[..2]}:{port[2..4]}:{port[4..6]}", 1450);
    }
}
