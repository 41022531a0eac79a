using System.CommandLine;
using System.CommandLine.Parsing;
using Nephos.Host.Control;

namespace Nephos.Host.Commands;

/// <summary><c>nephos keystone bootstrap | import | mapping ... | trust flush | reset-last-active | purge</c>: upstream's <c>keystone-manage</c>, on the running cloud.</summary>
internal static class KeystoneMaintenanceCommands
{
    /// <summary>As upstream's: a password on the command line would be seen by all of the machine.</summary>
    private const string PasswordVariable = "OS_BOOTSTRAP_PASSWORD";

    private const string ImportVariable = "NEPHOS_IMPORT_POSTGRES";

    /// <summary>The commands, to be put under <c>nephos keystone</c>.</summary>
    public static IReadOnlyList<Command> All()
    {
        var common = new CommonOptions();
        var user = new Option<string?>("--bootstrap-username") { Description = "The administrator (default: admin).", HelpName = "NAME" };
        var bootstrap = Make(common, "bootstrap", "bootstrap", $"Make what is missing of the first start, and let the administrator in again; a new password comes from {PasswordVariable}.", parsed => new()
        {
            ["username"] = parsed.GetValue(user), ["password"] = Environment.GetEnvironmentVariable(PasswordVariable),
        });
        bootstrap.Add(user);
        var domain = new Option<string?>("--domain-name") { Description = "Of this domain.", HelpName = "NAME" };
        var publicId = new Option<string?>("--public-id") { Description = "The one with this id.", HelpName = "ID" };
        var localId = new Option<string?>("--local-id") { Description = "The one with this id in the domain's directory.", HelpName = "ID" };
        var type = new Option<string?>("--type") { Description = "user or group.", HelpName = "TYPE" };
        var all = new Option<bool>("--all") { Description = "All there are." };
        var purge = Make(common, "purge", "mapping-purge", "Forget public ids of directories' users and groups; one that is asked for again comes back the same.", parsed => new()
        {
            ["domain"] = parsed.GetValue(domain), ["public_id"] = parsed.GetValue(publicId), ["local_id"] = parsed.GetValue(localId), ["type"] = parsed.GetValue(type), ["all"] = parsed.GetValue(all) ? "true" : null,
        });
        foreach (var option in new Option[] { domain, publicId, localId, type, all }) { purge.Add(option); }
        var of = new Option<string?>("--domain-name") { Description = "The domain.", HelpName = "NAME", Required = true };
        var populate = Make(common, "populate", "mapping-populate", "Make the public ids of all users and groups of a domain's directory.", parsed => new() { ["domain"] = parsed.GetValue(of) });
        populate.Add(of);
        return
        [
            bootstrap,
            Import(common),
            new Command("mapping", "Public ids of directories' users and groups.") { purge, populate },
            new Command("trust", "Trusts.") { Make(common, "flush", "trust-flush", "Forget trusts that are over, now rather than within the hour.", _ => []) },
            Make(common, "reset-last-active", "reset-last-active", "Take users who never logged in for active today, before disable_user_account_days_inactive is switched on.", _ => []),
            Make(common, "purge", "purge", "Run all purges of the identity service now: trusts, revocations; and ask the directories again.", _ => []),
        ];
    }

    private static Command Import(CommonOptions common)
    {
        var postgres = new Option<string?>("--postgres") { Description = $"Its PostgreSQL database: an Npgsql connection string. With a password in it, better in {ImportVariable}.", HelpName = "CONNECTION" };
        var sqlite = new Option<string?>("--sqlite") { Description = "Its SQLite file.", HelpName = "FILE" };
        var files = new Option<string?>("--files") { Description = "A folder with a file TABLE.tsv for each of its tables, as mysql --batch prints them.", HelpName = "DIR" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be taken, and take nothing." };
        var command = Make(common, "import", "import", "Take domains, projects, users with passwords, groups, roles, assignments and application credentials over from another Keystone, under their ids. May be repeated.", parsed => new()
        {
            ["postgres"] = parsed.GetValue(postgres) ?? (parsed.GetValue(sqlite) is null && parsed.GetValue(files) is null ? Environment.GetEnvironmentVariable(ImportVariable) : null),
            ["sqlite"] = parsed.GetValue(sqlite) is { } file ? Path.GetFullPath(file) : null,
            ["files"] = parsed.GetValue(files) is { } folder ? Path.GetFullPath(folder) : null,
            ["dry_run"] = parsed.GetValue(dryRun) ? "true" : null,
        });
        foreach (var option in new Option[] { postgres, sqlite, files, dryRun }) { command.Add(option); }
        return command;
    }

    private static Command Make(CommonOptions common, string name, string wire, string description, Func<ParseResult, Dictionary<string, string?>> arguments)
    {
        var command = new Command(name, description) { common.Config, common.State };
        command.SetAction(async (parsed, cancel) =>
        {
            if (common.StatePath(parsed) is not { } state) { return 2; }
            // An import takes as long as it takes.
            using var client = new ControlClient(state, wire == "import" ? Timeout.InfiniteTimeSpan : null);
            if (await client.MaintainKeystoneAsync(wire, arguments(parsed), cancel).ConfigureAwait(false) is not var (ok, text))
            {
                Console.Error.WriteLine($"nephos: no cloud is running with state in {state}");
                return 3;
            }
            (ok ? Console.Out : Console.Error).WriteLine(ok ? text : "nephos: " + text);
            return ok ? 0 : 1;
        });
        return command;
    }
}
