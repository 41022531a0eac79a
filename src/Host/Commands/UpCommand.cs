using System.CommandLine;
using Nephos.Host.Startup;
using Nephos.Kernel.Configuration;

namespace Nephos.Host.Commands;

/// <summary><c>nephos up</c>: prepares what is missing, starts the cloud in the foreground, and says when it is ready.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var detach = new Option<bool>("--detach") { Description = "Go into the background when the cloud is ready." };
        var command = new Command("up", "Start the cloud. Ctrl-C stops the APIs and leaves guests and networks running; the next start adopts them.")
        {
            common.Config, common.State, common.Listen, common.Drivers, common.Role, detach,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            if (common.Load(parsed) is not { } config) { return 2; }
            var settings = config.Get<NephosSettings>();
            if (!await Preparation.RunAsync(settings, Console.Out, cancel).ConfigureAwait(false)) { return 1; }
            return parsed.GetValue(detach)
                ? await Background.StartAsync(settings.StatePath, Environment.GetCommandLineArgs()[1..], cancel).ConfigureAwait(false)
                : await RunningCloud.RunAsync(config, Console.Out, cancel).ConfigureAwait(false);
        });
        return command;
    }
}
