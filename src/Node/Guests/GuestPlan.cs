using Nephos.Contracts.Node;
using Nephos.Node.Compute;

namespace Nephos.Node.Guests;

/// <summary>One call on the driver.</summary>
internal enum GuestStep
{
    Create,
    Start,
    Reshape,
    Pause,
    Suspend,
    StopGracefully,
    StopHard,
    Remove,
}

/// <summary>
/// Decides what to do so that a guest becomes what its record says: desired and actual in, calls out, nothing done. Because it starts from what is observed,
/// a plan that was cut off anywhere is finished by making the plan again.
/// </summary>
internal static class GuestPlan
{
    /// <summary>The calls, in order. Throws <see cref="GuestException"/> when there is no way.</summary>
    public static IReadOnlyList<GuestStep> Steps(GuestSpec desired, GuestState actual) => desired.Power switch
    {
        GuestPower.Absent => [GuestStep.Remove],
        GuestPower.Stopped => Stop(actual.Power),
        GuestPower.Running => Run(desired, actual),
        GuestPower.Paused => Pause(desired, actual),
        GuestPower.Suspended => Suspend(actual.Power),
        _ => throw new GuestException($"The node does not know the power state {(int)desired.Power}"),
    };

    private static GuestStep[] Stop(GuestPower actual) => actual switch
    {
        GuestPower.Absent => [GuestStep.Create],
        GuestPower.Stopped => [],
        GuestPower.Running => [GuestStep.StopGracefully],
        // A guest whose CPUs are held cannot hear the power button.
        _ => [GuestStep.StopHard],
    };

    private static GuestStep[] Run(GuestSpec desired, GuestState actual) => actual.Power switch
    {
        GuestPower.Absent => [GuestStep.Create, GuestStep.Start],
        GuestPower.Stopped => [GuestStep.Start],
        GuestPower.Running when actual.Boots < desired.Boots =>
            [desired.LastReboot == RebootKind.Soft ? GuestStep.StopGracefully : GuestStep.StopHard, GuestStep.Start],
        _ when actual.Boots < desired.Boots => [GuestStep.StopHard, GuestStep.Start],
        GuestPower.Running => [GuestStep.Reshape],
        // The CPUs first: a guest takes part in the removal of a card.
        _ => [GuestStep.Start, GuestStep.Reshape],
    };

    private static GuestStep[] Pause(GuestSpec desired, GuestState actual) => actual.Power switch
    {
        GuestPower.Absent or GuestPower.Stopped => throw new GuestException("The guest cannot be paused because it does not run"),
        _ when actual.Boots < desired.Boots => [.. Run(desired, actual), GuestStep.Pause],
        GuestPower.Paused => [GuestStep.Reshape],
        _ => [.. Run(desired, actual), GuestStep.Pause],
    };

    private static GuestStep[] Suspend(GuestPower actual) => actual switch
    {
        GuestPower.Suspended => [],
        GuestPower.Running or GuestPower.Paused => [GuestStep.Suspend],
        _ => throw new GuestException("The guest cannot be suspended because it does not run"),
    };
}
