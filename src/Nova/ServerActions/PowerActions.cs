using Nephos.Contracts.Node;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerActions;

/// <summary>One line of the table of what may be done in which state.</summary>
/// <param name="Word">The name in the 409: <c>Cannot 'reboot' instance ...</c>.</param>
/// <param name="Action">The instance action that is recorded.</param>
/// <param name="From">Allowed <c>vm_state</c>.</param>
/// <param name="Task">The <c>task_state</c> while it goes on.</param>
/// <param name="Power">What the guest shall be.</param>
/// <param name="Over">Task states that it may take over; null stands for "nothing is being done", which is always allowed.</param>
internal sealed record PowerAction(string Word, string Action, string Happening, IReadOnlyList<string> From, string Task, GuestPower Power, IReadOnlyList<string>? Over = null, RebootKind? Reboot = null)
{
    /// <summary>Why the action is refused in this state: the attribute and its value; null when it is allowed.</summary>
    public (string Attribute, string? State)? Refusal(Server server) =>
        !From.Contains(server.VmState, StringComparer.Ordinal) ? ("vm_state", server.VmState)
        : server.TaskState is { } task && Over?.Contains(task, StringComparer.Ordinal) != true ? ("task_state", task)
        : server.LaunchedAt is null && server.VmState != VmStates.Error ? ("launched_at", null)
        : null;
}

/// <summary>
/// The states and what leads from one to another (<c>nova/compute/api.py</c>, check_instance_state):
/// <code>
/// start    stopped                                          → active
/// stop     active, error                                    → stopped
/// reboot   active; hard also stopped, paused, suspended, error → active
/// pause    active                                           → paused
/// unpause  paused                                           → active
/// suspend  active                                           → suspended
/// resume   suspended                                        → active
/// </code>
/// Only a hard reboot may come while something else goes on.
/// </summary>
internal static class PowerActions
{
    public static readonly PowerAction Start = new("start", "start", "compute_start_instance", [VmStates.Stopped], TaskStates.PoweringOn, GuestPower.Running);
    public static readonly PowerAction Stop = new("stop", "stop", "compute_stop_instance", [VmStates.Active, VmStates.Error], TaskStates.PoweringOff, GuestPower.Stopped);
    public static readonly PowerAction SoftReboot = new("reboot", "reboot", "compute_reboot_instance", [VmStates.Active], TaskStates.Rebooting, GuestPower.Running, Reboot: RebootKind.Soft);
    public static readonly PowerAction HardReboot = new("reboot", "reboot", "compute_reboot_instance",
        [VmStates.Active, VmStates.Stopped, VmStates.Paused, VmStates.Suspended, VmStates.Error], TaskStates.RebootingHard, GuestPower.Running,
        [TaskStates.Rebooting, TaskStates.RebootingHard, TaskStates.Resuming, TaskStates.Unpausing, TaskStates.Pausing, TaskStates.Suspending], RebootKind.Hard);
    public static readonly PowerAction Pause = new("pause", "pause", "compute_pause_instance", [VmStates.Active], TaskStates.Pausing, GuestPower.Paused);
    public static readonly PowerAction Unpause = new("unpause", "unpause", "compute_unpause_instance", [VmStates.Paused], TaskStates.Unpausing, GuestPower.Running);
    public static readonly PowerAction Suspend = new("suspend", "suspend", "compute_suspend_instance", [VmStates.Active], TaskStates.Suspending, GuestPower.Suspended);
    public static readonly PowerAction Resume = new("resume", "resume", "compute_resume_instance", [VmStates.Suspended], TaskStates.Resuming, GuestPower.Running);

    public static readonly IReadOnlyList<PowerAction> All = [Start, Stop, SoftReboot, HardReboot, Pause, Unpause, Suspend, Resume];
}
