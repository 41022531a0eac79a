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

    /// <summary>A tree domain, top, middle, leaf with roles inherited from each of them; every filter gives what the whole list has.</summary>
    [Fact]
    public async Task Effective_EveryFilter_IsAPartOfTheWhole()
    {
        var admin = await cloud.LoginAdminAsync();
        var domain = await Domain(admin);
        var top = await Project(admin, domain: domain);
        var middle = await Project(admin, parent: top, domain: domain);
        var leaf = await Project(admin, parent: middle, domain: domain);
        var beside = await Project(admin, parent: top, domain: domain);
        var (user, other, group) = (await User(admin, Name(), domain), await User(admin, Name(), domain), await Group(admin, domain: domain));
        (await admin.Put($"{V3}/groups/{group}/users/{user}")).Is(204);
        (await admin.Put($"{V3}/groups/{group}/users/{other}")).Is(204);
        var (manager, reader, ofDomain) = (await RoleNamed(admin, "manager"), await RoleNamed(admin, "reader"),
            (await admin.Post(V3 + "/roles", new { role = new { name = Name("role"), domain_id = domain } })).Is(201)["role"]["id"]!.ToString());
        var bottom = await Role(admin);
        (await admin.Put($"{V3}/roles/{ofDomain}/implies/{bottom}")).Is(201);
        foreach (var grant in new[]
        {
            $"OS-INHERIT/domains/{domain}/groups/{group}/roles/{reader}/inherited_to_projects",
            $"OS-INHERIT/projects/{middle}/users/{user}/roles/{manager}/inherited_to_projects",
            $"projects/{middle}/users/{other}/roles/{ofDomain}",
            $"domains/{domain}/users/{user}/roles/{manager}",
            $"system/users/{user}/roles/{reader}",
        }) { (await admin.Put($"{V3}/{grant}")).Is(204); }

        async Task<string[]> List(string query) => [.. (await admin.Get($"{Assignments}?effective&{query}")).Is(200)["role_assignments"].AsArray()
            .Select(a => $"{a!["user"]!["id"]} {(a["scope"]!["project"] ?? a["scope"]!["domain"])?["id"]} {a["role"]!["id"]}").Order(StringComparer.Ordinal)];
        string member = await RoleNamed(admin, "member");
        string[] all = [.. new[] { $"{user} {domain} {manager}", $"{user} {domain} {member}", $"{user} {domain} {reader}", $"{user} {leaf} {manager}", $"{user} {leaf} {member}", $"{user} {leaf} {reader}", $"{other} {middle} {bottom}" }
            .Concat(new[] { top, middle, leaf, beside }.SelectMany(p => new[] { $"{user} {p} {reader}", $"{other} {p} {reader}" })).Order(StringComparer.Ordinal)];
        (await List($"user.id={user}")).ShouldBe([.. all.Where(a => a.StartsWith(user, StringComparison.Ordinal))]);
        (await List($"user.id={other}")).ShouldBe([.. all.Where(a => a.StartsWith(other, StringComparison.Ordinal))]);
        foreach (var project in new[] { top, middle, leaf, beside }) { (await List($"scope.project.id={project}")).ShouldBe([.. all.Where(a => a.Contains(project, StringComparison.Ordinal))]); }
        (await List($"scope.project.id={middle}&include_subtree")).ShouldBe([.. all.Where(a => a.Contains(middle, StringComparison.Ordinal) || a.Contains(leaf, StringComparison.Ordinal))]);
        (await List($"scope.project.id={top}&include_subtree")).ShouldBe([.. all.Where(a => !a.Contains(domain, StringComparison.Ordinal))]);
        (await List($"scope.domain.id={domain}")).ShouldBe([.. all.Where(a => a.Contains(domain, StringComparison.Ordinal))]);
        (await List($"role.id={bottom}")).ShouldBe([$"{other} {middle} {bottom}"]);
        (await List($"user.id={user}&role.id={member}")).ShouldBe([.. new[] { $"{user} {domain} {member}", $"{user} {leaf} {member}" }.Order(StringComparer.Ordinal)]);
        (await List($"user.id={user}&scope.OS-INHERIT:inherited_to=projects&role.id={manager}")).ShouldBe([$"{user} {leaf} {manager}"]);
        (await List($"scope.system=all&user.id={user}")).ShouldBe([$"{user}  {reader}"]);
        var chain = (await admin.Get($"{Assignments}?effective&scope.domain.id={domain}&role.id={reader}")).Is(200)["role_assignments"].AsArray().Single()!;
        chain["links"]!["prior_role"]!.ToString().ShouldBe($"http://localhost{V3}/prior_role/{reader}/implies/{member}");
        (await admin.Get($"{Assignments}?effective&scope.project.id=nope")).Is(200)["role_assignments"].AsArray().ShouldBeEmpty();

        var readerOfDomain = await User(admin, "dr", domain);
        (await admin.Put($"{V3}/domains/{domain}/users/{readerOfDomain}/roles/{reader}")).Is(204);
        var login = new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id = readerOfDomain, password = "dr" } } }, scope = new { domain = new { id = domain } } } };
        var domainReader = TestUser.LoggedIn(cloud.Client(), (await cloud.Anonymous.Post(V3 + "/auth/tokens", login)).Is(201));
        (await domainReader.Get($"{Assignments}?effective")).Is(200)["role_assignments"].AsArray().Count.ShouldBe(all.Length + 1);
        (await domainReader.Get($"{Assignments}?scope.system=all")).Is(200)["role_assignments"].AsArray().ShouldBeEmpty();
        (await domainReader.Get($"{Assignments}?scope.project.id={top}&include_subtree")).Is(200);
    }

    [Fact]
    public async Task Grant_RoleOfAnotherDomain_IsRefusedOnProjectsAndTheSystem()
    {
        var (mine, other) = (await Domain(cloud.Admin), await Domain(cloud.Admin));
        var (user, inside, outside) = (await User(cloud.Admin, Name(), mine), await Project(cloud.Admin, domain: mine), await Project(cloud.Admin, domain: other));
        var role = (await cloud.Admin.Post(V3 + "/roles", new { role = new { name = "admin", domain_id = mine } })).Is(201)["role"]["id"]!.ToString();
        (await cloud.Admin.Put($"{V3}/projects/{inside}/users/{user}/roles/{role}")).Is(204);
        (await cloud.Admin.Put($"{V3}/domains/{other}/users/{user}/roles/{role}")).Is(204);
        (await cloud.Admin.Put($"{V3}/projects/{outside}/users/{user}/roles/{role}")).Is(403).Message().ShouldBe($"Project {outside} must be in the same domain as the role {role} being assigned.");
        (await cloud.Admin.Put($"{V3}/system/users/{user}/roles/{role}")).Is(400).Message().ShouldBe($"Role {role} is a domain-specific role. Unable to use a domain-specific role in a system assignment.");
        var prior = (await cloud.Admin.Post(V3 + "/roles", new { role = new { name = Name("role"), domain_id = mine } })).Is(201)["role"]["id"]!.ToString();
        (await cloud.Admin.Put($"{V3}/roles/{prior}/implies/{role}")).Is(403).Message().ShouldBe($"{role} cannot be an implied roles.");
        (await cloud.Admin.Get($"{Assignments}?user.id={user}&effective")).Is(200)["role_assignments"].AsArray().ShouldBeEmpty("a domain's role shows only in what it implies");
        (await cloud.Admin.Get($"{Assignments}?user.id={user}")).Is(200)["role_assignments"].AsArray().Count.ShouldBe(2);
        (await cloud.Admin.Delete($"{V3}/roles/{role}")).Is(204);
        (await cloud.Admin.Get($"{Assignments}?user.id={user}")).Is(200)["role_assignments"].AsArray().ShouldBeEmpty("a role takes its assignments along");
    }

    [Fact]
    public async Task Assignments_WhoeverOrWhateverGoes_TakesThemAlong()
    {
        var (user, group, project, role) = (await User(cloud.Admin, Name()), await Group(cloud.Admin), await Project(cloud.Admin), await Role(cloud.Admin));
        foreach (var actor in new[] { $"users/{user}", $"groups/{group}" })
        {
            foreach (var target in new[] { $"projects/{project}", $"OS-INHERIT/domains/default", "system" })
            {
                (await cloud.Admin.Put($"{V3}/{target}/{actor}/roles/{role}{(target[0] == 'O' ? "/inherited_to_projects" : "")}")).Is(204);
            }
        }
        async Task<int> Left() => (await cloud.Admin.Get($"{Assignments}?role.id={role}")).Is(200)["role_assignments"].AsArray().Count;
        (await Left()).ShouldBe(6);
        (await cloud.Admin.Delete($"{V3}/projects/{project}")).Is(204);
        (await Left()).ShouldBe(4);
        (await cloud.Admin.Delete($"{V3}/users/{user}")).Is(204);
        (await Left()).ShouldBe(2);
        (await cloud.Admin.Delete($"{V3}/groups/{group}")).Is(204);
        (await Left()).ShouldBe(0);
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
