using System.CommandLine;
using Nephos.Host.Control;
using Nephos.Host.Startup;
using Nephos.Kernel.Configuration;
using Nephos.Node;

namespace Nephos.Host.Commands;

/// <summary><c>nephos down</c>: stops a running cloud; with <c>--guests</c> its guests and networks too.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var guests = new Option<bool>("--guests") { Description = "Power the guests off and take the networks down too. Disks are kept; the servers are SHUTOFF at the next start." };
        var command = new Command("down", "Stop the cloud. Guests and networks keep running unless --guests is given.") { common.Config, common.State, common.Drivers, guests };
        command.SetAction(async (parsed, cancel) =>
        {
            if (common.Load(parsed) is not { } config) { return 2; }
            var settings = config.Get<NephosSettings>();
            using var client = new ControlClient(settings.StatePath);
            var stopped = await client.StopAsync(cancel).ConfigureAwait(false);
            Console.WriteLine(stopped ? "The cloud has stopped." : $"No cloud was running with state in {settings.StatePath}.");
            if (!parsed.GetValue(guests)) { return 0; }
            using var state = StateDirectory.Open(settings.StatePath, Console.Error);
            if (state is null) { return 1; }
            var count = await NodeShutdown.StopAllAsync(RunningCloud.Node(settings), TimeSpan.FromSeconds(30), cancel).ConfigureAwait(false);
            Console.WriteLine($"{count} guests were powered off; their networks are down.");
            return 0;
        });
        return command;
    }
}
