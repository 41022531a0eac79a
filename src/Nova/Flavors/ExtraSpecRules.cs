using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Versions;

namespace Nephos.Nova.Flavors;

/// <summary>
/// Since 2.86 extra specs in upstream's own namespaces must be known (<c>nova/api/validation/extra_specs</c>). Names are checked, and the values of those that
/// are yes or no; a name outside these namespaces is anybody's.
/// </summary>
internal static class ExtraSpecRules
{
    private static readonly FrozenSet<string> Namespaces = FrozenSet.Create(StringComparer.Ordinal,
        "accel", "aggregate_instance_extra_specs", "capabilities", "hw", "hw_rng", "hw_video", "os", "pci_passthrough", "powervm", "quota", "resources", "trait", "vmware");

    private static readonly FrozenSet<string> Names = FrozenSet.Create(StringComparer.Ordinal,
        "accel:device_profile", "hide_hypervisor_id", "hw:boot_menu", "hw:cpu_cores", "hw:cpu_dedicated_mask", "hw:cpu_max_cores", "hw:cpu_max_sockets", "hw:cpu_max_threads",
        "hw:cpu_policy", "hw:cpu_realtime", "hw:cpu_realtime_mask", "hw:cpu_sockets", "hw:cpu_thread_policy", "hw:cpu_threads", "hw:emulator_threads_policy",
        "hw:ephemeral_encryption", "hw:ephemeral_encryption_format", "hw:hide_hypervisor_id", "hw:input_bus", "hw:locked_memory", "hw:maxphysaddr_bits", "hw:maxphysaddr_mode",
        "hw:mem_encryption", "hw:mem_encryption_model", "hw:mem_page_size", "hw:numa_nodes", "hw:pci_numa_affinity_policy", "hw:pmem", "hw:pointer_model",
        "hw:qemu_monitor_announce_self", "hw:serial_port_count", "hw:sound_model", "hw:tpm_model", "hw:tpm_secret_security", "hw:tpm_version", "hw:usb_model", "hw:vif_multiqueue_enabled",
        "hw:viommu_model", "hw:virtio_packed_ring", "hw:watchdog_action", "hw_rng:allowed", "hw_rng:rate_bytes", "hw_rng:rate_period", "hw_video:ram_max_mb", "os:monitors",
        "os:resolution", "os:secure_boot", "os:vram", "pci_passthrough:alias", "quota:cpu_period", "quota:cpu_quota", "quota:cpu_shares", "quota:cpu_shares_level",
        "quota:cpu_shares_share", "quota:disk_read_bytes_sec", "quota:disk_read_iops_sec", "quota:disk_total_bytes_sec", "quota:disk_total_iops_sec", "quota:disk_write_bytes_sec",
        "quota:disk_write_iops_sec", "quota:vif_inbound_average", "quota:vif_inbound_burst", "quota:vif_inbound_peak", "quota:vif_outbound_average", "quota:vif_outbound_burst",
        "quota:vif_outbound_peak", "quota:memory_limit", "quota:memory_reservation", "quota:memory_shares_level", "quota:memory_shares_share");

    private static readonly FrozenSet<string> Flags = FrozenSet.Create(StringComparer.Ordinal,
        "hw:boot_menu", "hw:cpu_realtime", "hw:ephemeral_encryption", "hw:hide_hypervisor_id", "hw:locked_memory", "hw:mem_encryption", "hw:qemu_monitor_announce_self",
        "hw:vif_multiqueue_enabled", "hw:virtio_packed_ring", "hw_rng:allowed");

    private static readonly (string Name, string[] Values)[] Enums =
    [
        ("hw:cpu_policy", ["dedicated", "shared", "mixed"]), ("hw:cpu_thread_policy", ["prefer", "isolate", "require"]), ("hw:emulator_threads_policy", ["isolate", "share"]),
        ("hw:watchdog_action", ["none", "pause", "poweroff", "reset", "disabled"]), ("os:secure_boot", ["disabled", "optional", "required"]), ("trait", ["required", "forbidden"]),
    ];

    public static void Check(ApiVersion version, IReadOnlyDictionary<string, string> specs)
    {
        if (version < Microversions.V2_86) { return; }
        foreach (var (name, value) in specs) { Check(name, value); }
    }

    private static void Check(string name, string value)
    {
        var parts = name.Split(':', 2);
        var space = Regex.Replace(parts[0], "^(resources|trait)[a-zA-Z0-9_-]+$", "$1");
        if (parts.Length == 2 && Namespaces.Contains(space) && !Names.Contains(name)
            && space is not ("resources" or "trait" or "capabilities" or "aggregate_instance_extra_specs" or "vmware" or "powervm")
            && !Regex.IsMatch(name, @"^hw:(numa_(cpus|mem)\.\d+|cpu_dedicated_mask|numa_.*)$"))
        {
            throw new BadRequestError($"Validation failed; extra spec '{name}' does not appear to be a valid extra spec.");
        }
        if (Flags.Contains(name) && Kernel.Wire.WireBoolean.Parse(value) is null)
        {
            throw new BadRequestError($"Validation failed; '{value}' is not a valid value for '{name}' extra spec.");
        }
        foreach (var (known, values) in Enums)
        {
            if ((known == name || (known == "trait" && space == "trait" && parts.Length == 2)) && !values.Contains(value, StringComparer.Ordinal))
            {
                throw new BadRequestError($"Validation failed; '{value}' is not one of {string.Join(", ", values)}.");
            }
        }
    }
}
