using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.RoleAssignments;

public sealed class RoleAssignmentTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Assignments = V3 + "/role_assignments";

    public static TheoryData<string, string, bool> Shapes => new()
    {
        { "projects", "users", false }, { "projects", "groups", false }, { "domains", "users", false }, { "domains", "groups", false },
        { "projects", "users", true }, { "projects", "groups", true }, { "domains", "users", true }, { "domains", "groups", true },
        { "system", "users", false }, { "system", "groups", false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Grant_GiveCheckListTake_Holds(string target, string actor, bool inherited)
    {
        var admin = await cloud.LoginAdminAsync();
        var targetId = target switch { "projects" => "/" + await Project(admin), "domains" => "/" + await Domain(admin), _ => "" };
        var actorId = actor == "users" ? await User(admin, Name()) : await Group(admin);
        var role = await Role(admin);
        var all = $"{V3}{(inherited ? "/OS-INHERIT" : "")}/{target}{targetId}/{actor}/{actorId}/roles";
        var one = $"{all}/{role}{(inherited ? "/inherited_to_projects" : "")}";
        if (inherited) { all += "/inherited_to_projects"; }
        (await admin.Head(one)).Is(404).Text.ShouldBe("");
        (await admin.Get(one)).Is(404).Message().ShouldStartWith($"Could not find role assignment with role: {role}, user or group: {actorId}, project, domain, or system: ");
        (await admin.Put(one)).Is(204);
        (await admin.Put(one)).Is(204);
        (await admin.Head(one)).Is(204);
        (await admin.Get(all)).Ids("roles").ShouldBe([role]);
        (await admin.Get(one.Replace(actorId, "nope", StringComparison.Ordinal))).Is(404);
        (await admin.Put(one.Replace(role, "nope", StringComparison.Ordinal))).Is(404).Message().ShouldBe("Could not find role: nope.");
        var found = (await admin.Get($"{Assignments}?role.id={role}")).Is(200)["role_assignments"].AsArray().Single()!;
        found["links"]!["assignment"]!.ToString().ShouldBe("http://localhost" + one);
        found["scope"]!.AsObject().ContainsKey("OS-INHERIT:inherited_to").ShouldBe(inherited);
        (await cloud.NewUser().Put(one)).Is(403);
        (await admin.Delete(one)).Is(204);
        (await admin.Delete(one)).Is(404);
    }

    [Fact]
    public async Task Effective_GroupsInheritanceAndImplied_AreExpanded()
    {
        var admin = await cloud.LoginAdminAsync();
        var (parent, name) = (await Project(admin), Name());
        var child = await Project(admin, name, parent);
        var (user, group) = (await User(admin, name), await Group(admin));
        var member = await RoleNamed(admin, "member");
        (await admin.Put($"{V3}/groups/{group}/users/{user}")).Is(204);
        (await admin.Put($"{V3}/OS-INHERIT/projects/{parent}/groups/{group}/roles/{member}/inherited_to_projects")).Is(204);

        var found = (await admin.Get($"{Assignments}?user.id={user}&effective&include_names")).Is(200)["role_assignments"].AsArray();
        found.Select(a => $"{a!["user"]!["name"]} {a["scope"]!["project"]!["id"]} {a["role"]!["name"]}").Order().ShouldBe([$"{name} {child} member", $"{name} {child} reader"]);
        var first = found.Single(a => a!["role"]!["name"]!.ToString() == "member")!;
        first["links"]!["assignment"]!.ToString().ShouldBe($"http://localhost{V3}/OS-INHERIT/projects/{parent}/groups/{group}/roles/{member}/inherited_to_projects");
        first["links"]!["membership"]!.ToString().ShouldBe($"http://localhost{V3}/groups/{group}/users/{user}");
        first["user"]!["domain"]!.ToJsonString().ShouldBe("""{"id":"default","name":"Default"}""");
        found.Single(a => a!["role"]!["name"]!.ToString() == "reader")!["links"]!["prior_role"].ShouldNotBeNull();

        (await admin.Get($"{Assignments}?group.id={group}")).Is(200)["role_assignments"].AsArray().Count.ShouldBe(1);
        (await admin.Get($"{Assignments}?scope.project.id={parent}&include_subtree")).Is(200)["role_assignments"].AsArray().Count.ShouldBe(1);
        (await admin.Get($"{Assignments}?scope.project.id={parent}&effective")).Is(200)["role_assignments"].AsArray().Count.ShouldBe(0);
        (await admin.Get($"{Assignments}?scope.project.id={child}&effective&role.id={member}")).Is(200)["role_assignments"].AsArray().Count.ShouldBe(1);
        (await cloud.LoginAsync(name, name, name)).Identity.Roles.ShouldBe(["member", "reader"]);
        (await admin.Get($"{V3}/users/{user}/projects")).Ids("projects").ShouldBe([child]);
    }

    [Theory]
    [InlineData("scope.domain.id=a&scope.project.id=b", "Specify a domain or project, not both")]
    [InlineData("scope.domain.id=a&scope.system=all", "Specify system or domain, not both")]
    [InlineData("scope.project.id=a&scope.system=all", "Specify system or project, not both")]
    [InlineData("user.id=a&group.id=b", "Specify a user or group, not both")]
    [InlineData("effective&group.id=b", "Combining effective and group filter will always result in an empty list.")]
    [InlineData("include_subtree", "scope.project.id must be specified if include_subtree is also specified")]
    public async Task List_FiltersThatContradict_Are400(string query, string words) => (await cloud.Admin.Get($"{Assignments}?{query}")).Is(400).Message().ShouldBe(words);

    [Fact]
    public async Task List_System_IsTheFirstStartsAdmin()
    {
        var found = (await cloud.Admin.Get($"{Assignments}?scope.system=all&include_names")).Is(200)["role_assignments"].AsArray();
        found.Select(a => $"{a!["user"]!["name"]} {a["role"]!["name"]} {a["scope"]!.ToJsonString()}").ShouldContain("""admin admin {"system":{"all":true}}""");
    }
}
