using System.CommandLine;
using Nephos.Host.Control;

namespace Nephos.Host.Commands;

/// <summary><c>nephos glance metadefs load DIR</c>: upstream's <c>glance-manage db_load_metadefs</c>.</summary>
internal static class GlanceCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var path = new Argument<string>("path") { Description = "A JSON file, or a folder of them (upstream: /etc/glance/metadefs)." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace namespaces that are there already; without it they are left as they are." };
        var load = new Command("load", "Load metadata definitions into the running cloud.") { path, overwrite, common.Config, common.State };
        load.SetAction(async (parsed, cancel) =>
        {
            if (common.StatePath(parsed) is not { } state) { return 2; }
            using var client = new ControlClient(state);
            if (await client.LoadMetadefsAsync(Path.GetFullPath(parsed.GetValue(path)!), parsed.GetValue(overwrite), cancel).ConfigureAwait(false) is not { } lines)
            {
                Console.Error.WriteLine($"nephos: no cloud is running with state in {state}");
                return 3;
            }
            Console.WriteLine(lines);
            return lines.Contains(": failed: ", StringComparison.Ordinal) || lines.EndsWith("Aborting.", StringComparison.Ordinal) ? 1 : 0;
        });
        return new Command("glance", "Work with images.") { new Command("metadefs", "Work with metadata definitions.") { load } };
    }
}
