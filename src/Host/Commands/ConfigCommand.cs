using System.CommandLine;
using Nephos.Kernel.Configuration;
using Nephos.Kernel.Policy;

namespace Nephos.Host.Commands;

/// <summary><c>nephos config check</c>: all errors of the configuration and of the policy files at once.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var check = new Command("check", "Check the configuration file, the environment, and the policy files; print all errors.") { common.Config, common.State };
        check.SetAction(parsed =>
        {
            if (common.Load(parsed) is not { } config) { return 2; }
            var settings = config.Get<NephosSettings>();
            var problems = new List<string>();
            foreach (var service in ServiceList.All())
            {
                var policy = new PolicyEngine(settings.PolicyFile(service.Api.Name), options: settings.Policy.Options());
                service.Api.RegisterPolicies(policy);
                problems.AddRange(policy.Problems().Select(p => p.ToString()));
            }
            foreach (var problem in problems) { Console.Error.WriteLine($"nephos: {problem}"); }
            if (problems.Count > 0) { return 1; }
            Console.WriteLine($"{config.Path ?? "no configuration file: defaults"}: no errors. State in {settings.StatePath}, listening on {settings.Listen}, {(settings.UsesRealDrivers ? "real" : "fake")} drivers.");
            return 0;
        });
        return new Command("config", "Look at the configuration.") { check };
    }
}
