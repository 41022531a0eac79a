using System.Net;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

public sealed class VisibleLocationsCloud : ImportCloud
{
    protected override GlanceSettings Settings => base.Settings with { ShowMultipleLocations = true };
}

public sealed class LocationPatchTests(VisibleLocationsCloud cloud) : IClassFixture<VisibleLocationsCloud>
{
    private const string Images = ImageTesting.Images;

    private static string Add(string url, string at = "-", string more = "") => $$$"""[{"op": "add", "path": "/locations/{{{at}}}", "value": {"url": "{{{url}}}", "metadata": {"foo": "bar"}{{{more}}}}}]""";

    [Fact]
    public async Task Add_ThenReplaceAndRemove_AreShown()
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Get($"{Images}/{id}")).Is(200)["locations"].AsArray().ShouldBeEmpty();
        var url = web.Url + "/image";
        var added = (await user.Change(id, Add(url))).Is(200);
        added["status"].ToString().ShouldBe("active");
        added["size"].GetValue<int>().ShouldBe(web.Bytes.Length);
        added["locations"].ToJsonString().ShouldBe($$$"""[{"url":"{{{url}}}","metadata":{"foo":"bar","store":"http"}}]""");
        added.Json["os_hash_value"].ShouldBeNull();
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(web.Bytes);
        (await user.Change(id, Add(url))).Is(400).Text.ShouldContain("already exists");
        (await user.Change(id, Add(url + "#new", "0"))).Is(200)["locations"].AsArray().Select(l => l!["url"]!.ToString()).ShouldBe([url + "#new", url]);
        (await user.Change(id, $$$"""[{"op": "replace", "path": "/locations", "value": [{"url": "{{{url}}}", "metadata": {"a": 1}}, {"url": "{{{url}}}#new", "metadata": {}}]}]""")).Is(200)["locations"][0]!["metadata"]!["a"]!.GetValue<int>().ShouldBe(1);
        (await user.Change(id, $$$"""[{"op": "replace", "path": "/locations", "value": [{"url": "{{{url}}}", "metadata": {}}]}]""")).Is(400).Text.ShouldContain("Original locations is not empty");
        (await user.Change(id, """[{"op": "replace", "path": "/locations", "value": []}]""")).Is(403).Text.ShouldContain("Cannot set locations to empty list.");
        (await user.Change(id, """[{"op": "remove", "path": "/locations/0"}]""")).Is(403);
        (await cloud.Admin.Change(id, """[{"op": "remove", "path": "/locations/7"}]""")).Is(400).Text.ShouldContain("Invalid position for removing a location.");
        (await cloud.Admin.Change(id, """[{"op": "remove", "path": "/locations/0"}]""")).Is(200)["locations"].AsArray().ShouldHaveSingleItem()!["url"]!.ToString().ShouldBe(url + "#new");
        (await cloud.Admin.Change(id, """[{"op": "remove", "path": "/locations/0"}]""")).Is(403).Text.ShouldContain("Cannot remove last location in the image.");
    }

    [Fact]
    public async Task Add_WithValidationData_SetsTheHashes()
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        var (md5, sha) = (new string('1', 32), string.Concat(Enumerable.Repeat("deadbeef", 16)));
        foreach (var (data, words) in new[]
        {
            ($"\"checksum\": \"zz\", \"os_hash_algo\": \"sha512\", \"os_hash_value\": \"{sha}\"", "is not a valid hexadecimal value"), ($"\"os_hash_algo\": \"md5\", \"os_hash_value\": \"{sha}\"", "os_hash_algo must be sha512, not md5"),
            ("\"os_hash_algo\": \"sha512\", \"os_hash_value\": \"00\"", "is not the correct size for sha512"),
        })
        {
            (await user.Change(id, Add(web.Url + "/image", "-", ", \"validation_data\": {" + data + "}"))).Is(409).Text.ShouldContain(words);
        }
        var good = $", \"validation_data\": {{\"checksum\": \"{md5}\", \"os_hash_algo\": \"sha512\", \"os_hash_value\": \"{sha}\"}}";
        var shown = (await user.Change(id, Add(web.Url + "/image", "-", good))).Is(200);
        shown["checksum"].ToString().ShouldBe(md5);
        shown["os_hash_value"].ToString().ShouldBe(sha);
        (await user.Change(id, Add(web.Url + "/image#2", "-", good))).Is(200);
        (await user.Change(id, Add(web.Url + "/image#3", "-", good.Replace(md5, new string('2', 32), StringComparison.Ordinal)))).Is(409).Text.ShouldContain("checksum is already set with a different value");
    }

    [Theory]
    [InlineData("""[{"op": "add", "path": "/locations/-", "value": {"url": "gopher://info.cern.ch", "metadata": {}}}]""", 400, "Invalid location")]
    [InlineData("""[{"op": "add", "path": "/locations/-", "value": {"url": "file:///etc/passwd", "metadata": {}}}]""", 400, "Invalid location")]
    [InlineData("""[{"op": "add", "path": "/locations/-", "value": {"url": "http://10.0.0.1/x", "metadata": {}}}]""", 400, "internal")]
    [InlineData("""[{"op": "add", "path": "/locations/-", "value": {"url": "http://127.0.0.1/x"}}]""", 400, "'metadata' is a required property")]
    [InlineData("""[{"op": "add", "path": "/locations/-", "value": {"url": 7, "metadata": {}}}]""", 400, "is not of type 'string'")]
    [InlineData("""[{"op": "add", "path": "/locations/-", "value": {"url": "http://127.0.0.1/x", "metadata": 1}}]""", 400, "is not of type 'object'")]
    [InlineData("""[{"op": "replace", "path": "/locations", "value": {}}]""", 400, "is not of type 'array'")]
    [InlineData("""[{"op": "replace", "path": "/locations", "value": [{"url": "file:///etc/passwd", "metadata": {}}]}]""", 400, "Invalid location")]
    [InlineData("""[{"op": "remove", "path": "/locations/0"}]""", 409, "remove locations if image status is queued.")]
    public async Task Patch_Bad_IsRefusedAndChangesNothing(string body, int status, string words)
    {
        var (owner, id) = (cloud.Admin, await cloud.Admin.NewImage());
        WebUtility.HtmlDecode((await owner.Change(id, body)).Is(status).Text).ShouldContain(words);
        (await owner.Status(id)).ShouldBe("queued");
    }

    [Fact]
    public async Task Remove_OfAStore_RemovesItsBytes()
    {
        await using var web = await TestWeb.StartAsync();
        var admin = cloud.Admin;
        var id = await admin.ActiveImage();
        (await admin.Change(id, Add(web.Url + "/image"))).Is(200)["stores"].ToString().ShouldBe("file,http");
        (await admin.Change(id, """[{"op": "remove", "path": "/locations/0"}]""")).Is(200)["stores"].ToString().ShouldBe("http");
        await cloud.NothingIsLeft();
    }
}
