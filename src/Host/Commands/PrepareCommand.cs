using System.CommandLine;
using Nephos.Host.Startup;
using Nephos.Kernel.Configuration;

namespace Nephos.Host.Commands;

/// <summary><c>nephos prepare</c>: what <c>up</c> begins with, and nothing more.</summary>
internal static class PrepareCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var command = new Command("prepare", "Install what is missing and build the test guest image; start nothing.") { common.Config, common.State, common.Drivers };
        command.SetAction(async (parsed, cancel) =>
            common.Load(parsed) is not { } config ? 2 : await Preparation.RunAsync(config.Get<NephosSettings>(), Console.Out, cancel).ConfigureAwait(false) ? 0 : 1);
        return command;
    }
}
