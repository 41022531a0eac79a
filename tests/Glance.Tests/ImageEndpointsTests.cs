using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests;

public sealed class ImageEndpointsTests(GlanceCloud cloud) : IClassFixture<GlanceCloud>
{
    private const string Images = ImageTesting.Images;

    [Fact]
    public async Task Create_Everything_IsShownAgain()
    {
        var user = cloud.NewUser();
        var id = Guid.Parse("11111111-2222-3333-4444-555555555555").ToString();
        var body = new { id, name = "disk", disk_format = "qcow2", container_format = "bare", visibility = "private", min_disk = 3, min_ram = 256, tags = new[] { "b", "a", "b" }, os_distro = "debian", os_hidden = true, @protected = false };
        var made = (await user.Post(Images, body)).Is(201);
        made.Header("Location").ShouldBe($"http://localhost/image/v2/images/{id}");
        made.Header("OpenStack-image-import-methods").ShouldBe("glance-direct,web-download,copy-image");
        made.Header("OpenStack-image-store-ids").ShouldBe("file");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown.Json.ToJsonString().ShouldBe(made.Json.ToJsonString());
        shown["os_distro"].ToString().ShouldBe("debian");
        shown["status"].ToString().ShouldBe("queued");
        shown["owner"].ToString().ShouldBe(user.ProjectId);
        shown["tags"].ToJsonString().ShouldBe("[\"a\",\"b\"]");
        shown["file"].ToString().ShouldBe($"/v2/images/{id}/file");
        shown.Json["size"].ShouldBeNull();
        (await user.Post(Images, body)).Is(409).Text.ShouldContain("already exists");
    }

    [Theory]
    [InlineData("""{"name": 7}""", 400, "7 is not of type 'null', 'string'")]
    [InlineData("""{"disk_format": "floppy"}""", 400, "'floppy' is not one of [None, 'ami'")]
    [InlineData("""{"container_format": "box"}""", 400, "'box' is not one of")]
    [InlineData("""{"visibility": "secret"}""", 400, "'secret' is not one of")]
    [InlineData("""{"id": "seven"}""", 400, "'seven' does not match")]
    [InlineData("""{"min_disk": -1}""", 400, "Cannot be a negative value")]
    [InlineData("""{"min_ram": 4294967296}""", 400, "out of range")]
    [InlineData("""{"min_ram": "64"}""", 400, "is not of type 'integer'")]
    [InlineData("""{"protected": "yes"}""", 400, "is not of type 'boolean'")]
    [InlineData("""{"tags": "a"}""", 400, "is not of type 'array'")]
    [InlineData("""{"colour": 1}""", 400, "1 is not of type 'string'")]
    [InlineData("""{"status": "active"}""", 403, "Attribute 'status' is read-only.")]
    [InlineData("""{"size": 7}""", 403, "read-only")]
    [InlineData("""{"self": "x"}""", 403, "read-only")]
    [InlineData("""{"deleted": "x"}""", 403, "reserved")]
    [InlineData("""{"os_glance_x": "x"}""", 403, "reserved")]
    [InlineData("""{"visibility": "public"}""", 403, "publicize_image")]
    [InlineData("""{"owner": "somebody"}""", 403, "You are not permitted to create images owned by")]
    [InlineData("""[]""", 400, "")]
    [InlineData("""{""", 400, "Malformed JSON")]
    public async Task Create_Bad_IsRefusedInUpstreamsWords(string body, int status, string words) =>
        System.Net.WebUtility.HtmlDecode((await cloud.NewUser().Post(Images, body)).Is(status).Text).ShouldContain(words);

    [Fact]
    public async Task Create_LongNamesAndManyTags_AreRefused()
    {
        var user = cloud.NewUser();
        (await user.Post(Images, new { name = new string('x', 256) })).Is(400);
        (await user.Post(Images, new { tags = new[] { new string('x', 256) } })).Is(400);
        (await user.Post(Images, new { tags = Enumerable.Range(0, 129).Select(i => "t" + i) })).Is(413);
        (await user.Post(Images, new Dictionary<string, string> { [new string('p', 256)] = "x" })).Is(400);
        (await user.Post(Images, Enumerable.Range(0, 129).ToDictionary(i => "p" + i, _ => "x"))).Is(413);
    }

    [Fact]
    public async Task Visibility_OfOthersImages_DecidesWhoSeesThem()
    {
        var (owner, other, admin) = (cloud.NewUser(), cloud.NewUser(), cloud.Admin);
        var isPrivate = await owner.NewImage("p", "private");
        var shared = await owner.NewImage("s");
        var community = await owner.NewImage("c", "community");
        var isPublic = await admin.NewImage("pub", "public");
        (await other.Get($"{Images}/{isPrivate}")).Is(404).Text.ShouldContain($"No image found with ID {isPrivate}");
        (await other.Get($"{Images}/{shared}")).Is(404);
        (await other.Get($"{Images}/{community}")).Is(200);
        (await other.Get($"{Images}/{isPublic}")).Is(200);
        (await admin.Get($"{Images}/{isPrivate}")).Is(200);
        var listed = (await other.Get(Images + "?limit=1000")).Is(200).Text;
        listed.ShouldContain(isPublic);
        foreach (var hidden in new[] { isPrivate, shared, community }) { listed.ShouldNotContain(hidden); }
        (await other.Get(Images + "?visibility=community&limit=1000")).Is(200).Text.ShouldContain(community);
        (await other.Get(Images + "?visibility=all&limit=1000")).Is(200).Text.ShouldContain(community);
        (await owner.Get(Images + "?limit=1000")).Is(200).Text.ShouldContain(community);

        // Visible but not theirs: 403. Not visible: 404.
        (await other.Delete($"{Images}/{community}")).Is(403);
        (await other.Delete($"{Images}/{isPrivate}")).Is(404);
        (await other.Change(community, """[{"op":"replace","path":"/name","value":"mine"}]""")).Is(403).Text.ShouldContain("You are not authorized to complete modify_image action.");
        (await cloud.NewUser("reader", owner.ProjectId).Change(shared, """[{"op":"replace","path":"/name","value":"mine"}]""")).Is(403);
        (await cloud.NewUser("reader").Post(Images, new { name = "x" })).Is(403);
        (await cloud.Anonymous.Get(Images)).Is(401);
    }

    [Fact]
    public async Task Update_Changes_AreAppliedInOrder()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage("a", more: new { colour = "red" });
        var changed = (await user.Change(id, """
            [{"op":"replace","path":"/name","value":"b"},{"op":"add","path":"/size~1class","value":"large"},{"op":"replace","path":"/colour","value":"blue"},
             {"op":"add","path":"/tags","value":["x"]},{"op":"replace","path":"/min_ram","value":64},{"op":"add","path":"/gone","value":"1"},{"op":"remove","path":"/gone"},
             {"op":"replace","path":"/protected","value":true},{"op":"replace","path":"/visibility","value":"private"}]
            """)).Is(200);
        changed["name"].ToString().ShouldBe("b");
        changed["size/class"].ToString().ShouldBe("large");
        changed["colour"].ToString().ShouldBe("blue");
        changed["tags"].ToJsonString().ShouldBe("[\"x\"]");
        changed.Json["gone"].ShouldBeNull();
        (await user.Get($"{Images}/{id}")).Is(200).Json.ToJsonString().ShouldBe(changed.Json.ToJsonString());
        (await user.Delete($"{Images}/{id}")).Is(403).Text.ShouldContain("is protected and cannot be deleted.");
        (await user.Change(id, """[{"op":"replace","path":"/protected","value":false}]""")).Is(200);
        (await user.Delete($"{Images}/{id}")).Is(204);
        (await user.Get($"{Images}/{id}")).Is(404);
        (await user.Delete($"{Images}/{id}")).Is(404).Text.ShouldContain("Failed to find image");
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/nope","value":"b"}]""", 409, "Property nope does not exist.")]
    [InlineData("""[{"op":"remove","path":"/nope"}]""", 409, "Property nope does not exist.")]
    [InlineData("""[{"op":"remove","path":"/name"}]""", 403, "Property name may not be removed.")]
    [InlineData("""[{"op":"replace","path":"/status","value":"active"}]""", 403, "Attribute 'status' is read-only.")]
    [InlineData("""[{"op":"replace","path":"/id","value":"x"}]""", 403, "Attribute 'id' is read-only.")]
    [InlineData("""[{"op":"add","path":"/deleted","value":"x"}]""", 403, "Attribute 'deleted' is reserved.")]
    [InlineData("""[{"op":"replace","path":"/owner","value":"x"}]""", 403, "Owner can't be updated by non admin.")]
    [InlineData("""[{"op":"replace","path":"/visibility","value":"public"}]""", 403, "publicize_image")]
    [InlineData("""[{"op":"add","path":"/locations/-","value":{"url":"file:///etc/passwd","metadata":{}}}]""", 403, "It's not allowed to add locations if locations are invisible.")]
    [InlineData("""[{"op":"replace","path":"/locations","value":[]}]""", 403, "locations")]
    [InlineData("""[{"op":"replace","path":"/name","value":7}]""", 400, "is not of type")]
    [InlineData("""[{"op":"jump","path":"/name","value":"x"}]""", 400, "Invalid operation")]
    [InlineData("""[{"path":"/name","value":"x"}]""", 400, "Unable to find `op`")]
    [InlineData("""[{"op":"replace","value":"x"}]""", 400, "Unable to find 'path'")]
    [InlineData("""[{"op":"replace","path":"/name"}]""", 400, "requires a member named \"value\"")]
    [InlineData("""[{"op":"replace","path":"name","value":"x"}]""", 400, "does not start with \"/\"")]
    [InlineData("""[{"op":"replace","path":"/a/b","value":"x"}]""", 400, "Invalid JSON pointer for this resource: '/a/b'")]
    [InlineData("""{"op":"replace"}""", 400, "Request body must be a JSON array of operation objects.")]
    [InlineData("""["x"]""", 400, "Operations must be JSON objects.")]
    public async Task Update_Bad_IsRefusedInUpstreamsWords(string body, int status, string words)
    {
        var user = cloud.NewUser();
        System.Net.WebUtility.HtmlDecode((await user.Change(await user.NewImage(), body)).Is(status).Text).ShouldContain(words);
    }

    [Fact]
    public async Task Update_MediaTypes_AreThePatchDialects()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Patch($"{Images}/{id}", """[{"op":"replace","path":"/name","value":"x"}]""")).Is(415).Header("Accept-Patch")!.ShouldContain("v2.1-json-patch");
        (await user.Change(id, """[{"replace":"/name","value":"x"}]""", "application/openstack-images-v2.0-json-patch")).Is(200)["name"].ToString().ShouldBe("x");
        (await user.Change(id, """[{"add":"/name","value":"x"}]""", "application/openstack-images-v2.0-json-patch")).Is(409);
    }

    [Fact]
    public async Task List_Filters_NarrowIt()
    {
        var user = cloud.NewUser();
        var one = await user.ActiveImage("one, first");
        var two = await user.NewImage("two", disk: "qcow2", more: new { os_distro = "debian", tags = new[] { "x", "y" }, min_ram = 64 });
        async Task<string[]> Find(string query) => [.. (await user.Get($"{Images}?{query}{(query.Contains("owner") ? "" : "&owner=" + user.ProjectId)}")).Is(200)["images"].AsArray().Select(i => i!["id"]!.ToString())];
        (await Find("")).ShouldBe([two, one]);
        (await Find("name=two")).ShouldBe([two]);
        (await Find("name=in:\"one, first\",other")).ShouldBe([one]);
        (await Find("status=in:active,saving")).ShouldBe([one]);
        (await Find("id=in:" + two)).ShouldBe([two]);
        (await Find("disk_format=qcow2")).ShouldBe([two]);
        (await Find("container_format=in:bare,ovf&sort=name:asc")).ShouldBe([one, two]);
        (await Find("size_min=1&size_max=9999")).ShouldBe([one]);
        (await Find("size_min=99999")).ShouldBeEmpty();
        (await Find("os_distro=debian")).ShouldBe([two]);
        (await Find("tag=x&tag=y")).ShouldBe([two]);
        (await Find("tag=x&tag=z")).ShouldBeEmpty();
        (await Find("min_ram=64")).ShouldBe([two]);
        (await Find("owner=" + user.ProjectId)).ShouldBe([two, one]);
        (await Find("protected=true")).ShouldBeEmpty();
        (await Find("os_hidden=true")).ShouldBeEmpty();
        (await Find("created_at=gt:2000-01-01T00:00:00Z&updated_at=lt:2100-01-01T00:00:00Z")).ShouldBe([two, one]);
        (await Find("created_at=lt:2000-01-01T00:00:00Z")).ShouldBeEmpty();
        (await Find("sort_key=name&sort_dir=desc")).ShouldBe([two, one]);
        (await Find("limit=0")).ShouldBeEmpty();
        (await Find("visibility=private")).ShouldBeEmpty();
    }

    [Fact]
    public async Task List_Pages_FollowEachOther()
    {
        var user = cloud.NewUser();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++) { ids.Add(await user.NewImage("page" + i)); }
        var seen = new List<string>();
        var next = "/v2/images?limit=2&sort=name:asc&owner=" + user.ProjectId;
        while (next is not null)
        {
            var page = (await user.Get("/image" + next)).Is(200);
            page["first"].ToString().ShouldStartWith("/v2/images?limit=2");
            page["schema"].ToString().ShouldBe("/v2/schemas/images");
            seen.AddRange(page["images"].AsArray().Select(i => i!["id"]!.ToString()));
            next = page.Json["next"]?.ToString();
        }
        seen.ShouldBe(ids);
    }

    [Theory]
    [InlineData("limit=x", "limit param must be an integer")]
    [InlineData("limit=-1", "limit param must be positive")]
    [InlineData("sort_key=colour", "Invalid sort key: colour.")]
    [InlineData("sort=name:up", "Invalid sort direction: up")]
    [InlineData("sort=name&sort_key=name", "Old and new sorting syntax cannot be combined")]
    [InlineData("sort_key=name&sort_dir=asc&sort_dir=desc", "Number of sort dirs does not match the number of sort keys")]
    [InlineData("visibility=x", "Invalid visibility value: x")]
    [InlineData("member_status=x", "Invalid status: x")]
    [InlineData("changes-since=x", "no longer available on v2")]
    [InlineData("os_hidden=x", "for 'os_hidden' filter")]
    [InlineData("protected=x", "for 'protected' filter")]
    [InlineData("size_min=x", "Unable to filter on a range with a non-numeric value.")]
    [InlineData("created_at=x", "Use ISO 8601 DateTime notation.")]
    [InlineData("created_at=near:2000-01-01T00:00:00Z", "unknown operator")]
    [InlineData("name=like:x", "unknown operator 'like'")]
    [InlineData("name=in:\"x", "The quote is not closed.")]
    [InlineData("marker=11111111-1111-1111-1111-111111111111", "No image found with ID 11111111-1111-1111-1111-111111111111")]
    public async Task List_Bad_Is400InUpstreamsWords(string query, string words) =>
        System.Net.WebUtility.HtmlDecode((await cloud.NewUser().Get($"{Images}?{query}")).Is(400).Text).ShouldContain(words);

    [Fact]
    public async Task Show_EmptyId_Is404()
    {
        (await cloud.NewUser().Get(Images + "/")).Is(404);
        (await cloud.NewUser().Delete(Images + "/")).Is(404);
    }

    [Fact]
    public async Task Tags_PutAndDelete_AreThere()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Put($"{Images}/{id}/tags/blue")).Is(204);
        (await user.Put($"{Images}/{id}/tags/blue")).Is(204);
        (await user.Get($"{Images}/{id}")).Is(200)["tags"].ToJsonString().ShouldBe("[\"blue\"]");
        (await user.Delete($"{Images}/{id}/tags/blue")).Is(204);
        (await user.Delete($"{Images}/{id}/tags/blue")).Is(404);
        (await user.Put($"{Images}/{id}/tags/{new string('x', 256)}")).Is(400);
        (await cloud.NewUser().Put($"{Images}/{id}/tags/red")).Is(404);
    }

    [Fact]
    public async Task Errors_LookAsTheClientWants()
    {
        var user = cloud.NewUser();
        var path = $"{Images}/11111111-1111-1111-1111-111111111111";
        (await user.Send(HttpMethod.Get, path, null, ("Accept", "*/*"))).Is(404).Text.ShouldContain("<h1>404 Not Found</h1>");
        var json = (await user.Send(HttpMethod.Get, path, null, ("Accept", "application/json"))).Is(404);
        json["code"].ToString().ShouldBe("404 Not Found");
        json["message"].ToString().ShouldStartWith("No image found with ID");
        (await user.Send(HttpMethod.Get, path, null, ("Accept", "text/plain"))).Is(404).Text.ShouldStartWith("404 Not Found\n\nNo image found");
    }

    [Fact]
    public async Task Versions_AreListed()
    {
        (await cloud.Anonymous.Get("/image/")).Is(300)["versions"][0]!["id"]!.ToString().ShouldBe("v2.17");
        (await cloud.Anonymous.Get("/image")).Is(300);
        (await cloud.Anonymous.Get("/image/versions")).Is(200)["versions"][0]!["links"]![0]!["href"]!.ToString().ShouldBe("http://localhost/image/v2/");
    }

    [Fact]
    public async Task SchemasAndInfo_AreThere()
    {
        var user = cloud.NewUser();
        (await user.Get("/image/v2/schemas/image")).Is(200)["properties"]["disk_format"]!["enum"]!.ToJsonString().ShouldContain("qcow2");
        (await user.Get("/image/v2/schemas/images")).Is(200)["name"].ToString().ShouldBe("images");
        (await user.Get("/image/v2/schemas/member")).Is(200);
        (await user.Get("/image/v2/schemas/members")).Is(200);
        (await user.Get("/image/v2/info/import")).Is(200)["import-methods"]["value"]!.ToJsonString().ShouldBe("[\"glance-direct\",\"web-download\",\"copy-image\"]");
        (await user.Get("/image/v2/info/stores")).Is(200)["stores"][0]!["id"]!.ToString().ShouldBe("file");
        (await user.Get("/image/v2/info/stores/detail")).Is(403);
    }
}
