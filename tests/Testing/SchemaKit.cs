using Nephos.Kernel.Store;
using Shouldly;

namespace Nephos.Testing;

/// <summary>Pins a service's checked-in schema to its model. <c>NEPHOS_WRITE_SCHEMA=1</c> writes the files anew.</summary>
public static class SchemaKit
{
    /// <summary>For both databases: <c>src/SERVICE/Schema/{sqlite,postgres}.sql</c> is what the model says.</summary>
    public static void IsPinned<TDb>(string service) where TDb : ServiceDb
    {
        foreach (var provider in new[] { "sqlite", "postgres" })
        {
            using var store = new Store<TDb>(new StoreOptions { Directory = Path.GetTempPath(), Postgres = provider == "postgres" ? "Host=none" : null }, "schema");
            var file = Path.Combine(Repository.Root, "src", service, "Schema", provider + ".sql");
            var wanted = store.CreateScript();
            if (Environment.GetEnvironmentVariable("NEPHOS_WRITE_SCHEMA") == "1")
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, wanted);
            }
            File.ReadAllText(file).ShouldBe(wanted, $"{file} is not what the model says; run this test with NEPHOS_WRITE_SCHEMA=1 and add a migration");
        }
    }
}
