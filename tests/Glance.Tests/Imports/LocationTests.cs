using System.Net;
using System.Security.Cryptography;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

public sealed class LocationTests(ImportCloud cloud) : IClassFixture<ImportCloud>
{
    private const string Images = ImageTesting.Images;

    [Fact]
    public async Task Add_AWebAddress_MakesTheImageActiveAndReadable()
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        var url = web.Url + "/image";
        var hash = Convert.ToHexStringLower(SHA512.HashData(web.Bytes));
        (await cloud.NewUser().Post($"{Images}/{id}/locations", new { url })).Is(404);
        (await user.Post($"{Images}/{id}/locations", new { url, validation_data = new { os_hash_algo = "sha512", os_hash_value = hash } })).Is(202);
        var task = await user.Ended(id);
        task["status"]!.ToString().ShouldBe("success");
        task["type"]!.ToString().ShouldBe("location_import");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["status"].ToString().ShouldBe("active");
        shown["os_hash_value"].ToString().ShouldBe(hash);
        shown["stores"].ToString().ShouldBe("http");
        shown.Json["locations"].ShouldBeNull();
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(web.Bytes);
        (await user.Send(HttpMethod.Get, $"{Images}/{id}/file", null, ("Range", "bytes=4000-"))).Is(206).Bytes.ShouldBe(web.Bytes[4000..]);
        (await user.Get($"{Images}/{id}/locations")).Is(403);
        var place = (await cloud.NewUser(["service", "reader"]).Get($"{Images}/{id}/locations")).Status;
        place.ShouldBe(404, "a service of another project does not see it");
        (await cloud.Admin.Get($"{Images}/{id}/locations")).Is(200).Json.ToJsonString().ShouldBe($$$"""[{"url":"{{{url}}}","metadata":{"store":"http"}}]""");
        (await user.Post($"{Images}/{id}/locations", new { url })).Is(409).Text.ShouldContain("add locations if image status is active.");
    }

    [Theory]
    [InlineData("/nope", "HTTP Error 404")]
    [InlineData("/cut", "")]
    public async Task Add_OfNothing_FailsAndLeavesItQueued(string path, string words)
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Post($"{Images}/{id}/locations", new { url = web.Url + path })).Is(202);
        var task = await user.Ended(id);
        task["status"]!.ToString().ShouldBe("failure");
        task["message"]!.ToString().ShouldContain(words);
        (await user.Status(id)).ShouldBe("queued");
        (await user.Upload(id, Disks.Raw())).Is(204);
    }

    [Fact]
    public async Task Add_WithAnotherHash_Fails()
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Post($"{Images}/{id}/locations", new { url = web.Url + "/image", validation_data = new { os_hash_algo = "md5", os_hash_value = new string('0', 32) } })).Is(202);
        (await user.Ended(id))["message"]!.ToString().ShouldContain("validation_data");
        (await user.Status(id)).ShouldBe("queued");
    }

    [Theory]
    [InlineData("[]", 400, "is not of type 'object'")]
    [InlineData("{}", 400, "'url' is a required property")]
    [InlineData("""{"url": 7}""", 400, "7 is not of type 'string'")]
    [InlineData("""{"url": "http://h/x", "validation_data": []}""", 400, "is not of type 'object'")]
    [InlineData("""{"url": "http://h/x", "validation_data": {"colour": "x"}}""", 400, "'colour' was unexpected")]
    [InlineData("""{"url": "http://h/x", "validation_data": {"os_hash_algo": "crc", "os_hash_value": "00"}}""", 400, "'crc' is not one of")]
    [InlineData("""{"url": "http://h/x", "validation_data": {"os_hash_algo": "md5"}}""", 400, "is a dependency of")]
    [InlineData("""{"url": "http://h/x", "validation_data": {"os_hash_algo": "md5", "os_hash_value": "zz"}}""", 400, "is not a valid hexadecimal value")]
    [InlineData("""{"url": "http://h/x", "validation_data": {"os_hash_algo": "md5", "os_hash_value": "00"}}""", 400, "is not the correct size for (md5)")]
    [InlineData("""{"url": "file:///etc/passwd"}""", 403, "http store must be enabled")]
    [InlineData("""{"url": "http://user@h/x"}""", 400, "does not pass filtering")]
    public async Task Add_Bad_IsRefusedAndChangesNothing(string body, int status, string words)
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        WebUtility.HtmlDecode((await user.Post($"{Images}/{id}/locations", body)).Is(status).Text).ShouldContain(words);
        (await user.Status(id)).ShouldBe("queued");
    }

    [Fact]
    public async Task Saga_KilledAnywhere_DoesAllOrNothing()
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        await new SagaKit<GlanceDb>(cloud).RunAsync(["hash", "finish"], async () =>
        {
            var id = await user.NewImage();
            (await user.Post($"{Images}/{id}/locations", new { url = web.Url + "/image" })).Is(202);
            return id;
        }, async id => (await user.Status(id)).ShouldBe("active"), async id =>
        {
            var shown = (await user.Get($"{Images}/{id}")).Is(200);
            shown["status"].ToString().ShouldBe("queued");
            shown.Json["stores"].ShouldBeNull();
            shown.Json["size"].ShouldBeNull();
        });
    }

    [Fact]
    public async Task Cache_OfAWebImage_ServesItWithoutTheWeb()
    {
        const string cache = "/image/v2/cache";
        await using var web = await TestWeb.StartAsync();
        var (user, admin) = (cloud.NewUser(), cloud.Admin);
        var id = await user.NewImage();
        (await user.Get(cache)).Is(403);
        (await admin.Put($"{cache}/{id}")).Is(400).Text.ShouldContain("Only images with status active can be targeted for queueing");
        (await admin.Put($"{cache}/nope")).Is(404).Text.ShouldContain("Image nope not found.");
        (await user.Post($"{Images}/{id}/locations", new { url = web.Url + "/image" })).Is(202);
        await user.Ended(id);
        (await admin.Put($"{cache}/{id}")).Is(202);
        var listed = await TestCloud.Until(async () => (await admin.Get(cache)).Is(200), l => l["cached_images"].AsArray().Any(c => c!["image_id"]!.ToString() == id), "the image to be cached");
        listed["queued_images"].AsArray().ShouldBeEmpty();
        var asked = web.Asked;
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(web.Bytes);
        (await user.Send(HttpMethod.Get, $"{Images}/{id}/file", null, ("Range", "bytes=1-2"))).Is(206).Bytes.ShouldBe(web.Bytes[1..3]);
        web.Asked.ShouldBe(asked);
        (await admin.Get(cache)).Is(200)["cached_images"].AsArray().Single(c => c!["image_id"]!.ToString() == id)!["hits"]!.GetValue<int>().ShouldBe(2);
        (await admin.Post(cache + "/clean")).Is(200);
        (await admin.Post(cache + "/prune")).Is(200)["total_files_pruned"].GetValue<int>().ShouldBe(0);
        (await admin.Get($"{cache}/nodes/{id}")).Is(409);
        (await admin.Send(HttpMethod.Delete, cache, null, ("x-image-cache-clear-target", "x"))).Is(400);
        (await admin.Delete($"{cache}/{id}")).Is(204);
        (await admin.Get(cache)).Is(200)["cached_images"].AsArray().ShouldNotContain(c => c!["image_id"]!.ToString() == id);
        (await user.Get($"{Images}/{id}/file")).Is(200);
        web.Asked.ShouldBe(asked + 1);
        (await admin.Delete(cache)).Is(204);
        (await admin.Delete($"{cache}/nope")).Is(404);
        Directory.GetFiles(Path.Combine(cloud.StateDirectory, "image-cache")).ShouldBeEmpty();
    }
}
