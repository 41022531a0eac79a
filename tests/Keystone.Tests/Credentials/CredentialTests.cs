using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Keystone.Credentials;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Credentials;

/// <summary>Credentials: whose they are, how they are kept.</summary>
public sealed class CredentialTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Path = Make.V3 + "/credentials";

    private async Task<(TestUser User, string Id, string Project)> PersonAsync()
    {
        var (id, name, project) = await cloud.NewMemberAsync();
        return (cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name)))), id, project);
    }

    private static object Ec2(string user, string? project, string access = "key") => new { credential = new { user_id = user, project_id = project, type = "ec2", blob = $$"""{"access":"{{access}}","secret":"s"}""" } };

    [Fact]
    public async Task Credential_MadeReadChangedDeleted_IsItsUsersAlone()
    {
        var (one, other) = (await PersonAsync(), await PersonAsync());
        var made = (await one.User.Post(Path, new { credential = new { user_id = one.Id, type = "cert", blob = "text", note = "mine" } })).Is(201)["credential"];
        (made["blob"]!.ToString(), made["project_id"], made["note"]!.ToString(), made["links"]!["self"]!.ToString()).ShouldBe(("text", null, "mine", $"http://localhost/identity/v3/credentials/{made["id"]}"));
        var path = $"{Path}/{made["id"]}";
        (await one.User.Get(path)).Is(200)["credential"].ToJsonString().ShouldBe(made.ToJsonString());
        (await one.User.Patch(path, new { credential = new { blob = "new" } })).Is(200)["credential"]["blob"]!.ToString().ShouldBe("new");
        (await one.User.Get(Path)).Ids("credentials").ShouldBe([made["id"]!.ToString()]);
        (await one.User.Get(Path + "?type=ec2")).Ids("credentials").ShouldBeEmpty();
        (await other.User.Get(Path)).Ids("credentials").ShouldBeEmpty();
        (await other.User.Get(path)).Is(403);
        (await other.User.Delete(path)).Is(403);
        (await other.User.Post(Path, new { credential = new { user_id = one.Id, type = "cert", blob = "x" } })).Is(403);
        (await one.User.Patch(path, new { credential = new { user_id = other.Id } })).Is(403);
        (await (await cloud.LoginAdminAsync()).Get($"{Path}?user_id={one.Id}")).Ids("credentials").ShouldBe([made["id"]!.ToString()]);
        (await one.User.Delete(path)).Is(204);
        (await (await cloud.LoginAdminAsync()).Get(path)).Is(404).Message().ShouldBe($"Could not find credential: {made["id"]}.");
    }

    [Fact]
    public async Task Ec2_IsFoundByItsAccessKeyAndKeepsItsBounds()
    {
        var person = await PersonAsync();
        var access = Make.Name("access");
        var made = (await person.User.Post(Path, Ec2(person.Id, person.Project, access))).Is(201)["credential"];
        made["id"]!.ToString().ShouldBe(CredentialOperations.IdOf(access));
        (await person.User.Post(Path, Ec2(person.Id, person.Project, access))).Is(409);
        (await person.User.Patch($"{Path}/{made["id"]}", new { credential = new { blob = """{"access":"a","secret":"b","trust_id":"other"}""" } })).Is(400).Message().ShouldBe("trust_id can not be updated for credential");
        (await person.User.Patch($"{Path}/{made["id"]}", new { credential = new { id = "other" } })).Is(400).Message().ShouldBe("Cannot change ID");
        foreach (var bad in new object[]
        {
            new { credential = new { user_id = person.Id, type = "ec2", blob = """{"access":"x"}""" } },
            new { credential = new { user_id = person.Id, project_id = person.Project, type = "ec2", blob = "no json" } },
            new { credential = new { user_id = person.Id, project_id = person.Project, type = "ec2", blob = "{}" } },
            new { credential = new { user_id = person.Id, project_id = person.Project, type = "ec2", blob = """{"secret":"x"}""" } },
            new { credential = new { user_id = person.Id, type = "cert" } },
            new { credential = new { user_id = person.Id, type = "cert", blob = 7 } },
        }) { (await person.User.Post(Path, bad)).Is(400); }
        (await person.User.Get(Path)).Ids("credentials").Count().ShouldBe(1);
    }

    [Fact]
    public async Task Token_OfAnApplicationCredential_ReachesItsProjectsCredentialsAlone()
    {
        var person = await PersonAsync();
        var totp = (await person.User.Post(Path, new { credential = new { user_id = person.Id, type = "totp", blob = "GEZDGNBVGY3TQOJQ" } })).Is(201)["credential"]["id"]!.ToString();
        var app = (await person.User.Post($"{Make.V3}/users/{person.Id}/application_credentials", new { application_credential = new { name = "a", unrestricted = true } })).Is(201)["application_credential"];
        var program = cloud.User(await cloud.ByCredentialAsync(app["id"]!.ToString(), app["secret"]!.ToString()));
        (await program.Get($"{Path}/{totp}")).Is(403);
        (await program.Get(Path)).Ids("credentials").ShouldBeEmpty();
        var made = (await program.Post(Path, Ec2(person.Id, person.Project, Make.Name("access")))).Is(201)["credential"];
        JsonNode.Parse(made["blob"]!.ToString())!["app_cred_id"]!.ToString().ShouldBe(app["id"]!.ToString());
        (await program.Get(Path)).Ids("credentials").ShouldBe([made["id"]!.ToString()]);
        (await program.Post(Path, Ec2(person.Id, "elsewhere"))).Is(403);
    }

    [Fact]
    public async Task Blobs_AreEncryptedAtRestAndOutliveRotations()
    {
        var person = await PersonAsync();
        var id = (await person.User.Post(Path, new { credential = new { user_id = person.Id, type = "cert", blob = "very secret" } })).Is(201)["credential"]["id"]!.ToString();
        var store = cloud.Get<Store<KeystoneDb>>();
        (await store.ReadAsync(db => db.Credentials.Where(c => c.Id == id).Select(c => c.EncryptedBlob).FirstAsync())).ShouldStartWith("gAAAAA");
        var migration = cloud.Get<CredentialMigration>();
        for (var i = 0; i < 4; i++)
        {
            (await migration.RotateAsync()).ShouldNotBeNull();
            (await migration.RotateAsync()).ShouldBeNull("a second rotation would lose what is under the former key");
            (await migration.MigrateAsync()).ShouldBeGreaterThan(0);
            (await migration.MigrateAsync()).ShouldBe(0);
            (await person.User.Get($"{Path}/{id}")).Is(200)["credential"]["blob"]!.ToString().ShouldBe("very secret");
        }
        Directory.GetFiles(CredentialKeys.DirectoryIn(cloud.StateDirectory)).Length.ShouldBe(3);
    }

    [Fact]
    public async Task Credentials_OfAUserOrProjectThatGoes_GoToo()
    {
        var (person, admin) = (await PersonAsync(), await cloud.LoginAdminAsync());
        (await person.User.Post(Path, Ec2(person.Id, person.Project, Make.Name("access")))).Is(201);
        (await person.User.Post(Path, new { credential = new { user_id = person.Id, type = "cert", blob = "x" } })).Is(201);
        (await admin.Delete($"{Make.V3}/projects/{person.Project}")).Is(204);
        (await admin.Get($"{Path}?user_id={person.Id}")).Ids("credentials").Count().ShouldBe(1);
        (await admin.Delete($"{Make.V3}/users/{person.Id}")).Is(204);
        (await admin.Get($"{Path}?user_id={person.Id}")).Ids("credentials").ShouldBeEmpty();
    }
}
