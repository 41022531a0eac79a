using System.CommandLine;
using Nephos.Host.Startup;

namespace Nephos.Host.Commands;

/// <summary><c>nephos env</c>: exports for a shell, as <c>eval "$(nephos env)"</c>.</summary>
internal static class EnvCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var project = new Option<string?>("--project") { Description = "Another project than admin.", HelpName = "P" };
        var command = new Command("env", "Print exports for a shell: eval \"$(nephos env)\".") { common.Config, common.State, project };
        command.SetAction(parsed =>
        {
            if (common.StatePath(parsed) is not { } state) { return 2; }
            var file = Path.Combine(state, ClientFiles.OpenRc);
            if (!File.Exists(file))
            {
                Console.Error.WriteLine($"nephos: there is no {file}: start the cloud once with `nephos up`");
                return 1;
            }
            Console.Write(File.ReadAllText(file));
            if (parsed.GetValue(project) is { } name) { Console.WriteLine($"export OS_PROJECT_NAME={ClientFiles.Quote(name)}"); }
            return 0;
        });
        return command;
    }
}
