using System.CommandLine;
using Nephos.Host.Control;

namespace Nephos.Host.Commands;

/// <summary><c>nephos down</c>: stops a running cloud; with <c>--guests</c> its guests and networks too.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var guests = new Option<bool>("--guests") { Description = "Power the guests off and take the networks down too. Disks are kept; the servers are SHUTOFF at the next start." };
        var command = new Command("down", "Stop the cloud. Guests and networks keep running unless --guests is given.") { common.Config, common.State, guests };
        command.SetAction(async (parsed, cancel) =>
        {
            if (common.StatePath(parsed) is not { } state) { return 2; }
            using var client = new ControlClient(state);
            if (await client.StopAsync(parsed.GetValue(guests), cancel).ConfigureAwait(false))
            {
                Console.WriteLine("The cloud has stopped.");
                return 0;
            }
            if (!parsed.GetValue(guests))
            {
                Console.WriteLine($"No cloud is running with state in {state}.");
                return 0;
            }
            Console.Error.WriteLine($"nephos: no cloud is running with state in {state}: start it with `nephos up`, then `nephos down --guests` stops its guests");
            return 1;
        });
        return command;
    }
}
