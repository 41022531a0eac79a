using System.CommandLine;
using Nephos.Host.Startup;
using Nephos.Kernel.Configuration;
using Nephos.Keystone;
using Nephos.Keystone.Tokens;

namespace Nephos.Host.Commands;

/// <summary><c>nephos keystone fernet|credential setup|rotate|migrate</c>: the keys of tokens and credentials. May run beside the cloud.</summary>
internal static class KeystoneKeyCommands
{
    public static IEnumerable<Command> All()
    {
        var common = new CommonOptions();
        return
        [
            new Command("fernet", "Keys of tokens (STATE/fernet-keys).")
            {
                Make(common, "setup", "Make the key repository, unless it is there.", (settings, keystone) => Task.FromResult(Setup(KeyAdministration.Fernet(settings.StatePath, keystone, TimeProvider.System)))),
                Make(common, "rotate", "Make the staged key the primary, and stage another. The oldest beyond fernet_max_active_keys goes.",
                    (settings, keystone) => Task.FromResult(Rotated(KeyAdministration.Fernet(settings.StatePath, keystone, TimeProvider.System).Rotate()))),
            },
            new Command("credential", "Keys of credentials (STATE/credential-keys).")
            {
                Make(common, "setup", "Make the key repository, unless it is there.", (settings, _) => Task.FromResult(Setup(KeyAdministration.Credentials(settings.StatePath, TimeProvider.System)))),
                Make(common, "rotate", "Make the staged key the primary, once all credentials are under the present one.", RotateCredentialsAsync),
                Make(common, "migrate", "Encrypt all credentials anew with the primary key.", MigrateCredentialsAsync),
            },
        ];
    }

    private static Command Make(CommonOptions common, string name, string description, Func<NephosSettings, KeystoneSettings, Task<int>> run)
    {
        var command = new Command(name, description) { common.Config, common.State };
        command.SetAction(async parsed => common.Load(parsed) is { } config ? await run(config.Get<NephosSettings>(), config.Get<KeystoneSettings>()).ConfigureAwait(false) : 2);
        return command;
    }

    private static int Setup(KeyRepository keys)
    {
        Console.WriteLine(keys.Prepare() ? "The keys have been made." : "The keys are there already.");
        return 0;
    }

    private static int Rotated(IReadOnlyList<int> numbers)
    {
        Console.WriteLine($"The primary key is {numbers[^1]}; kept are {string.Join(", ", numbers)}.");
        return 0;
    }

    private static async Task<int> RotateCredentialsAsync(NephosSettings settings, KeystoneSettings keystone)
    {
        var numbers = await KeyAdministration.RotateCredentialsAsync(settings.StatePath, RunningCloud.StoreOf(settings, settings.StatePath), TimeProvider.System).ConfigureAwait(false);
        if (numbers is not null) { return Rotated(numbers); }
        Console.Error.WriteLine("nephos: credentials are still under a former key: run `nephos keystone credential migrate` first");
        return 1;
    }

    private static async Task<int> MigrateCredentialsAsync(NephosSettings settings, KeystoneSettings keystone)
    {
        var count = await KeyAdministration.MigrateCredentialsAsync(settings.StatePath, RunningCloud.StoreOf(settings, settings.StatePath), TimeProvider.System).ConfigureAwait(false);
        Console.WriteLine($"{count} credentials were encrypted anew.");
        return 0;
    }
}
