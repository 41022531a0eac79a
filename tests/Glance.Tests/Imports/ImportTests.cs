using System.Net;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Imports;
using Nephos.Glance.Stores;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Sagas;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

public sealed class ImportTests(ImportCloud cloud) : IClassFixture<ImportCloud>
{
    private const string Images = ImageTesting.Images;

    [Fact]
    public async Task Direct_StagedBytes_BecomeTheImage()
    {
        var user = cloud.NewUser();
        var bytes = Disks.Raw();
        var id = await user.NewImage();
        (await user.Import(id, "glance-direct")).Is(409).Text.ShouldContain("needs to be staged");
        (await user.Upload(id, bytes, "stage")).Is(204);
        (await user.Status(id)).ShouldBe("uploading");
        (await user.Upload(id, bytes)).Is(409);
        (await user.Import(id, "web-download", new { uri = "http://example.com/x" })).Is(409).Text.ShouldContain("needs to be in 'queued' state");
        (await cloud.NewUser().Import(id, "glance-direct")).Is(404);
        (await cloud.NewUser("reader", user.ProjectId).Import(id, "glance-direct")).Is(403);
        var reply = (await user.Import(id, "glance-direct")).Is(202);
        var task = await user.Ended(id);
        task["status"]!.ToString().ShouldBe("success");
        task["type"]!.ToString().ShouldBe("api_image_import");
        task["request_id"]!.ToString().ShouldBe(reply.Header("x-openstack-request-id"));
        task["input"]!["import_req"]!["method"]!["name"]!.ToString().ShouldBe("glance-direct");
        task["result"]!["image_id"]!.ToString().ShouldBe(id);
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["status"].ToString().ShouldBe("active");
        shown["stores"].ToString().ShouldBe("file");
        shown["os_glance_importing_to_stores"].ToString().ShouldBe("");
        shown["os_glance_failed_import"].ToString().ShouldBe("");
        shown["size"].GetValue<int>().ShouldBe(bytes.Length);
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(bytes);
        (await user.Import(id, "glance-direct")).Is(409).Text.ShouldContain("Image with status active cannot be target for import");
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Direct_AllStores_FillsThemAndOneCanGo()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Upload(id, Disks.Raw(), "stage")).Is(204);
        (await user.Import(id, "glance-direct", null, new { all_stores = true })).Is(202);
        (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
        (await user.Get($"{Images}/{id}")).Is(200)["stores"].ToString().ShouldBe("file,second");
        (await user.Delete($"/image/v2/stores/second/{id}")).Is(403);
        (await cloud.Admin.Delete($"/image/v2/stores/nope/{id}")).Is(409).Text.ShouldContain("The selected store nope is not available on this node.");
        (await cloud.Admin.Delete($"/image/v2/stores/file/{id}")).Is(204);
        (await cloud.Admin.Delete($"/image/v2/stores/file/{id}")).Is(403).Text.ShouldContain("Cannot delete image data from the only store containing it.");
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(Disks.Raw());
        (await user.Get($"{Images}/{id}")).Is(200)["stores"].ToString().ShouldBe("second");
        (await cloud.Admin.Delete($"/image/v2/stores/second/{NewId.Uuid()}")).Is(404);
        (await user.Delete($"{Images}/{id}")).Is(204);
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Direct_BadData_FailsWithItsTaskAndMakesItQueued()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage(disk: "qcow2");
        (await user.Upload(id, Disks.Raw(), "stage")).Is(204);
        (await user.Import(id, "glance-direct")).Is(202);
        var task = await user.Ended(id);
        task["status"]!.ToString().ShouldBe("failure");
        task["message"]!.ToString().ShouldContain("does not match stream data raw");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["status"].ToString().ShouldBe("queued");
        shown["os_glance_failed_import"].ToString().ShouldBe("file");
        shown.Json["size"].ShouldBeNull();
        shown.Json["stores"].ShouldBeNull();
        await cloud.NothingIsLeft();
        (await user.Upload(id, Disks.Qcow2())).Is(204);
    }

    [Theory]
    [InlineData("""{}""", 400, "Import request requires a 'method' field.")]
    [InlineData("""[]""", 400, "Import request requires a 'method' field.")]
    [InlineData("""{"method": {}}""", 400, "Import request requires a 'name' field.")]
    [InlineData("""{"method": {"name": "teleport"}}""", 400, "Unknown import method name 'teleport'.")]
    [InlineData("""{"method": {"name": 7}}""", 400, "Unknown import method name '7'.")]
    [InlineData("""{"method": {"name": "web-download"}}""", 400, "URI for web-download does not pass filtering: None")]
    [InlineData("""{"method": {"name": "web-download", "uri": 7}}""", 400, "does not pass filtering")]
    [InlineData("""{"method": {"name": "web-download", "uri": "file:///etc/passwd"}}""", 400, "does not pass filtering: file:///etc/passwd")]
    [InlineData("""{"method": {"name": "web-download", "uri": "http:///x"}}""", 400, "does not pass filtering")]
    [InlineData("""{"method": {"name": "web-download", "uri": "http://h/x"}, "all_stores": "yes"}""", 400, "'all_stores' must be boolean value only")]
    [InlineData("""{"method": {"name": "web-download", "uri": "http://h/x"}, "all_stores_must_succeed": 1}""", 400, "'all_stores_must_succeed' must be boolean value only")]
    [InlineData("""{"method": {"name": "web-download", "uri": "http://h/x"}, "all_stores": true, "stores": ["file"]}""", 400, "All_stores parameter can't be used")]
    [InlineData("""{"method": {"name": "web-download", "uri": "http://h/x"}, "stores": ["nope"]}""", 409, "Unknown scheme 'nope' found in URI")]
    [InlineData("""{"method": {"name": "web-download", "uri": "http://h/x"}, "stores": "file"}""", 400, "'stores' must be a list of names")]
    [InlineData("""{"method": {"name": "copy-image"}}""", 409, "Only images with status active can be targeted for copying")]
    [InlineData("""{"method": {"name": "glance-download"}}""", 400, "'glance_region' needs to be set")]
    [InlineData("""{"method": {"name": "glance-download", "glance_region": "R"}}""", 400, "'glance_image_id' needs to be set")]
    [InlineData("""{"method": {"name": "glance-download", "glance_region": "R", "glance_image_id": "foo"}}""", 400, "image id does not look like a UUID")]
    public async Task Import_Bad_IsRefusedAndChangesNothing(string body, int status, string words)
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        WebUtility.HtmlDecode((await user.Post($"{Images}/{id}/import", body)).Is(status).Text).ShouldContain(words);
        (await user.Status(id)).ShouldBe("queued");
        (await user.Get($"{Images}/{id}/tasks")).Is(200)["tasks"].AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Import_OfNothingOrWithoutFormats_IsRefused()
    {
        var user = cloud.NewUser();
        (await user.Import(NewId.Uuid(), "glance-direct")).Is(404);
        var id = (await user.Post(Images, new { name = "x" })).Is(201)["id"].ToString();
        (await user.Import(id, "web-download", new { uri = "http://h/x" })).Is(409).Text.ShouldContain("needs to be set before import");
    }

    [Fact]
    public async Task Web_Download_BringsTheImage()
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Import(id, "web-download", new { uri = $"{web.Url}/to?url={Uri.EscapeDataString(web.Url + "/image")}" }, new { stores = new[] { "second" } })).Is(202);
        (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["stores"].ToString().ShouldBe("second");
        shown["os_hash_value"].ToString().ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(web.Bytes)));
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(web.Bytes);
        await cloud.NothingIsLeft();
    }

    [Theory]
    [InlineData("/nope", "HTTP Error 404")]
    [InlineData("/cut", "")]
    [InlineData("/loop", "HTTP Error 302")]
    [InlineData("/to?url=file:///etc/passwd", "does not pass filtering")]
    [InlineData("/to?url=http://169.254.169.254/latest", "is not allowed: its address is an internal one")]
    [InlineData("/to?url=http://[::1]:22/", "is not allowed: its address is an internal one")]
    public async Task Web_Bad_FailsAndLeavesNothing(string path, string words)
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Import(id, "web-download", new { uri = web.Url + path })).Is(202);
        var task = await user.Ended(id);
        task["status"]!.ToString().ShouldBe("failure");
        task["message"]!.ToString().ShouldContain(words);
        (await user.Status(id)).ShouldBe("queued");
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Web_DeletedMeanwhile_LeavesNothing()
    {
        await using var web = await TestWeb.StartAsync();
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Import(id, "web-download", new { uri = web.Url + "/gated" })).Is(202);
        await TestCloud.Until(() => Task.FromResult(web.Asked), n => n == 1, "the download to begin");
        (await user.Status(id)).ShouldBe("importing");
        (await user.Get($"{Images}/{id}")).Is(200)["os_glance_import_task"].ToString().Length.ShouldBe(36);
        (await user.Import(id, "web-download", new { uri = web.Url + "/image" })).Is(409);
        (await user.Upload(id, Disks.Raw())).Is(409);
        (await user.Delete($"{Images}/{id}")).Is(204);
        await cloud.Get<SagaEngine<GlanceDb>>().DrainAsync();
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Copy_ToMoreStores_KeepsItActive()
    {
        var (user, admin) = (cloud.NewUser(), cloud.Admin);
        var id = await user.ActiveImage();
        (await user.Import(id, "copy-image", null, new { stores = new[] { "second" } })).Is(403);
        (await admin.Import(id, "copy-image", null, new { stores = new[] { "file" } })).Is(400).Text.ShouldContain("Image is already present at store");
        (await admin.Import(id, "copy-image", null, new { all_stores = true })).Is(202);
        (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["status"].ToString().ShouldBe("active");
        shown["stores"].ToString().ShouldBe("file,second");
        (await admin.Import(id, "copy-image", null, new { all_stores = true })).Is(202);
        (await user.Get($"{Images}/{id}/tasks")).Is(200)["tasks"].AsArray().Count.ShouldBe(1);
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Upload_ToANamedStore_GoesThere()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Send(HttpMethod.Put, $"{Images}/{id}/file", ImageTesting.Octets(Disks.Raw()), ("x-image-meta-store", "nope"))).Is(400).Text.ShouldContain("Unknown scheme");
        (await user.Send(HttpMethod.Put, $"{Images}/{id}/file", ImageTesting.Octets(Disks.Raw()), ("x-image-meta-store", "second"))).Is(204);
        (await user.Get($"{Images}/{id}")).Is(200)["stores"].ToString().ShouldBe("second");
    }

    [Fact]
    public async Task Stores_AreTold()
    {
        var stores = (await cloud.NewUser().Get("/image/v2/info/stores")).Is(200)["stores"].AsArray();
        stores.Select(s => s!["id"]!.ToString()).ShouldBe(["file", "second", "http"]);
        stores[0]!["default"]!.ToString().ShouldBe("true");
        stores[2]!["read-only"]!.ToString().ShouldBe("true");
        (await cloud.NewUser().Get("/image/v2/info/stores/detail")).Is(403);
        var detail = (await cloud.Admin.Get("/image/v2/info/stores/detail")).Is(200)["stores"][0]!;
        detail["type"]!.ToString().ShouldBe("file");
        detail["properties"]!["data_dir"]!.ToString().ShouldEndWith("/images");
        (await cloud.NewUser("service").Get("/image/v2/info/stores/detail")).Is(200);
    }

    [Fact]
    public async Task Saga_Killed_Anywhere_DoesAllOrNothing()
    {
        var user = cloud.NewUser();
        await new SagaKit<GlanceDb>(cloud).RunAsync(["fetch", "decompress", "convert", "inspect", "store", "finish"], async () =>
        {
            var id = await user.NewImage();
            (await user.Upload(id, Disks.Raw(), "stage")).Is(204);
            (await user.Import(id, "glance-direct", null, new { all_stores = true })).Is(202);
            return id;
        }, async id =>
        {
            (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
            (await user.Get($"{Images}/{id}")).Is(200)["stores"].ToString().ShouldBe("file,second");
            (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(Disks.Raw());
            await cloud.NothingIsLeft();
        }, async id =>
        {
            (await user.Ended(id))["status"]!.ToString().ShouldBe("failure");
            (await user.Status(id)).ShouldBe("queued");
            (await user.Get($"{Images}/{id}")).Is(200).Json["os_glance_import_task"].ShouldBeNull();
            await cloud.NothingIsLeft();
        });
    }

    [Fact]
    public async Task Saga_OfACopy_KilledAnywhere_KeepsTheImage()
    {
        var user = cloud.NewUser();
        await new SagaKit<GlanceDb>(cloud).RunAsync(["fetch", "store", "finish"], async () =>
        {
            var id = await user.ActiveImage();
            (await cloud.Admin.Import(id, "copy-image", null, new { all_stores = true })).Is(202);
            return id;
        }, async id =>
        {
            (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
            (await user.Get($"{Images}/{id}")).Is(200)["stores"].ToString().ShouldBe("file,second");
        }, async id =>
        {
            (await user.Ended(id))["status"]!.ToString().ShouldBe("failure");
            var shown = (await user.Get($"{Images}/{id}")).Is(200);
            shown["status"].ToString().ShouldBe("active");
            shown["stores"].ToString().ShouldBe("file");
            (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(Disks.Raw());
            await cloud.NothingIsLeft();
        });
    }
}
