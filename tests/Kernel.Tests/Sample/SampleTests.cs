using System.Text.Json.Nodes;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Sample;

/// <summary>The path of a request and the life of a saga, on the sample service.</summary>
public sealed class SampleTests(SampleCloud cloud) : IClassFixture<SampleCloud>
{
    private async Task<string> CreateNote(TestUser user, string title = "hello") => (await user.Post("/sample/v2/notes", new { note = new { title } })).Is(202)["note"]["id"]!.ToString();

    [Fact]
    public async Task Create_ThenShow_IsPublishedByTheSaga()
    {
        var user = cloud.NewUser();
        var id = await CreateNote(user);
        await cloud.Get<SagaEngine<SampleDb>>().DrainAsync();
        var reply = (await user.Get("/sample/v2/notes/" + id)).Is(200);
        reply["note"]["status"]!.ToString().ShouldBe("PUBLISHED");
        reply.Header("X-Openstack-Request-Id")!.ShouldStartWith("req-");
        reply.Header("OpenStack-API-Version").ShouldBe("sample 2.1");
        reply["note"].AsObject().ContainsKey("color").ShouldBeFalse();
    }

    [Theory]
    [InlineData("{}", "'note' is a required property")]
    [InlineData("""{"note":{}}""", "note: 'title' is a required property")]
    [InlineData("""{"note":{"title":""}}""", "note.title: '' is too short")]
    [InlineData("""{"note":{"title":"123456789012345678901"}}""", "note.title: '123456789012345678901' is too long")]
    [InlineData("""{"note":{"title":7}}""", "note.title: 7 is not of type 'string'")]
    [InlineData("""{"note":{"title":"a","color":"red"}}""", "('color' was unexpected)")]
    [InlineData("""{"note":{"title":"a","copies":11}}""", "11 is greater than the maximum of 10")]
    [InlineData("""{"note":{"title":"a","copies":"x"}}""", "'x' does not match '^-?[0-9]+$'")]
    [InlineData("""[1]""", "[1] is not of type 'object'")]
    [InlineData("""{""", "malformed")]
    public async Task Create_BadBody_Is400WithUpstreamsWords(string body, string words) =>
        (await cloud.NewUser().Post("/sample/v2/notes", body)).Is(400)["message"].ToString().ShouldContain(words);

    [Fact]
    public async Task Create_NewFieldInItsVersion_IsTakenAndShown()
    {
        var user = cloud.NewUser().At("sample 2.5");
        (await user.Post("/sample/v2/notes", new { note = new { title = "a", color = "red", copies = "3" } })).Is(202)["note"]["color"]!.ToString().ShouldBe("red");
    }

    [Fact]
    public async Task Update_AbsentAndNull_AreToldApart()
    {
        var user = cloud.NewUser().At("sample 2.5");
        var id = (await user.Post("/sample/v2/notes", new { note = new { title = "a", color = "red" } })).Is(202)["note"]["id"]!.ToString();
        await cloud.Get<SagaEngine<SampleDb>>().DrainAsync();
        (await user.Put("/sample/v2/notes/" + id, new { note = new { title = "b" } })).Is(200)["note"]["color"]!.ToString().ShouldBe("red");
        (await user.Put("/sample/v2/notes/" + id, """{"note":{"color":null}}""")).Is(200)["note"]["color"].ShouldBeNull();
    }

    [Theory]
    [InlineData("sample 2.10", 406)]
    [InlineData("sample 2.x", 400)]
    [InlineData("sample latest", 200)]
    [InlineData("other 9.9", 200)]
    public async Task Version_Asked_IsNegotiated(string version, int status) =>
        (await cloud.NewUser().At(version).Get("/sample/v2/notes")).Is(status);

    [Fact]
    public async Task Routes_WrongPathMethodVersionAction_Are404And405And400()
    {
        var user = cloud.NewUser();
        var id = await CreateNote(user);
        (await user.Get("/sample/v2/nowhere")).Is(404);
        (await user.Delete("/sample/v2/notes")).Is(405).Header("Allow").ShouldBe("GET, POST");
        (await user.Get($"/sample/v2/notes/{id}/color")).Is(404);
        (await user.At("sample 2.5").Get($"/sample/v2/notes/{id}/color")).Is(200);
        (await user.Post($"/sample/v2/notes/{id}/action", """{"os-shout":null}""")).Is(202);
        (await user.Post($"/sample/v2/notes/{id}/action", """{"os-whisper":null}""")).Is(404);
        (await user.Post($"/sample/v2/notes/{id}/action", """{"os-sing":null}""")).Is(400)["message"].ToString().ShouldBe("There is no such action: os-sing");
    }

    [Fact]
    public async Task Rights_NobodyOthersReaders_Are401And404And403()
    {
        var user = cloud.NewUser();
        var id = await CreateNote(user);
        (await cloud.Anonymous.Get("/sample/v2/notes/" + id)).Is(401).Header("WWW-Authenticate").ShouldNotBeNull();
        (await cloud.NewUser().Get("/sample/v2/notes/" + id)).Is(404);
        (await cloud.NewUser("reader", user.ProjectId).Get("/sample/v2/notes/" + id)).Is(200);
        (await cloud.NewUser("reader", user.ProjectId).Put("/sample/v2/notes/" + id, new { note = new { title = "x" } })).Is(403);
        (await cloud.Admin.Get("/sample/v2/notes/" + id)).Is(200);
    }

    [Fact]
    public async Task Fault_Unknown_Is500WithRequestIdAndWithoutSecrets()
    {
        var reply = (await cloud.NewUser().Get("/sample/v2/notes/broken")).Is(500);
        reply.Text.ShouldNotContain("secret");
        reply.Text.ShouldContain(reply.Header("X-Openstack-Request-Id")!);
    }

    [Fact]
    public async Task Body_TooLarge_Is413() => (await cloud.NewUser().Post("/sample/v2/notes", "\"" + new string('x', 2 << 20) + "\"")).Is(413);

    [Theory]
    [InlineData("sort_key=title&sort_dir=asc")]
    [InlineData("sort_key=title&sort_dir=desc")]
    [InlineData("sort=color:asc,title:desc")]
    [InlineData("sort=color:desc,title:asc")]
    [InlineData("")]
    public async Task List_PageByPage_GivesEveryNoteOnceInOrder(string sort)
    {
        var user = cloud.NewUser().At("sample 2.5");
        foreach (var (title, color) in new[] { ("a", "red"), ("b", null), ("c", "blue"), ("a", null), ("b", "red"), ("d", "blue"), ("d", null) })
        {
            (await user.Post("/sample/v2/notes", new { note = new { title, color } })).Is(202);
        }
        var whole = new List<string>();
        string? marker = null;
        while (true)
        {
            var page = (await user.Get($"/sample/v2/notes?limit=2&{sort}{(marker is null ? "" : "&marker=" + marker)}")).Is(200)["notes"].AsArray();
            if (page.Count == 0) { break; }
            whole.AddRange(page.Select(n => n!["id"]!.ToString()));
            marker = whole[^1];
        }
        whole.Count.ShouldBe(7);
        whole.Distinct().Count().ShouldBe(7);
        (await user.Get("/sample/v2/notes?limit=99")).Is(200)["notes"].AsArray().Count.ShouldBe(3);
        (await user.Get("/sample/v2/notes?marker=nope")).Is(400);
        (await user.Get("/sample/v2/notes?limit=-1")).Is(400);
        (await user.Get("/sample/v2/notes?sort_key=nope")).Is(400);
    }

    [Fact]
    public async Task Saga_KilledAndFailedEverywhere_DoesAllOrNothing()
    {
        var user = cloud.NewUser();
        var printer = cloud.Get<Printer>();
        async Task<JsonNode> Note(string id) => (await user.Get("/sample/v2/notes/" + id)).Is(200)["note"];
        await new SagaKit<SampleDb>(cloud).RunAsync(["print", "check", "copy", "publish"], () => CreateNote(user),
            async id =>
            {
                (await Note(id))["status"]!.ToString().ShouldBe("PUBLISHED");
                printer.Printed.ShouldContain(id);
                printer.Printed.ShouldContain(id + "-copy");
            },
            async id =>
            {
                (await Note(id))["status"]!.ToString().ShouldStartWith("ERROR: made to fail at ");
                printer.Printed.ShouldNotContain(id);
                printer.Printed.ShouldNotContain(id + "-copy");
            });
    }

    [Fact]
    public async Task Changes_OfACreate_AreWrittenWithIt()
    {
        var user = cloud.NewUser();
        var id = await CreateNote(user);
        var change = await cloud.Get<Store<SampleDb>>().ReadAsync(db => Task.FromResult(db.Changes.Single(c => c.ResourceId == id)));
        (change.Action, change.ResourceType, change.UserId, change.ProjectId).ShouldBe(("create", "note", user.UserId, user.ProjectId));
    }
}

/// <summary>Apart from the others, since it needs no cloud: it also writes the schema that a cloud starts with.</summary>
public sealed class SampleSchemaTests
{
    [Fact]
    public void Schema_IsPinned() => SchemaKit.IsPinned<SampleDb>("../tests/Kernel.Tests/Sample");
}
