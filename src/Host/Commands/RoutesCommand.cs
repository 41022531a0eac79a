using System.CommandLine;
using Nephos.Kernel.Api;
using Nephos.Kernel.Versions;

namespace Nephos.Host.Commands;

/// <summary><c>nephos routes</c>: every route the program has, and how much of upstream's APIs that is.</summary>
internal static class RoutesCommand
{
    public static Command Create()
    {
        var csv = new Option<bool>("--csv") { Description = "service,method,path,min,max,policy; an action's path is path#action." };
        var coverage = new Option<string?>("--coverage") { Description = "Folder with a SERVICE.csv of upstream's calls: print docs/api-coverage.md, counted against it.", HelpName = "DIR" };
        var command = new Command("routes", "List the routes of all APIs.") { csv, coverage };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(coverage) is { } folder)
            {
                Console.Write(ApiCoverage.Report(folder, [.. ServiceList.All().Select(s => s.Api)]));
                return 0;
            }
            if (parsed.GetValue(csv)) { Console.WriteLine("service,method,path,min_microversion,max_microversion,policy"); }
            foreach (var endpoint in ServiceList.All().SelectMany(s => s.Api.Endpoints))
            {
                Console.WriteLine(parsed.GetValue(csv) ? Csv(endpoint) : $"{endpoint,-90} {endpoint.PolicyName ?? endpoint.NoPolicyReason}");
            }
            return 0;
        });
        return command;
    }

    private static string Csv(Nephos.Kernel.Api.Endpoint endpoint) => string.Join(',',
        endpoint.Api.Name, endpoint.Method, endpoint.Path + (endpoint.ActionName is { } action ? "#" + action : ""),
        endpoint.MinVersion == ApiVersion.None ? "" : endpoint.MinVersion.ToString(),
        endpoint.MaxVersion.Major == int.MaxValue ? "" : endpoint.MaxVersion.ToString(),
        endpoint.PolicyName ?? "");
}
