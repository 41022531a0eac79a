using System.CommandLine;
using Nephos.Host.Control;

namespace Nephos.Host.Commands;

/// <summary><c>nephos saga resume ID</c>: tries the undo of a stuck saga again.</summary>
internal static class SagaCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var id = new Argument<string>("id") { Description = "The saga's id, from nephos status." };
        var resume = new Command("resume", "Try a stuck saga's undo again, after its cause was removed.") { id, common.Config, common.State };
        resume.SetAction(async (parsed, cancel) =>
        {
            if (common.StatePath(parsed) is not { } state) { return 2; }
            using var client = new ControlClient(state);
            var found = await client.ResumeAsync(parsed.GetValue(id)!, cancel).ConfigureAwait(false);
            Console.WriteLine(found ? "Resumed." : "There is no stuck saga with this id (or no cloud is running).");
            return found ? 0 : 1;
        });
        return new Command("saga", "Work with durable jobs.") { resume };
    }
}
