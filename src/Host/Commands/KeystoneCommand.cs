using System.CommandLine;

namespace Nephos.Host.Commands;

/// <summary><c>nephos keystone</c>: what operators do with the identity service.</summary>
internal static class KeystoneCommand
{
    public static Command Create()
    {
        var keystone = new Command("keystone", "Work with the identity service.");
        foreach (var command in KeystoneMaintenanceCommands.All()) { keystone.Add(command); }
        foreach (var command in KeystoneKeyCommands.All()) { keystone.Add(command); }
        return keystone;
    }
}
