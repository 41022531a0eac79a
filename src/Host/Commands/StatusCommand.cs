using System.CommandLine;
using System.Text.Json;
using Nephos.Host.Control;
using Spectre.Console;

namespace Nephos.Host.Commands;

/// <summary><c>nephos status</c>: services, nodes, sagas, reconcilers, and above all what is stuck.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new Command("status", "Show services, nodes, running and stuck work.") { common.Config, common.State, json };
        command.SetAction(async (parsed, cancel) =>
        {
            if (common.StatePath(parsed) is not { } state) { return 2; }
            using var client = new ControlClient(state);
            if (await client.StatusAsync(cancel).ConfigureAwait(false) is not { } status)
            {
                Console.Error.WriteLine($"nephos: no cloud is running with state in {state}");
                return 3;
            }
            if (parsed.GetValue(json)) { Console.WriteLine(JsonSerializer.Serialize(status, ControlJson.Default.CloudStatus)); }
            else { Print(status); }
            return status.Services.All(s => s.Ready) && status.Sagas.All(s => s.State != "stuck") ? 0 : 1;
        });
        return command;
    }

    private static void Print(CloudStatus status)
    {
        // A file or pipe has no width of its own; 80 columns would cut what grep looks for.
        if (Console.IsOutputRedirected) { AnsiConsole.Profile.Width = 240; }
        AnsiConsole.MarkupLineInterpolated($"[bold]{status.Url}[/]  up {status.UpSince:yyyy-MM-dd HH:mm:ss}Z  pid {status.ProcessId}  drivers {status.Drivers}  {status.MemoryMib} MiB");
        Table("Services", ["service", "type", "ready", "remark"], status.Services.Select(s => new[] { s.Name, s.Type, s.Ready ? "yes" : "NO", s.Remark }));
        Table("Nodes", ["host", "what", "state", "seen"], status.Nodes.Select(n => new[] { n.Host, n.Binary, n.Up ? "up" : "DOWN", n.Seen }));
        if (status.Halted.Count > 0) { Table("Servers that stand still", ["server", "host", "since", "reason"], status.Halted.Select(g => new[] { g.Server, g.Host, g.Since.ToString("HH:mm:ss", null), g.Reason })); }
        Table("Work", ["service", "saga", "resource", "state", "since", "reason"], status.Sagas.Select(s => new[] { s.Service, s.Name + " " + s.Id, s.Resource, s.State, s.Since.ToString("HH:mm:ss", null), s.Error ?? "" }));
        Table("Reconcilers", ["name", "last run", "took", "report"], status.Reconcilers.Select(r => new[] { r.Name, r.LastRun, r.Took, (r.Failed ? "FAILED: " : "") + r.Report }));
    }

    private static void Table(string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Title = new TableTitle(title), Border = TableBorder.Simple };
        // Only the last column, which is free text, may wrap: names and times stay searchable.
        foreach (var column in columns[..^1]) { table.AddColumn(new TableColumn(column).NoWrap()); }
        table.AddColumn(columns[^1]);
        var any = false;
        foreach (var row in rows) { table.AddRow(row.Select(Markup.Escape).ToArray()); any = true; }
        if (any) { AnsiConsole.Write(table); } else { AnsiConsole.MarkupLineInterpolated($"{title}: none"); }
    }
}
