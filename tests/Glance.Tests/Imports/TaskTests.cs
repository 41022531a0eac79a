using System.Net;
using Nephos.Kernel.Ids;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

public sealed class TaskTests(ImportCloud cloud) : IClassFixture<ImportCloud>
{
    private const string Tasks = "/image/v2/tasks";

    private static object Import(string from) => new { type = "import", input = new { import_from = from, import_from_format = "raw", image_properties = new { name = "made", disk_format = "raw", container_format = "bare" } } };

    [Fact]
    public async Task Create_Import_MakesAnImage()
    {
        await using var web = await TestWeb.StartAsync();
        var made = (await cloud.Admin.Post(Tasks, Import(web.Url + "/image"))).Is(201);
        var id = made["id"].ToString();
        made.Header("Location").ShouldBe("/v2/tasks/" + id);
        made["schema"].ToString().ShouldBe("/v2/schemas/task");
        var ended = await TestCloud.Until(async () => (await cloud.Admin.Get($"{Tasks}/{id}")).Is(200), t => t["status"].ToString() is "success" or "failure", "the task to end");
        ended["status"].ToString().ShouldBe("success");
        ended["expires_at"].ToString().ShouldNotBeEmpty();
        var image = (await cloud.Admin.Get($"{ImageTesting.Images}/{ended["result"]["image_id"]}")).Is(200);
        image["status"].ToString().ShouldBe("active");
        image["name"].ToString().ShouldBe("made");
        (await cloud.Admin.Delete($"{Tasks}/{id}")).Is(405).Text.ShouldContain("They are auto deleted");
    }

    [Fact]
    public async Task Create_ImportOfNothing_FailsAndLeavesNoImage()
    {
        await using var web = await TestWeb.StartAsync();
        var admin = cloud.NewUser("admin");
        var id = (await admin.Post(Tasks, Import(web.Url + "/nope"))).Is(201)["id"].ToString();
        var ended = await TestCloud.Until(async () => (await admin.Get($"{Tasks}/{id}")).Is(200), t => t["status"].ToString() is "success" or "failure", "the task to end");
        ended["status"].ToString().ShouldBe("failure");
        ended["message"].ToString().ShouldContain("HTTP Error 404");
        (await admin.Get($"{ImageTesting.Images}?owner={admin.ProjectId}")).Is(200)["images"].AsArray().ShouldBeEmpty();
        await cloud.NothingIsLeft();
    }

    [Theory]
    [InlineData("", "Body expected in request.")]
    [InlineData("{}", "Task 'type' is required")]
    [InlineData("""{"type": "import"}""", "Task 'input' is required")]
    [InlineData("""{"type": "dance", "input": {}}""", "'dance' is not one of")]
    [InlineData("""{"type": "import", "input": 7}""", "7 is not of type 'null', 'object'")]
    [InlineData("""{"type": "import", "input": {}, "colour": 1}""", "Additional properties are not allowed ('colour' was unexpected)")]
    [InlineData("""{"type": "import", "input": {}}""", "Invalid location: None")]
    [InlineData("""{"type": "import", "input": {"import_from": "file:///etc/passwd"}}""", "File based imports are not allowed.")]
    [InlineData("""{"type": "import", "input": {"import_from": "swift://x"}}""", "The given uri is not valid.")]
    [InlineData("""{"type": "import", "input": {"import_from": "http://user:pw@h/x"}}""", "does not pass filtering")]
    [InlineData("""{"type": "import", "input": {"import_from": "http://h/x"}}""", "Input does not contain 'import_from_format' field")]
    [InlineData("""{"type": "import", "input": {"import_from": "http://h/x", "import_from_format": "raw", "image_properties": {"name": 7}}}""", "7 is not of type")]
    public async Task Create_Bad_Is400(string body, string words) => WebUtility.HtmlDecode((await cloud.Admin.Post(Tasks, body)).Is(400).Text).ShouldContain(words);

    [Fact]
    public async Task Api_ForMembers_IsClosed()
    {
        var user = cloud.NewUser();
        (await user.Get(Tasks)).Is(403);
        (await user.Post(Tasks, Import("http://h/x"))).Is(403);
        (await user.Get($"{Tasks}/{NewId.Uuid()}")).Is(403);
        (await cloud.Admin.Get($"{Tasks}/{NewId.Uuid()}")).Is(404);
    }

    [Fact]
    public async Task List_Pages_AndFilters()
    {
        var made = new List<string>();
        for (var i = 0; i < 3; i++) { made.Add((await cloud.Admin.Post(Tasks, """{"type": "location_import", "input": {}}""")).Is(201)["id"].ToString()); }
        var seen = new List<string>();
        var next = "/v2/tasks?limit=2&sort_dir=asc&status=failure";
        while (next is not null)
        {
            var page = (await cloud.Admin.Get("/image" + next)).Is(200);
            seen.AddRange(page["tasks"].AsArray().Select(t => t!["id"]!.ToString()));
            next = page.Json["next"]?.ToString();
        }
        seen.Intersect(made).ShouldBe(made);
        (await cloud.Admin.Get(Tasks + "?limit=1")).Is(200)["tasks"][0]!.AsObject().ContainsKey("input").ShouldBeFalse();
        foreach (var bad in new[] { "status=x", "type=x", "marker=x", "limit=x", "limit=-1", "sort_dir=up", "sort_key=shoe", "marker=" + NewId.Uuid() }) { (await cloud.Admin.Get($"{Tasks}?{bad}")).Is(400); }
    }
}
