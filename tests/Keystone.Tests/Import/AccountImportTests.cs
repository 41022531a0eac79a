using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Processes;
using Nephos.Kernel.Store;
using Nephos.Keystone.Bootstrap;
using Nephos.Keystone.Import;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Import;

/// <summary>A Keystone's database, made by upstream's own code (Debian's python3-keystone), and a file of each of its tables.</summary>
public sealed class OtherKeystone : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nephos-import-").FullName;

    public string Database => Path.Combine(_directory, "keystone.db");
    public string Folder => Path.Combine(_directory, "tables");
    public JsonNode Ids { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var script = Path.Combine(Repository.Root, "tests", "Keystone.Tests", "Import", "other_keystone.py");
        Ids = JsonNode.Parse(await new ProcessRunner().RunOrThrowAsync("/usr/bin/python3", [script, Database], default, TimeSpan.FromSeconds(120)))!;
        Directory.CreateDirectory(Folder);
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        await connection.OpenAsync();
        foreach (var table in new[] { "project", "project_tag", "project_option", "role", "role_option", "implied_role", "user", "local_user", "password", "user_option", "group", "user_group_membership", "assignment", "system_assignment",
            "application_credential", "application_credential_role", "application_credential_access_rule", "access_rule" })
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM \"{table}\"";
            await using var reader = await command.ExecuteReaderAsync();
            var lines = new List<string> { string.Join('\t', Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)) };
            while (await reader.ReadAsync()) { lines.Add(string.Join('\t', Enumerable.Range(0, reader.FieldCount).Select(i => Batch(reader.GetValue(i))))); }
            await File.WriteAllTextAsync(Path.Combine(Folder, table + ".tsv"), lines.Count == 1 ? "" : string.Join('\n', lines) + "\n");
        }
    }

    /// <summary>As <c>mysql --batch</c> writes a value.</summary>
    private static string Batch(object value) => value is DBNull ? "NULL"
        : Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\t", @"\t", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    public Task DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return Task.CompletedTask;
    }
}

public sealed class AccountImportTests(OtherKeystone other) : IClassFixture<OtherKeystone>
{
    private static readonly string Far = new('d', 32), Top = new('2', 32), Below = new('3', 32), Weaver = new('b', 32), Robot = new('c', 32);

    private static Task<IReadOnlyList<string>> Import(TestCloud cloud, params (string Name, string Value)[] arguments) => cloud.Get<KeystoneMaintenance>().RunAsync("import", arguments.ToDictionary(a => a.Name, a => a.Value), default);

    private static async Task InACloud(Func<TestCloud, Task> test)
    {
        var cloud = new KeystoneCloud();
        await cloud.InitializeAsync();
        try { await test(cloud); }
        finally { await cloud.DisposeAsync(); }
    }

    private static Task<int> RowsAsync(TestCloud cloud) => cloud.Get<Store<KeystoneDb>>().ReadAsync(async db =>
        await db.Projects.CountAsync() + await db.Users.CountAsync() + await db.Passwords.CountAsync() + await db.Groups.CountAsync() + await db.Roles.CountAsync() + await db.RoleAssignments.CountAsync() + await db.ApplicationCredentials.CountAsync());

    private async Task HoldsAsync(TestCloud cloud)
    {
        var admin = await cloud.LoginAdminAsync();
        Task<TestReply> Login(string name, string domain, object? scope) => cloud.LoginAsync(scope, ("password", new { user = new { name, password = name, domain = new { id = domain } } }));
        // bcrypt, scrypt and pbkdf2_sha512; ids, options and what is beyond upstream's attributes as they were.
        var ann = (await Login("ann", Far, Logins.ProjectScope(Top))).Is(201)["token"];
        (ann["user"]!["id"]!.ToString(), ann["roles"]!.AsArray().Count).ShouldBe((other.Ids["ann"]!.ToString(), 2));
        var shown = (await admin.Get($"{V3}/users/{other.Ids["ann"]}")).Is(200)["user"];
        (shown["email"]!.ToString(), shown["default_project_id"]!.ToString(), shown["options"]!.ToJsonString(), shown["domain_id"]!.ToString()).ShouldBe(("ann@example.org", Top, """{"lock_password":true}""", Far));
        // The group's role on the domain reaches its projects; what weaver implies there is our own role of that name.
        (await Login("bob", Far, Logins.ProjectScope(Below))).Is(201)["token"]["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).Order().ShouldBe(["member", "reader", "weaver"]);
        (await admin.Get($"{V3}/groups/{other.Ids["crew"]}/users")).Ids("users").ShouldBe([other.Ids["bob"]!.ToString()]);
        (await Login("cyd", "default", new { system = new { all = true } })).Is(201);
        // Their project admin is ours.
        (await Login("cyd", "default", new { project = new { name = "admin", domain = new { id = "default" } } })).Is(201)["token"]["project"]!["id"]!.ToString().ShouldBe(admin.ProjectId);
        (await Login("off", "default", null)).Is(401);
        (await Login("admin", "default", null)).Is(401); // our own admin keeps its password
        (await cloud.Anonymous.Post(Logins.Tokens, Logins.Body(null, ("password", new { user = new { id = other.Ids["bob"]!.ToString(), password = "wrong" } })))).Is(401);
        var top = (await admin.Get($"{V3}/projects/{Top}")).Is(200)["project"];
        (top["description"]!.ToString(), top["email"]!.ToString(), top["options"]!.ToJsonString()).ShouldBe(("d of top", "team@example.org", """{"immutable":true}"""));
        var below = (await admin.Get($"{V3}/projects/{Below}")).Is(200)["project"];
        (below["parent_id"]!.ToString(), below["tags"]!.ToJsonString()).ShouldBe((Top, """["blue"]"""));
        (await admin.Delete($"{V3}/roles/{Weaver}")).Is(403); // it is immutable
        var robot = (await cloud.ByCredentialAsync(Robot, "robot")).Is(201);
        robot["token"]["application_credential"]!["access_rules"]![0]!["path"]!.ToString().ShouldBe("/v3/projects/*");
        var limited = cloud.User(robot);
        (await limited.Get($"{V3}/projects/{Top}")).Is(200);
        (await limited.Get($"{V3}/users/{other.Ids["ann"]}")).Is(401);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("files")]
    public Task Import_OfUpstreamsTables_LetsTheirUsersInAsThere(string kind) => InACloud(async cloud =>
    {
        var from = (kind, kind == "sqlite" ? other.Database : other.Folder);
        var before = await RowsAsync(cloud);
        var trial = await Import(cloud, from, ("dry_run", "true"));
        (await RowsAsync(cloud)).ShouldBe(before);
        (await Import(cloud, from)).ShouldBe(trial);
        trial.ShouldContain("domains and projects: 3, and 1 that are here under the same name");
        trial.ShouldContain("roles: 1, and 1 that are here under the same name");
        trial.ShouldContain("users: 4, and 1 that are here under the same name");
        trial.ShouldContain("role assignments: 4");
        await HoldsAsync(cloud);
        var after = await RowsAsync(cloud);
        (await Import(cloud, from)).Where(line => line.Contains(": 0", StringComparison.Ordinal)).Count().ShouldBe(trial.Count);
        (await RowsAsync(cloud)).ShouldBe(after);
        await HoldsAsync(cloud);
    });

    [Fact]
    public Task Import_BrokenOffAndRepeated_TakesTheRest() => InACloud(async cloud =>
    {
        await Import(cloud, ("sqlite", other.Database));
        await cloud.Get<Store<KeystoneDb>>().WriteAsync(async db =>
        {
            await db.RoleAssignments.Where(a => a.RoleId == Weaver).ExecuteDeleteAsync();
            await db.ApplicationCredentials.ExecuteDeleteAsync();
            await db.Users.Where(u => u.Name == "bob").ExecuteDeleteAsync();
        });
        await Import(cloud, ("sqlite", other.Database));
        await HoldsAsync(cloud);
    });

    [Fact]
    public Task Import_OfNonsense_SaysSoAndChangesNothing() => InACloud(async cloud =>
    {
        var before = await RowsAsync(cloud);
        var folder = Directory.CreateTempSubdirectory("nephos-import-bad-").FullName;
        var file = Path.Combine(folder, "project.tsv");
        async Task Fails(string message, params (string, string)[] arguments) => (await Should.ThrowAsync<BadRequestError>(() => Import(cloud, arguments))).Message.ShouldContain(message);
        await Fails("say where from");
        await Fails("say where from", ("sqlite", other.Database), ("files", folder));
        await Fails("there is no file", ("sqlite", "/nowhere/keystone.db"));
        await Fails("there is no folder", ("files", "/nowhere"));
        await Fails("cannot be read", ("postgres", "Host=/nowhere;Username=x"));
        await Fails("cannot be read", ("postgres", "nonsense"));
        await Fails("this is no Keystone's database", ("files", folder));
        await File.WriteAllTextAsync(file, "id\tname\nx\n");
        await Fails("project.tsv:2: 1 values for 2 columns", ("files", folder));
        await File.WriteAllTextAsync(file, "name\nx\n");
        await Fails("a row has no id", ("files", folder));
        await File.WriteAllTextAsync(file, "not a database");
        await Fails("cannot be read", ("sqlite", file));
        Directory.Delete(folder, recursive: true);
        (await RowsAsync(cloud)).ShouldBe(before);
    });

    [Theory]
    [InlineData("NULL", null)]
    [InlineData("a", "a")]
    [InlineData(@"a\tb\nc\\d\0", "a\tb\nc\\d\0")]
    [InlineData(@"{""a"": ""\\""}", @"{""a"": ""\""}")]
    public void Value_OfMysqlsBatch_IsRead(string written, string? value) => FolderSource.Unescape(written).ShouldBe(value);
}
