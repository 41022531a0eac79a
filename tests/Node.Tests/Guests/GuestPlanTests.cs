using FsCheck;
using FsCheck.Fluent;
using Nephos.Contracts.Node;
using Nephos.Node.Compute;
using Nephos.Node.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Guests;

public sealed class GuestPlanTests
{
    /// <summary>Whatever is and whatever is asked: the plan, done on a model, arrives there, or refuses; and it never starts twice.</summary>
    [Fact]
    public void Steps_DoneOnAModel_ArriveAtWhatWasAsked() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte, byte, bool, byte, byte)>(), input =>
        {
            var desired = Valid.Guest() with { Power = (GuestPower)(input.Item1 % 5), LastReboot = input.Item3 ? RebootKind.Hard : RebootKind.Soft, Boots = input.Item4 % 3 };
            var power = (GuestPower)(input.Item2 % 5);
            var actual = new GuestState(power, power is GuestPower.Absent or GuestPower.Stopped ? 0 : input.Item5 % 3);
            IReadOnlyList<GuestStep> steps;
            try
            {
                steps = GuestPlan.Steps(desired, actual);
            }
            catch (GuestException)
            {
                return desired.Power is GuestPower.Paused or GuestPower.Suspended && actual.Power is GuestPower.Absent or GuestPower.Stopped;
            }
            var end = steps.Aggregate(actual, (state, step) => Do(state, step, desired));
            return end.Power == desired.Power
                && steps.Count(step => step == GuestStep.Start) <= 1
                && (end.Power != GuestPower.Running || end.Boots >= desired.Boots);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Steps_NothingToDo_TouchesNothing()
    {
        GuestPlan.Steps(Valid.Guest() with { Power = GuestPower.Stopped }, new GuestState(GuestPower.Stopped, 0)).ShouldBeEmpty();
        GuestPlan.Steps(Valid.Guest() with { Power = GuestPower.Suspended }, new GuestState(GuestPower.Suspended, 1)).ShouldBeEmpty();
        GuestPlan.Steps(Valid.Guest(), new GuestState(GuestPower.Running, 1)).ShouldBe([GuestStep.Reshape]);
    }

    private static GuestState Do(GuestState state, GuestStep step, GuestSpec desired) => step switch
    {
        GuestStep.Remove => default,
        GuestStep.Create when state.Power == GuestPower.Absent => new GuestState(GuestPower.Stopped, 0),
        GuestStep.StopGracefully or GuestStep.StopHard => new GuestState(GuestPower.Stopped, 0),
        GuestStep.Start when state.Power == GuestPower.Stopped => new GuestState(GuestPower.Running, desired.Boots),
        GuestStep.Start when state.Power is GuestPower.Paused or GuestPower.Suspended => state with { Power = GuestPower.Running },
        GuestStep.Reshape when state.Power is GuestPower.Running or GuestPower.Paused => state,
        GuestStep.Pause when state.Power is GuestPower.Running => state with { Power = GuestPower.Paused },
        GuestStep.Suspend when state.Power is GuestPower.Running or GuestPower.Paused => state with { Power = GuestPower.Suspended },
        _ => throw new InvalidOperationException($"{step} from {state} makes no sense"),
    };
}
