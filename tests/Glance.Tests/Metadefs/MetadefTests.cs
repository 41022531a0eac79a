using System.Net;
using Nephos.Glance.Metadefs;
using Nephos.Kernel.Ids;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Metadefs;

public sealed class MetadefTests(GlanceCloud cloud) : IClassFixture<GlanceCloud>
{
    private const string Namespaces = "/image/v2/metadefs/namespaces";

    private static string Name() => "ns-" + NewId.Hex()[..10];

    private async Task<string> New(string visibility = "public", bool isProtected = false, string? owner = null)
    {
        var name = Name();
        (await cloud.Admin.Post(Namespaces, new { @namespace = name, visibility, @protected = isProtected, owner = owner ?? cloud.Admin.ProjectId })).Is(201);
        return name;
    }

    [Fact]
    public async Task Create_Whole_IsShownWithAllItsParts()
    {
        var name = Name();
        var made = (await cloud.Admin.Post(Namespaces, new
        {
            @namespace = name, display_name = "Words", description = "All of them", visibility = "public",
            resource_type_associations = new[] { new { name = "OS::Nova::Flavor", prefix = "hw:", properties_target = "image" } },
            properties = new { cpu = new { title = "CPUs", type = "integer", minimum = 1, @default = 2 } },
            objects = new[] { new { name = "disk", description = "d", required = new[] { "iops" }, properties = new { iops = new { title = "IO", type = "string", @enum = new[] { "a", "b" } } } } },
            tags = new[] { new { name = "blue" }, new { name = "red" } },
        })).Is(201);
        made.Header("Location").ShouldBe("/v2/metadefs/namespaces/" + name);
        var shown = (await cloud.NewUser().Get($"{Namespaces}/{name}")).Is(200);
        shown["display_name"].ToString().ShouldBe("Words");
        shown["protected"].GetValue<bool>().ShouldBeFalse();
        shown["self"].ToString().ShouldBe("/v2/metadefs/namespaces/" + name);
        shown["schema"].ToString().ShouldBe("/v2/schemas/metadefs/namespace");
        shown["resource_type_associations"][0]!["prefix"]!.ToString().ShouldBe("hw:");
        shown["properties"]["cpu"]!.ToJsonString().ShouldBe("""{"type":"integer","title":"CPUs","default":"2","minimum":1}""");
        shown["objects"][0]!["required"]!.ToJsonString().ShouldBe("[\"iops\"]");
        shown["objects"][0]!["self"]!.ToString().ShouldBe($"/v2/metadefs/namespaces/{name}/objects/disk");
        shown["tags"].ToJsonString().ShouldBe("""[{"name":"blue"},{"name":"red"}]""");
        var prefixed = (await cloud.Admin.Get($"{Namespaces}/{name}?resource_type=OS::Nova::Flavor")).Is(200);
        prefixed["properties"]["hw:cpu"].ShouldNotBeNull();
        prefixed["objects"][0]!["required"]!.ToJsonString().ShouldBe("[\"hw:iops\"]");
        (await cloud.Admin.Post(Namespaces, new { @namespace = name })).Is(409).Text.ShouldContain($"The metadata definition namespace={name} already exists.");
        (await cloud.Admin.Delete($"{Namespaces}/{name}")).Is(204);
        (await cloud.Admin.Get($"{Namespaces}/{name}")).Is(404).Text.ShouldContain($"Metadata definition namespace={name} was not found.");
    }

    [Theory]
    [InlineData("", "Body expected in request.")]
    [InlineData("[]", "is not of type 'object'")]
    [InlineData("{}", "'namespace' is a required property")]
    [InlineData("""{"namespace": 7}""", "7 is not of type 'string'")]
    [InlineData("""{"namespace": "x", "colour": "red"}""", "Additional properties are not allowed ('colour' was unexpected)")]
    [InlineData("""{"namespace": "x", "visibility": "shared"}""", "'shared' is not one of ['public', 'private']")]
    [InlineData("""{"namespace": "x", "protected": "yes"}""", "'yes' is not of type 'boolean'")]
    [InlineData("""{"namespace": "x", "properties": {"p": {"title": "t"}}}""", "'type' is a required property")]
    [InlineData("""{"namespace": "x", "properties": {"p": {"title": "t", "type": "floppy"}}}""", "'floppy' is not one of")]
    [InlineData("""{"namespace": "x", "properties": {"p": {"title": "t", "type": "string", "minLength": -1}}}""", "-1 is less than the minimum of 0")]
    [InlineData("""{"namespace": "x", "properties": {"p": {"title": "t", "type": "string", "colour": "red"}}}""", "Unknown attribute: colour")]
    [InlineData("""{"namespace": "x", "properties": {"p": {"title": "t", "type": "string", "enum": [1]}}}""", "Invalid input for field/attribute enum.")]
    [InlineData("""{"namespace": "x", "objects": [{"name": "o", "required": ["a", "a"]}]}""", "has non-unique elements")]
    [InlineData("""{"namespace": "x", "objects": [{}]}""", "'name' is a required property")]
    [InlineData("""{"namespace": "x", "tags": [{"name": 1}]}""", "1 is not of type 'string'")]
    public async Task Create_Bad_Is400AndNothingIsMade(string body, string words)
    {
        WebUtility.HtmlDecode((await cloud.Admin.Post(Namespaces, body)).Is(400).Text).ShouldContain(words);
        (await cloud.Admin.Get(Namespaces + "/x")).Is(404);
    }

    [Fact]
    public async Task Create_ReadOnlyOrLongOrByAMember_IsRefused()
    {
        (await cloud.Admin.Post(Namespaces, new { @namespace = "x", created_at = "2020" })).Is(403).Text.ShouldContain("read-only");
        (await cloud.Admin.Post(Namespaces, new { @namespace = new string('x', 81) })).Is(400).Text.ShouldContain("is too long");
        (await cloud.NewUser().Post(Namespaces, new { @namespace = "x" })).Is(403).Text.ShouldContain("You are not authorized to complete add_metadef_namespace action.");
        (await cloud.Anonymous.Get(Namespaces)).Is(401);
    }

    [Fact]
    public async Task Private_OfAnotherProject_IsNotThere()
    {
        var (owner, other) = (cloud.NewUser(), cloud.NewUser());
        var name = await New("private", owner: owner.ProjectId);
        (await owner.Get($"{Namespaces}/{name}")).Is(200);
        (await owner.Delete($"{Namespaces}/{name}")).Is(403);
        foreach (var path in new[] { "", "/objects", "/properties", "/tags", "/resource_types" }) { (await other.Get($"{Namespaces}/{name}{path}")).Is(404); }
        (await other.Delete($"{Namespaces}/{name}")).Is(404);
        (await other.Put($"{Namespaces}/{name}", new { @namespace = name })).Is(404);
        (await other.Post($"{Namespaces}/{name}/objects", new { name = "o" })).Is(404);
        (await other.Get(Namespaces + "?limit=1000")).Is(200).Text.ShouldNotContain(name);
        (await owner.Get(Namespaces + "?limit=1000")).Is(200).Text.ShouldContain(name);
        (await owner.Get(Namespaces + "?limit=1000&visibility=public")).Is(200).Text.ShouldNotContain(name);
    }

    [Fact]
    public async Task Update_ChangesAndRenames_AndGivesDefaultsBack()
    {
        var name = await New();
        (await cloud.Admin.Post($"{Namespaces}/{name}/tags/t")).Is(201);
        var renamed = name + "-2";
        var changed = (await cloud.Admin.Put($"{Namespaces}/{name}", new { @namespace = renamed, display_name = "D" })).Is(200);
        changed["visibility"].ToString().ShouldBe("private");
        changed["display_name"].ToString().ShouldBe("D");
        (await cloud.Admin.Get($"{Namespaces}/{name}")).Is(404);
        (await cloud.Admin.Get($"{Namespaces}/{renamed}/tags/t")).Is(200)["name"].ToString().ShouldBe("t");
        var other = await New();
        (await cloud.Admin.Put($"{Namespaces}/{other}", new { @namespace = renamed })).Is(409).Text.ShouldContain("Invalid update.");
        (await cloud.Admin.Put($"{Namespaces}/nope-{name}", new { @namespace = renamed })).Is(404).Text.ShouldContain($"Namespace nope-{name} not found");
    }

    [Fact]
    public async Task Protected_LosesNothing()
    {
        var name = await New(isProtected: true);
        var at = $"{Namespaces}/{name}";
        (await cloud.Admin.Post(at + "/objects", new { name = "o" })).Is(201);
        (await cloud.Admin.Post(at + "/properties", new { name = "p", title = "P", type = "string" })).Is(201);
        (await cloud.Admin.Post(at + "/tags/t")).Is(201);
        (await cloud.Admin.Post(at + "/resource_types", new { name = "OS::Nova::Server" })).Is(201);
        foreach (var path in new[] { "", "/objects", "/properties", "/tags", "/objects/o", "/properties/p", "/tags/t", "/resource_types/OS::Nova::Server" })
        {
            (await cloud.Admin.Delete(at + path)).Is(403).Text.ShouldContain("is protected and cannot be deleted.");
        }
        (await cloud.Admin.Put(at, new { @namespace = name, @protected = false })).Is(200);
        foreach (var path in new[] { "/objects/o", "/properties/p", "/tags/t", "/resource_types/OS::Nova::Server", "" }) { (await cloud.Admin.Delete(at + path)).Is(204); }
    }

    [Fact]
    public async Task Objects_LiveTheirLife()
    {
        var at = $"{Namespaces}/{await New()}/objects";
        var made = (await cloud.Admin.Post(at, new { name = "o", description = "d", properties = new { p = new { title = "P", type = "string" } } })).Is(201);
        made["schema"].ToString().ShouldBe("/v2/schemas/metadefs/object");
        (await cloud.Admin.Post(at, new { name = "o" })).Is(409).Text.ShouldContain("already exists in namespace=");
        (await cloud.Admin.Post(at, new { description = "d" })).Is(400).Text.ShouldContain("Provided object does not match schema");
        (await cloud.Admin.Get(at + "/o")).Is(200)["properties"]["p"]!["title"]!.ToString().ShouldBe("P");
        (await cloud.Admin.Get(at + "/nope")).Is(404).Text.ShouldContain("The metadata definition object with name=nope was not found in namespace=");
        (await cloud.Admin.Post(at, new { name = "o2" })).Is(201);
        (await cloud.Admin.Put(at + "/o", new { name = "o2" })).Is(409);
        var changed = (await cloud.Admin.Put(at + "/o", new { name = "o3", description = "e" })).Is(200);
        changed["description"].ToString().ShouldBe("e");
        changed.Json["properties"].ShouldBeNull();
        var listed = (await cloud.NewUser().Get(at)).Is(200);
        listed["objects"].AsArray().Select(o => o!["name"]!.ToString()).Order().ShouldBe(["o2", "o3"]);
        listed["schema"].ToString().ShouldBe("v2/schemas/metadefs/objects");
        (await cloud.Admin.Get(at + "?limit=0")).Is(400);
        (await cloud.NewUser().Delete(at + "/o2")).Is(403);
        (await cloud.Admin.Delete(at + "/o2")).Is(204);
        (await cloud.Admin.Delete(at + "/o2")).Is(404);
        (await cloud.Admin.Delete(at)).Is(204);
        (await cloud.Admin.Get(at)).Is(200)["objects"].AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Properties_LiveTheirLife()
    {
        var name = await New();
        var at = $"{Namespaces}/{name}/properties";
        (await cloud.Admin.Post(at, new { name = "p", title = "P", type = "array", items = new { type = "string", @enum = new[] { "a" } }, operators = new[] { "<in>" } })).Is(201)["name"].ToString().ShouldBe("p");
        (await cloud.Admin.Post(at, new { name = "p", title = "P", type = "string" })).Is(409);
        (await cloud.Admin.Post(at, new { title = "P", type = "string" })).Is(400).Text.ShouldContain("is a required property");
        (await cloud.Admin.Get(at)).Is(200)["properties"]["p"]!["items"]!["enum"]!.ToJsonString().ShouldBe("[\"a\"]");
        (await cloud.Admin.Post($"{Namespaces}/{name}/resource_types", new { name = "OS::X::Y", prefix = "x:" })).Is(201);
        (await cloud.Admin.Get(at + "/x:p?resource_type=OS::X::Y")).Is(200)["title"].ToString().ShouldBe("P");
        (await cloud.Admin.Get(at + "/p?resource_type=OS::X::Y")).Is(404).Text.ShouldContain("does not start with the expected resource type association prefix");
        (await cloud.Admin.Get(at + "/p?resource_type=OS::No")).Is(404).Text.ShouldContain("resource-type with name=OS::No, was not found.");
        (await cloud.Admin.Get(at + "/p?resource_type=OS::Nova::Server")).Is(404).Text.ShouldContain("association of resource-type=OS::Nova::Server");
        (await cloud.Admin.Put(at + "/p", new { name = "q", title = "Q", type = "string" })).Is(200)["title"].ToString().ShouldBe("Q");
        (await cloud.Admin.Put(at + "/p", new { name = "q", title = "Q", type = "string" })).Is(404);
        (await cloud.Admin.Delete(at + "/q")).Is(204);
        (await cloud.Admin.Post(at, new { name = "r", title = "R", type = "string" })).Is(201);
        (await cloud.Admin.Delete(at)).Is(204);
        (await cloud.Admin.Get(at)).Is(200)["properties"].AsObject().ShouldBeEmpty();
    }

    [Fact]
    public async Task Tags_LiveTheirLife()
    {
        var at = $"{Namespaces}/{await New()}/tags";
        var tags = new { tags = new[] { new { name = "a" }, new { name = "b" }, new { name = "c" } } };
        (await cloud.Admin.Post(at, tags)).Is(201)["tags"].ToJsonString().ShouldBe("""[{"name":"a"},{"name":"b"},{"name":"c"}]""");
        (await cloud.Admin.Send(HttpMethod.Post, at, tags, ("X-Openstack-Append", "true"))).Is(409);
        (await cloud.Admin.Post(at, tags)).Is(201);
        (await cloud.Admin.Send(HttpMethod.Post, at, new { tags = new[] { new { name = "d" } } }, ("X-Openstack-Append", "true"))).Is(201);
        async Task<string[]> List(string query) => [.. (await cloud.Admin.Get(at + query)).Is(200)["tags"].AsArray().Select(t => t!["name"]!.ToString())];
        (await List("?sort_key=name&sort_dir=asc")).ShouldBe(["a", "b", "c", "d"]);
        (await List("?sort_key=name&sort_dir=asc&limit=2&marker=b")).ShouldBe(["c", "d"]);
        (await List("?sort_key=name")).ShouldBe(["d", "c", "b", "a"]);
        (await cloud.Admin.Get(at + "?sort_key=shoe")).Is(400);
        (await cloud.Admin.Get(at + "?marker=nope")).Is(404);
        (await cloud.Admin.Post(at + "/a")).Is(409).Text.ShouldContain("already exists");
        (await cloud.Admin.Post(at + "/" + new string('x', 81))).Is(400);
        (await cloud.Admin.Put(at + "/a", new { name = "b" })).Is(409);
        (await cloud.Admin.Put(at + "/a", new { name = "z" })).Is(200)["name"].ToString().ShouldBe("z");
        (await cloud.Admin.Delete(at + "/a")).Is(404);
        (await cloud.Admin.Post(at, new { tags = new[] { new { colour = "x" } } })).Is(400);
        (await cloud.NewUser().Post(at, tags)).Is(403);
        (await cloud.Admin.Delete(at)).Is(204);
        (await List("")).ShouldBeEmpty();
    }

    [Fact]
    public async Task ResourceTypes_AreKnownAndAssociated()
    {
        var user = cloud.NewUser();
        (await user.Get("/image/v2/metadefs/resource_types")).Is(200)["resource_types"].AsArray().Select(t => t!["name"]!.ToString()).ShouldContain("OS::Nova::Server");
        var name = await New();
        var at = $"{Namespaces}/{name}/resource_types";
        var type = "OS::" + name;
        (await cloud.Admin.Post(at, new { name = type, prefix = "p_" })).Is(201)["prefix"].ToString().ShouldBe("p_");
        (await cloud.Admin.Post(at, new { name = type })).Is(409);
        (await user.Get(at)).Is(200)["resource_type_associations"][0]!["name"]!.ToString().ShouldBe(type);
        (await user.Get("/image/v2/metadefs/resource_types")).Is(200).Text.ShouldContain(type);
        (await user.Get($"{Namespaces}?resource_types={type},OS::Other")).Is(200)["namespaces"].AsArray().ShouldHaveSingleItem()!["namespace"]!.ToString().ShouldBe(name);
        (await cloud.Admin.Delete($"{at}/{type}")).Is(204);
        (await cloud.Admin.Delete($"{at}/{type}")).Is(404).Text.ShouldContain($"Failed to find resource type {type} to delete");
    }

    [Fact]
    public async Task List_Pages_FollowEachOther()
    {
        var type = "OS::" + Name();
        var names = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            names.Add(await New());
            (await cloud.Admin.Post($"{Namespaces}/{names[^1]}/resource_types", new { name = type })).Is(201);
        }
        var seen = new List<string>();
        var next = $"/v2/metadefs/namespaces?limit=2&sort_dir=asc&resource_types={type}";
        while (next is not null)
        {
            var page = (await cloud.Admin.Get("/image" + next)).Is(200);
            page["first"].ToString().ShouldStartWith("/v2/metadefs/namespaces?limit=2");
            seen.AddRange(page["namespaces"].AsArray().Select(i => i!["namespace"]!.ToString()));
            next = page.Json["next"]?.ToString();
        }
        seen.ShouldBe(names);
        foreach (var bad in new[] { "limit=x", "limit=-1", "sort_dir=up", "sort_key=shoe", "visibility=x" }) { (await cloud.Admin.Get($"{Namespaces}?{bad}")).Is(400); }
        (await cloud.Admin.Get(Namespaces + "?marker=nope")).Is(404);
    }

    [Fact]
    public async Task Load_Files_MakesNamespacesOnce()
    {
        var folder = Directory.CreateTempSubdirectory("nephos-metadefs-").FullName;
        try
        {
            var name = Name();
            await File.WriteAllTextAsync(Path.Combine(folder, "a.json"), "{'namespace': 'NAME', 'display_name': 'A', 'visibility': 'public', 'resource_type_associations': [{'name': 'OS::Glance::Image'}], 'properties': {'p': {'title': 'P', 'type': 'string'}}, 'objects': []}"
                .Replace('\'', '"').Replace("NAME", name, StringComparison.Ordinal));
            await File.WriteAllTextAsync(Path.Combine(folder, "b.json"), """{"namespace": 7}""");
            await File.WriteAllTextAsync(Path.Combine(folder, "c.json"), "{");
            var files = cloud.Get<MetadefFiles>();
            var lines = await files.LoadAsync(folder, overwrite: false, default);
            lines[0].ShouldBe($"a.json: loaded namespace {name}");
            lines[1].ShouldStartWith("b.json: failed: ");
            lines[2].ShouldStartWith("c.json: failed: ");
            (await cloud.NewUser().Get($"{Namespaces}/{name}")).Is(200)["properties"]["p"].ShouldNotBeNull();
            (await files.LoadAsync(Path.Combine(folder, "a.json"), overwrite: false, default)).ShouldBe([$"a.json: namespace {name} is there already"]);
            (await files.LoadAsync(Path.Combine(folder, "a.json"), overwrite: true, default)).ShouldBe([$"a.json: loaded namespace {name}"]);
            (await files.LoadAsync(folder + "/nope", overwrite: true, default))[0].ShouldEndWith("Aborting.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Schemas_AreThere()
    {
        foreach (var name in new[] { "namespace", "namespaces", "resource_type", "resource_types", "object", "objects", "property", "properties", "tag", "tags" })
        {
            (await cloud.NewUser().Get("/image/v2/schemas/metadefs/" + name)).Is(200)["name"].ShouldNotBeNull();
        }
        (await cloud.NewUser().Get("/image/v2/schemas/task")).Is(200)["name"].ToString().ShouldBe("task");
        (await cloud.NewUser().Post("/image/v2/schemas/metadefs/tag", "{}")).Is(405);
    }
}
