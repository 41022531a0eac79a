using System.CommandLine;
using Nephos.Host.Commands;

namespace Nephos.Host;

/// <summary>The command line: one class a command, listed here.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        var root = new RootCommand("Nephos: OpenStack in one program.")
        {
            UpCommand.Create(),
            PrepareCommand.Create(),
            DownCommand.Create(),
            StatusCommand.Create(),
            EnvCommand.Create(),
            ConfigCommand.Create(),
            PolicyCommand.Create(),
            RoutesCommand.Create(),
            SagaCommand.Create(),
            GlanceCommand.Create(),
            KeystoneCommand.Create(),
        };
        return root.Parse(arguments).InvokeAsync();
    }
}
