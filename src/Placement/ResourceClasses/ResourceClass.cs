using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;

namespace Nephos.Placement.ResourceClasses;

/// <summary>A kind of resource that an operator made; its name begins with <c>CUSTOM_</c> (placement api-ref, "Resource Classes").</summary>
public sealed class CustomResourceClass
{
    public required string Name { get; set; }
    public required DateTime CreatedAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<CustomResourceClass>(resourceClass =>
    {
        resourceClass.ToTable("custom_resource_classes");
        resourceClass.HasKey(c => c.Name);
    });
}

/// <summary>The classes of upstream's os-resource-classes library, in its order.</summary>
internal static partial class StandardResourceClasses
{
    /// <summary>schemas/common: CUSTOM_RC_PATTERN, at most 255 characters.</summary>
    [GeneratedRegex("^CUSTOM_[A-Z0-9_]+$")]
    public static partial Regex CustomName();

    public static IReadOnlyList<string> All { get; } =
    [
        "VCPU", "MEMORY_MB", "DISK_GB", "PCI_DEVICE", "SRIOV_NET_VF", "NUMA_SOCKET", "NUMA_CORE", "NUMA_THREAD", "NUMA_MEMORY_MB", "IPV4_ADDRESS",
        "VGPU", "VGPU_DISPLAY_HEAD", "NET_BW_EGR_KILOBIT_PER_SEC", "NET_BW_IGR_KILOBIT_PER_SEC", "PCPU", "MEM_ENCRYPTION_CONTEXT", "FPGA", "PGPU",
        "NET_PACKET_RATE_KILOPACKET_PER_SEC", "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC", "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
    ];

    /// <summary>Place in upstream's order: standard classes as they were brought in, custom ones after them.</summary>
    public static int Order(string name) => All.TakeWhile(c => c != name).Count();

    public static bool IsCustomName(string name) => name.Length <= 255 && CustomName().IsMatch(name);
}
