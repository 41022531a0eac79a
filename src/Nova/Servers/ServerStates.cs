using System.Collections.Frozen;
using Nephos.Contracts.Node;

namespace Nephos.Nova.Servers;

/// <summary>Words of <c>vm_state</c> (<c>nova/compute/vm_states.py</c>): what a server is.</summary>
internal static class VmStates
{
    public const string Active = "active";
    public const string Building = "building";
    public const string Paused = "paused";
    public const string Suspended = "suspended";
    public const string Stopped = "stopped";
    public const string Deleted = "deleted";
    public const string SoftDeleted = "soft-delete";
    public const string Error = "error";

    /// <summary>What a server is when its guest is found so.</summary>
    public static string Of(GuestPower power) => power switch
    {
        GuestPower.Running => Active,
        GuestPower.Paused => Paused,
        GuestPower.Suspended => Suspended,
        GuestPower.Stopped => Stopped,
        _ => Error,
    };
}

/// <summary>Words of <c>task_state</c> (<c>nova/compute/task_states.py</c>): what is being done to it. Null: nothing.</summary>
internal static class TaskStates
{
    public const string Scheduling = "scheduling";
    public const string Networking = "networking";
    public const string Spawning = "spawning";
    public const string Rebooting = "rebooting";
    public const string RebootingHard = "rebooting_hard";
    public const string Pausing = "pausing";
    public const string Unpausing = "unpausing";
    public const string Suspending = "suspending";
    public const string Resuming = "resuming";
    public const string PoweringOff = "powering-off";
    public const string PoweringOn = "powering-on";
    public const string Deleting = "deleting";
}

/// <summary>Numbers of <c>power_state</c> (<c>nova/objects/fields.py</c>, InstancePowerState).</summary>
internal static class PowerStates
{
    public const int NoState = 0;
    public const int Running = 1;
    public const int Paused = 3;
    public const int Shutdown = 4;

    /// <summary>Upstream's words (<c>nova/compute/power_state.py</c>).</summary>
    public static string Name(int state) => state switch
    {
        Running => "running",
        Paused => "paused",
        Shutdown => "shutdown",
        _ => "pending",
    };

    /// <summary>A suspended guest has no process, so upstream's driver says that it is shut down.</summary>
    public static int Of(GuestPower power) => power switch
    {
        GuestPower.Running => Running,
        GuestPower.Paused => Paused,
        GuestPower.Stopped or GuestPower.Suspended => Shutdown,
        _ => NoState,
    };
}

/// <summary>The one word that clients see as <c>status</c>, out of the two states (<c>nova/api/openstack/common.py</c>, _STATE_MAP).</summary>
internal static class ServerStatus
{
    private const string Default = "default";

    private static readonly FrozenDictionary<string, FrozenDictionary<string, string>> Map = new Dictionary<string, Dictionary<string, string>>
    {
        [VmStates.Active] = new()
        {
            [Default] = "ACTIVE", ["rebooting"] = "REBOOT", ["reboot_pending"] = "REBOOT", ["reboot_started"] = "REBOOT", ["rebooting_hard"] = "HARD_REBOOT",
            ["reboot_pending_hard"] = "HARD_REBOOT", ["reboot_started_hard"] = "HARD_REBOOT", ["updating_password"] = "PASSWORD", ["rebuilding"] = "REBUILD",
            ["rebuild_block_device_mapping"] = "REBUILD", ["rebuild_spawning"] = "REBUILD", ["migrating"] = "MIGRATING", ["resize_prep"] = "RESIZE",
            ["resize_migrating"] = "RESIZE", ["resize_migrated"] = "RESIZE", ["resize_finish"] = "RESIZE",
        },
        [VmStates.Building] = new() { [Default] = "BUILD" },
        [VmStates.Stopped] = new()
        {
            [Default] = "SHUTOFF", ["resize_prep"] = "RESIZE", ["resize_migrating"] = "RESIZE", ["resize_migrated"] = "RESIZE", ["resize_finish"] = "RESIZE",
            ["rebuilding"] = "REBUILD", ["rebuild_block_device_mapping"] = "REBUILD", ["rebuild_spawning"] = "REBUILD",
        },
        ["resized"] = new() { [Default] = "VERIFY_RESIZE", ["resize_reverting"] = "REVERT_RESIZE" },
        [VmStates.Paused] = new() { [Default] = "PAUSED", ["migrating"] = "MIGRATING" },
        [VmStates.Suspended] = new() { [Default] = "SUSPENDED" },
        ["rescued"] = new() { [Default] = "RESCUE" },
        [VmStates.Error] = new() { [Default] = "ERROR", ["rebuilding"] = "REBUILD", ["rebuild_block_device_mapping"] = "REBUILD", ["rebuild_spawning"] = "REBUILD" },
        [VmStates.Deleted] = new() { [Default] = "DELETED" },
        [VmStates.SoftDeleted] = new() { [Default] = "SOFT_DELETED" },
        ["shelved"] = new() { [Default] = "SHELVED" },
        ["shelved_offloaded"] = new() { [Default] = "SHELVED_OFFLOADED" },
    }.ToFrozenDictionary(m => m.Key, m => m.Value.ToFrozenDictionary());

    public static string Of(string vmState, string? taskState) =>
        Map.TryGetValue(vmState, out var tasks) ? tasks.GetValueOrDefault(taskState ?? Default, tasks[Default]) : "UNKNOWN";

    /// <summary>The states behind some statuses, case ignored. Task states are null when they do not matter; both are empty when no status is known.</summary>
    public static (IReadOnlyList<string> Vm, IReadOnlyList<string>? Task) Find(IReadOnlyCollection<string> statuses)
    {
        var (vm, task) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var (state, tasks) in Map)
        {
            foreach (var (name, status) in tasks.Where(t => statuses.Contains(t.Value, StringComparer.OrdinalIgnoreCase)))
            {
                vm.Add(state);
                task.Add(name);
            }
        }
        return ([.. vm], task.Contains(Default) ? null : [.. task]);
    }
}
