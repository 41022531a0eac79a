using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using Nephos.Kernel.Configuration;

namespace Nephos.Host.Commands;

/// <summary>Options that several commands share, and the configuration that they make together with the file and the environment.</summary>
internal sealed class CommonOptions
{
    public Option<string?> Config { get; } = new("--config") { Description = "Configuration file (default: /etc/nephos/nephos.yaml, if it is there)." };
    public Option<string?> State { get; } = new("--state") { Description = "State directory: databases, keys, images, guests, clouds.yaml.", HelpName = "DIR" };
    public Option<string?> Listen { get; } = new("--listen") { Description = "Address and port of all APIs.", HelpName = "ADDR:PORT" };
    public Option<string?> Drivers { get; } = new("--drivers") { Description = "real (QEMU, Linux networks; needs root), fake (no effects), or auto." };
    public Option<string?> Role { get; } = new("--role") { Description = "What this process does: api, worker, node, separated by commas." };

    /// <summary>The configuration, or null after all its errors were printed.</summary>
    public ConfigFile? Load(ParseResult parsed)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        void Take(Option<string?> option, string key)
        {
            if (parsed.GetResult(option) is not null && parsed.GetValue(option) is { } value) { options[key] = value; }
        }
        Take(State, "state_directory");
        Take(Listen, "listen");
        Take(Drivers, "drivers");
        Take(Role, "roles");
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);
        try
        {
            return ConfigFile.Load(parsed.GetResult(Config) is null ? null : parsed.GetValue(Config), environment, SectionList.All, options);
        }
        catch (ConfigException error)
        {
            foreach (var one in error.Errors) { parsed.InvocationConfiguration.Error.WriteLine($"nephos: {one}"); }
            return null;
        }
    }

    /// <summary>Where the state is, for commands that only need that.</summary>
    public string? StatePath(ParseResult parsed) => Load(parsed)?.Get<NephosSettings>().StatePath;
}
