using System.Data.Common;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Flavors;

/// <summary>The flavors of a first start, with DevStack's ids. <c>m1.tiny</c> has 192 MiB, where DevStack has 512: enough for the test guest, and ten fit on a laptop.</summary>
internal static class FirstFlavors
{
    private static readonly (string Id, string Name, int Vcpus, int RamMib, int RootGib)[] All =
    [
        ("1", "m1.tiny", 1, 192, 1),
        ("2", "m1.small", 1, 2048, 20),
        ("3", "m1.medium", 2, 4096, 40),
        ("4", "m1.large", 4, 8192, 80),
        ("5", "m1.xlarge", 8, 16384, 160),
        ("42", "m1.nano", 1, 128, 1),
    ];

    /// <summary>Makes them once in the life of a database: what an operator deletes stays deleted. Plain SQL, since a start does not wait for EF's model.</summary>
    public static async Task EnsureAsync(Store<NovaDb> store, TimeProvider clock, CancellationToken cancel)
    {
        await using var connection = await store.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO once (name) SELECT 'first-flavors' WHERE NOT EXISTS (SELECT 1 FROM once WHERE name = 'first-flavors')";
        if (await command.ExecuteNonQueryAsync(cancel) == 1)
        {
            Set(command, "now", clock.Now());
            command.CommandText = """
                INSERT INTO flavors (id, name, vcpus, ram_mib, root_gib, ephemeral_gib, swap_mib, rxtx_factor, is_public, extra_specs, created_at, generation)
                VALUES (@id, @name, @vcpus, @ram, @root, 0, 0, 1.0, @yes, '{}', @now, 0)
                """;
            Set(command, "yes", true);
            foreach (var (id, name, vcpus, ram, root) in All)
            {
                Set(command, "id", id);
                Set(command, "name", name);
                Set(command, "vcpus", vcpus);
                Set(command, "ram", ram);
                Set(command, "root", root);
                await command.ExecuteNonQueryAsync(cancel);
            }
        }
        await transaction.CommitAsync(cancel);
    }

    private static void Set(DbCommand command, string name, object value)
    {
        if (command.Parameters.Contains("@" + name)) { command.Parameters.RemoveAt("@" + name); }
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = ("@" + name, value);
        command.Parameters.Add(parameter);
    }
}
