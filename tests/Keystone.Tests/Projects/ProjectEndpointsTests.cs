using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Projects;

public sealed class ProjectEndpointsTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Projects = V3 + "/projects";

    [Fact]
    public async Task Create_ThenShow_IsUpstreamsBody()
    {
        var name = Name();
        var created = (await cloud.Admin.Post(Projects, new { project = new { name, description = "d", color = "blue", tags = new[] { "b", "a" } } })).Is(201)["project"];
        var id = created["id"]!.ToString();
        created.ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","name":"{{{name}}}","domain_id":"default","description":"d","enabled":true,"parent_id":"default","is_domain":false,"tags":["a","b"],"options":{},"links":{"self":"http://localhost/identity/v3/projects/{{{id}}}"},"color":"blue"}""");
        (await cloud.Admin.Get($"{Projects}/{id}")).Is(200)["project"].ToJsonString().ShouldBe(created.ToJsonString());
    }

    [Theory]
    [InlineData("""{"project":{}}""", 400, "Invalid input for field/attribute project. Value: {}. 'name' is a required property")]
    [InlineData("""{"project":{"name":""}}""", 400, "Invalid input for field/attribute name. Value: . '' is too short")]
    [InlineData("""{"project":{"name":"  "}}""", 400, "does not match '[\\S]+'")]
    [InlineData("""{"project":{"name":5}}""", 400, "5 is not of type 'string'")]
    [InlineData("""{"project":{"name":"12345678901234567890123456789012345678901234567890123456789012345"}}""", 400, "is too long")]
    [InlineData("""{"project":{"name":"x","enabled":"maybe"}}""", 400, "'maybe' is not of type 'boolean'")]
    [InlineData("""{"project":{"name":"x","domain_id":"nope"}}""", 400, "Could not find domain: nope.")]
    [InlineData("""{"project":{"name":"x","parent_id":"nope"}}""", 400, "Could not find project: nope.")]
    [InlineData("""{"project":{"name":"x","tags":["a,b"]}}""", 400, "'a,b' does not match '^[^,/]*$'")]
    [InlineData("""{"project":{"name":"x","options":{"colour":1}}}""", 400, "Additional properties are not allowed ('colour' was unexpected)")]
    [InlineData("""{"project":{"name":"x","is_domain":true,"parent_id":"default"}}""", 400, "only root projects are allowed to act as domains.")]
    [InlineData("""{"project":{"name":"admin"}}""", 409, "Conflict occurred attempting to store project - it is not permitted to have two projects with either the same name or same id in the same domain: name is admin, project id ")]
    public async Task Create_BadBody_IsRefusedInUpstreamsWords(string body, int status, string words) => (await cloud.Admin.Post(Projects, body)).Is(status).Message().ShouldContain(words);

    [Fact]
    public async Task Rights_OthersAndReaders_Are403()
    {
        var id = await Project(cloud.Admin);
        var user = await cloud.NewRealUserAsync();
        (await user.Get($"{Projects}/{user.ProjectId}")).Is(200);
        (await user.Get($"{Projects}/{id}")).Is(403).Message().ShouldBe("You are not authorized to perform the requested action: identity:get_project.");
        (await user.Get($"{Projects}/nope")).Is(403);
        (await cloud.Admin.Get($"{Projects}/nope")).Is(404).Message().ShouldBe("Could not find project: nope.");
        (await user.Get(Projects)).Is(403);
        (await user.Post(Projects, new { project = new { name = Name() } })).Is(403).Message().ShouldBe("You are not authorized to perform the requested action: identity:create_project.");
        (await user.Patch($"{Projects}/{user.ProjectId}", new { project = new { name = Name() } })).Is(403);
        (await user.Delete($"{Projects}/{user.ProjectId}")).Is(403);
        (await cloud.Anonymous.Get(Projects)).Is(401);
    }

    [Fact]
    public async Task Update_NameExtraAndForbiddenFields_AreToldApart()
    {
        var id = await Project(cloud.Admin);
        var updated = (await cloud.Admin.Patch($"{Projects}/{id}", new { project = new { name = "renamed-" + id[..6], description = "new", mood = "good" } })).Is(200)["project"];
        (updated["description"]!.ToString(), updated["mood"]!.ToString()).ShouldBe(("new", "good"));
        (await cloud.Admin.Patch($"{Projects}/{id}", new { project = new { domain_id = "other" } })).Is(400).Message().ShouldBe("Cannot change Domain ID");
        (await cloud.Admin.Patch($"{Projects}/{id}", new { project = new { id = "other" } })).Is(400).Message().ShouldBe("Cannot change ID");
        (await cloud.Admin.Patch($"{Projects}/{id}", new { project = new { parent_id = "other" } })).Is(403).Message().ShouldBe("Update of `parent_id` is not allowed.");
        (await cloud.Admin.Patch($"{Projects}/{id}", new { project = new { is_domain = true } })).Is(400).Message().ShouldBe("Update of `is_domain` is not allowed.");
        (await cloud.Admin.Patch($"{Projects}/{id}", new { project = new { id, domain_id = "default", parent_id = "default", is_domain = false } })).Is(200)["project"].AsObject().Count(p => p.Key == "id").ShouldBe(1);
        (await cloud.Admin.Patch($"{Projects}/{id}", new { project = new { name = "admin" } })).Is(409);
    }

    [Fact]
    public async Task Tree_ParentsSubtreeAndDelete_KeepItsOrder()
    {
        var admin = await cloud.LoginAdminAsync();
        var top = await Project(admin);
        var middle = await Project(admin, parent: top);
        var leaf = await Project(admin, parent: middle);
        (await admin.Get($"{Projects}/{leaf}?parents_as_ids")).Is(200)["project"]["parents"]!.ToJsonString().ShouldBe($"{{\"{middle}\":{{\"{top}\":{{\"default\":null}}}}}}");
        (await admin.Get($"{Projects}/{top}?subtree_as_ids")).Is(200)["project"]["subtree"]!.ToJsonString().ShouldBe($"{{\"{middle}\":{{\"{leaf}\":null}}}}");
        (await admin.Get($"{Projects}/{top}?subtree_as_ids&subtree_as_list")).Is(400);
        (await admin.Get($"{Projects}/{leaf}?parents_as_list")).Is(200)["project"]["parents"]!.AsArray().Count.ShouldBe(0, "the admin has no role there");
        (await admin.Get($"{Projects}?parent_id={top}")).Ids("projects").ShouldBe([middle]);
        (await admin.Delete($"{Projects}/{top}")).Is(403).Message().ShouldContain("since it is not a leaf in the hierarchy");
        (await admin.Patch($"{Projects}/{top}", new { project = new { enabled = false } })).Is(403).Message().ShouldBe($"Cannot disable project {top} since its subtree contains enabled projects.");
        (await admin.Delete($"{Projects}/{leaf}")).Is(204);
        (await admin.Delete($"{Projects}/{leaf}")).Is(404);
        var deep = middle;
        for (var depth = 3; depth <= 5; depth++) { deep = await Project(admin, parent: deep); }
        (await admin.Post(Projects, new { project = new { name = Name(), parent_id = deep } })).Is(403).Message().ShouldBe($"Max hierarchy depth reached for {deep} branch.");
    }

    [Fact]
    public async Task List_FiltersAndPages_GiveWhatTheyName()
    {
        var prefix = Name("list");
        var ids = new List<string>();
        foreach (var i in new[] { 1, 2, 3 }) { ids.Add(await Project(cloud.Admin, $"{prefix}-{i}")); }
        (await cloud.Admin.Patch($"{Projects}/{ids[1]}", new { project = new { enabled = false, tags = new[] { "x", "y" } } })).Is(200);
        (await cloud.Admin.Get($"{Projects}?name={prefix}-1")).Ids("projects").ShouldBe([ids[0]]);
        (await cloud.Admin.Get($"{Projects}?name__startswith={prefix}")).Ids("projects").ShouldBe(ids.Order());
        (await cloud.Admin.Get($"{Projects}?name__icontains={prefix.ToUpperInvariant()}&enabled=false")).Ids("projects").ShouldBe([ids[1]]);
        (await cloud.Admin.Get($"{Projects}?name__contains={prefix}&enabled")).Ids("projects").ShouldBe([.. new[] { ids[0], ids[2] }.Order()]);
        (await cloud.Admin.Get($"{Projects}?tags=x,y&name__contains={prefix}")).Ids("projects").ShouldBe([ids[1]]);
        (await cloud.Admin.Get($"{Projects}?tags-any=x,z&name__contains={prefix}")).Ids("projects").ShouldBe([ids[1]]);
        (await cloud.Admin.Get($"{Projects}?not-tags-any=x&name__contains={prefix}")).Ids("projects").Count().ShouldBe(2);
        var first = (await cloud.Admin.Get($"{Projects}?name__startswith={prefix}&limit=2")).Is(200);
        first.Ids("projects").Count().ShouldBe(2);
        var next = first["links"]["next"]!.ToString();
        next.ShouldStartWith("http://localhost/identity/v3/projects?");
        (await cloud.Admin.Get(new Uri(next).PathAndQuery)).Ids("projects").ShouldBe([ids.Order().Last()]);
        (await cloud.Admin.Get($"{Projects}?limit=2&marker=nope")).Is(404);
        (await cloud.Admin.Get($"{Projects}?is_domain=true")).Ids("projects").ShouldContain("default");
    }

    /// <summary>Case counts, unless an i says otherwise; on SQLite LIKE would not tell.</summary>
    [Fact]
    public async Task List_Comparators_TellCase()
    {
        var prefix = Name("Case");
        var id = await Project(cloud.Admin, prefix + "-End");
        var (lower, tail) = (prefix.ToLowerInvariant(), prefix[4..]);
        foreach (var (query, hit) in new[]
        {
            ($"name__startswith={prefix}", true), ($"name__startswith={lower}", false), ($"name__istartswith={lower}", true),
            ($"name__endswith={tail}-End", true), ($"name__endswith={tail}-end", false), ($"name__iendswith={tail}-END", true),
            ($"name__contains={tail}-E", true), ($"name__contains={tail}-e", false), ($"name__icontains={tail}-e", true),
            ($"name__startswith=%25{prefix}", false), ($"name__unheard={prefix}&name={prefix}-End", true), ($"name={lower}-end", false),
        }) { (await cloud.Admin.Get($"{Projects}?{query}")).Ids("projects").Contains(id).ShouldBe(hit, query); }
    }

    [Fact]
    public async Task Show_IncludeLimits_ListsThemWithParents()
    {
        var admin = await cloud.LoginAdminAsync();
        var top = await Project(admin);
        var leaf = await Project(admin, parent: top);
        (await admin.Put($"{V3}/projects/{top}/users/{admin.UserId}/roles/{await RoleNamed(admin, "member")}")).Is(204);
        (await admin.Put($"{Projects}/{top}/tags/t")).Is(201);
        var service = await Limits.LimitTests.Service(admin);
        await Limits.LimitTests.Register(admin, service, "cores", 10);
        (await admin.Post(V3 + "/limits", Limits.LimitTests.Body("project_id", top, service, "cores", 3))).Is(201);
        var parent = (await admin.Get($"{Projects}/{leaf}?parents_as_list&include_limits")).Is(200)["project"]["parents"]![0]!["project"]!;
        (parent["id"]!.ToString(), parent["tags"]!.ToJsonString(), parent["limits"]![0]!["resource_limit"]!.GetValue<int>()).ShouldBe((top, """["t"]""", 3));
        (await admin.Get($"{Projects}/{leaf}?parents_as_list")).Is(200)["project"]["parents"]![0]!["project"]!.AsObject().ContainsKey("limits").ShouldBeFalse();
        (await admin.Get($"{Projects}/{leaf}?parents_as_list=0")).Is(200)["project"].AsObject().ContainsKey("parents").ShouldBeFalse();
    }

    [Fact]
    public async Task Domain_NamedFederated_Is400() =>
        (await cloud.Admin.Post(V3 + "/domains", new { domain = new { name = "federated" } })).Is(400).Message().ShouldBe("Domain cannot be named federated");

    [Fact]
    public async Task Tags_SetAddCheckDelete_AreKept()
    {
        var tags = $"{Projects}/{await Project(cloud.Admin)}/tags";
        (await cloud.Admin.Put(tags, new { tags = new[] { "b", "a" } })).Is(200)["tags"].ToJsonString().ShouldBe("""["a","b"]""");
        (await cloud.Admin.Put(tags, new { tags = new[] { "b", "b" } })).Is(400);
        var added = (await cloud.Admin.Put(tags + "/c")).Is(201);
        added.Header("Location").ShouldBe("http://localhost" + tags + "/c");
        (await cloud.Admin.Get(tags + "/c")).Is(204);
        (await cloud.Admin.Head(tags + "/c")).Is(204);
        (await cloud.Admin.Get(tags)).Is(200)["tags"].ToJsonString().ShouldBe("""["a","b","c"]""");
        (await cloud.Admin.Delete(tags + "/c")).Is(204);
        (await cloud.Admin.Get(tags + "/c")).Is(404).Message().ShouldBe("Could not find project tag: c.");
        (await cloud.Admin.Delete(tags)).Is(204);
        (await cloud.Admin.Get(tags)).Is(200)["tags"].AsArray().Count.ShouldBe(0);
    }
}

public sealed class DomainEndpointsTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Domains = V3 + "/domains";

    [Fact]
    public async Task Domain_WholeLife_TakesItsContentsAlong()
    {
        var admin = await cloud.LoginAdminAsync();
        var name = Name("domain");
        var id = await Domain(admin, name);
        (await admin.Get($"{Domains}/{id}")).Is(200)["domain"].ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","name":"{{{name}}}","description":"","enabled":true,"tags":[],"options":{},"links":{"self":"http://localhost/identity/v3/domains/{{{id}}}"}}""");
        (await admin.Post(Domains, new { domain = new { name } })).Is(409).Message().ShouldBe($"Conflict occurred attempting to store project - it is not permitted to have two projects acting as domains with the same name: {name}.");
        (await admin.Get($"{Domains}?name={name}")).Ids("domains").ShouldBe([id]);
        var (project, user, group) = (await Project(admin, domain: id), await User(admin, "u", id), await Group(admin, domain: id));
        (await admin.Put($"{V3}/projects/{project}/users/{user}/roles/{await RoleNamed(admin, "member")}")).Is(204);
        var inside = await cloud.LoginAsync("u", "u", (await admin.Get($"{V3}/projects/{project}"))["project"]["name"]!.ToString(), name);
        (await inside.Get(V3 + "/auth/catalog")).Is(200);
        (await admin.Delete($"{Domains}/{id}")).Is(403).Message().ShouldBe("Cannot delete a domain that is enabled, please disable it first.");
        (await admin.Patch($"{Domains}/{id}", new { domain = new { enabled = false } })).Is(200);
        (await inside.Get(V3 + "/auth/catalog")).Is(401);
        (await admin.Delete($"{Domains}/{id}")).Is(204);
        foreach (var gone in new[] { $"domains/{id}", $"projects/{project}", $"users/{user}", $"groups/{group}" }) { (await admin.Get($"{V3}/{gone}")).Is(404); }
    }

    [Fact]
    public async Task Domain_ScopedReader_SeesOnlyTheirs()
    {
        var admin = await cloud.LoginAdminAsync();
        var (mine, other) = (await Domain(admin, Name("mine")), await Domain(admin));
        var name = (await admin.Get($"{Domains}/{mine}"))["domain"]["name"]!.ToString();
        var user = await User(admin, "reader", mine);
        (await admin.Put($"{Domains}/{mine}/users/{user}/roles/{await RoleNamed(admin, "reader")}")).Is(204);
        var reply = (await cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id = user, password = "reader" } } }, scope = new { domain = new { id = mine } } } })).Is(201);
        reply["token"]["domain"]!["id"]!.ToString().ShouldBe(mine);
        var reader = TestUser.LoggedIn(cloud.Client(), reply);
        (await reader.Get($"{V3}/users")).Ids("users").ShouldBe([user]);
        (await reader.Get($"{V3}/users/{user}")).Is(200);
        (await reader.Get($"{V3}/projects")).Ids("projects").ShouldBeEmpty();
        (await reader.Get(Domains)).Ids("domains").ShouldBe([mine]);
        (await reader.Get($"{Domains}/{other}")).Is(403);
        (await reader.Get($"{Domains}/{mine}")).Is(200);
        (await reader.Get($"{V3}/role_assignments")).Is(200)["role_assignments"].AsArray().Count.ShouldBe(1);
        (await reader.Get($"{V3}/auth/domains")).Ids("domains").ShouldBe([mine]);
        (await reader.Post($"{V3}/users", new { user = new { name = "x", domain_id = mine } })).Is(403);
        name.ShouldStartWith("mine");
    }
}
