using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Glance;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests;

public sealed class ImageDataTests(GlanceCloud cloud) : IClassFixture<GlanceCloud>
{
    private const string Images = ImageTesting.Images;
    private string Folder => Path.Combine(cloud.StateDirectory, "images");

    [Fact]
    public async Task Upload_ThenDownload_IsTheSameWithItsHashes()
    {
        var user = cloud.NewUser();
        var bytes = Disks.Raw((3 << 20) + 17);
        var id = await user.NewImage();
        (await user.Get($"{Images}/{id}/file")).Is(204);
        (await user.Upload(id, bytes)).Is(204);
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["status"].ToString().ShouldBe("active");
        shown["size"].GetValue<long>().ShouldBe(bytes.Length);
        shown["virtual_size"].GetValue<long>().ShouldBe(bytes.Length);
#pragma warning disable CA5351 // The API's checksum is MD5.
        var md5 = Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351
        shown["checksum"].ToString().ShouldBe(md5);
        shown["os_hash_algo"].ToString().ShouldBe("sha512");
        shown["os_hash_value"].ToString().ShouldBe(Convert.ToHexStringLower(SHA512.HashData(bytes)));
        shown["stores"].ToString().ShouldBe("file");
        var file = (await user.Get($"{Images}/{id}/file")).Is(200);
        file.Bytes.ShouldBe(bytes);
        file.Header("Content-MD5").ShouldBe(md5);
        file.Header("Content-Type").ShouldBe("application/octet-stream");
        (await user.Upload(id, bytes)).Is(409).Text.ShouldContain("Image status transition from active to saving is not allowed");
        (await user.Delete($"{Images}/{id}")).Is(204);
        File.Exists(Path.Combine(Folder, id)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("bytes=0-4", 0, 5)]
    [InlineData("bytes=4090-", 4090, 6)]
    [InlineData("bytes=4090-9999", 4090, 6)]
    [InlineData("bytes=-3", 4093, 3)]
    [InlineData("bytes=-9999", 0, 4096)]
    public async Task Download_Range_Is206(string range, int start, int length)
    {
        var user = cloud.NewUser();
        var bytes = Disks.Raw();
        var id = await user.ActiveImage(bytes: bytes);
        var part = (await user.Send(HttpMethod.Get, $"{Images}/{id}/file", null, ("Range", range))).Is(206);
        part.Bytes.ShouldBe(bytes[start..(start + length)]);
        part.Header("Content-Range").ShouldBe($"bytes {start}-{start + length - 1}/4096");
        part.Header("Content-Length").ShouldBe(length.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("bytes=4096-", 416)]
    [InlineData("bytes=5-2", 416)]
    [InlineData("bytes=x-2", 416)]
    [InlineData("bytes=-", 416)]
    [InlineData("pages=1-2", 416)]
    [InlineData("bytes=0-1,3-4", 400)]
    public async Task Download_BadRange_IsRefused(string range, int status)
    {
        var user = cloud.NewUser();
        var id = await user.ActiveImage();
        (await user.Send(HttpMethod.Get, $"{Images}/{id}/file", null, ("Range", range))).Is(status);
    }

    [Fact]
    public async Task Upload_WrongOrUnsafeContent_Is415AndLeavesNothing()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage(disk: "qcow2");
        (await user.Upload(id, Disks.Raw())).Is(415).Text.ShouldContain("Image disk_format qcow2 does not match stream data raw");
        (await user.Upload(id, Disks.Qcow2(backing: 104))).Is(415).Text.ShouldContain("Image failed safety checks");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["status"].ToString().ShouldBe("queued");
        shown.Json["checksum"].ShouldBeNull();
        Directory.GetFiles(Folder, "*" + id + "*").ShouldBeEmpty();
        (await user.Upload(id, Disks.Qcow2())).Is(204);
        (await user.Get($"{Images}/{id}")).Is(200)["virtual_size"].GetValue<int>().ShouldBe(Disks.VirtualSize);
    }

    [Fact]
    public async Task Upload_Bad_IsRefused()
    {
        var (user, other) = (cloud.NewUser(), cloud.NewUser());
        var id = await user.NewImage();
        (await user.Put($"{Images}/{id}/file", "{}")).Is(415);
        (await other.Upload(id, Disks.Raw())).Is(404);
        (await cloud.NewUser("reader", user.ProjectId).Upload(id, Disks.Raw())).Is(403);
        (await user.Upload("11111111-1111-1111-1111-111111111111", Disks.Raw())).Is(404);
        var formless = (await user.Post(Images, new { name = "x" })).Is(201)["id"].ToString();
        (await user.Upload(formless, Disks.Raw())).Is(400).Text.ShouldContain("Properties disk_format, container_format must be set prior to saving data.");
        (await user.Send(HttpMethod.Put, $"{Images}/{id}/file", ImageTesting.Octets(Disks.Raw()), ("x-openstack-image-size", "9"))).Is(400);
        (await user.Get($"{Images}/{id}")).Is(200)["status"].ToString().ShouldBe("queued");
    }

    [Fact]
    public async Task Upload_ClientGoesAway_LeavesNothing()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        using var client = cloud.Client();
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{Images}/{id}/file") { Content = new GatedContent() };
        request.Headers.Add("X-Auth-Token", user.Token);
        var upload = client.SendAsync(request, gone.Token);
        await TestCloud.Until(async () => (await user.Get($"{Images}/{id}"))["status"].ToString(), s => s == "saving", "the upload to begin");
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => upload);
        await TestCloud.Until(async () => (await user.Get($"{Images}/{id}"))["status"].ToString(), s => s == "queued", "the image to be queued again");
        (await user.Upload(id, Disks.Raw())).Is(204);
    }

    [Fact]
    public async Task Upload_ImageDeletedMeanwhile_Is410AndLeavesNothing()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        var content = new GatedContent();
        var upload = user.Put($"{Images}/{id}/file", content);
        await TestCloud.Until(async () => (await user.Get($"{Images}/{id}"))["status"].ToString(), s => s == "saving", "the upload to begin");
        (await user.Upload(id, Disks.Raw())).Is(409);
        (await user.Delete($"{Images}/{id}")).Is(204);
        content.Open();
        (await upload).Is(410);
        File.Exists(Path.Combine(Folder, id)).ShouldBeFalse();
    }

    [Fact]
    public async Task Reconcile_AfterADeadProcess_MakesImagesQueuedAndRemovesFiles()
    {
        var user = cloud.NewUser();
        var (dead, kept) = (await user.NewImage(), await user.ActiveImage());
        await cloud.Get<Store<GlanceDb>>().WriteAsync(db => db.Images.Where(i => i.Id == dead).ExecuteUpdateAsync(u => u.SetProperty(i => i.Status, ImageStatus.Saving).SetProperty(i => i.UploadId, "dead")));
        var half = $".incoming-{FileImageStore.OwnerOf(cloud.Get<CloudFacts>())}-dead";
        await File.WriteAllTextAsync(Path.Combine(Folder, half), "half");
        await File.WriteAllTextAsync(Path.Combine(Folder, dead), "renamed but not yet active");
        await File.WriteAllTextAsync(Path.Combine(Folder, "11111111-0000-0000-0000-000000000000"), "of no image");
        var report = await cloud.Get<UploadReconciler>().ReconcileAsync(default);
        report.ShouldContain("uploads undone");
        (await user.Get($"{Images}/{dead}")).Is(200)["status"].ToString().ShouldBe("queued");
        foreach (var gone in new[] { half, dead, "11111111-0000-0000-0000-000000000000" }) { File.Exists(Path.Combine(Folder, gone)).ShouldBeFalse(gone); }
        (await user.Get($"{Images}/{kept}/file")).Is(200);
        (await user.Upload(dead, Disks.Raw())).Is(204);
    }

    [Fact]
    public async Task Deactivated_Image_IsOnlyTheAdminsToDownload()
    {
        var user = cloud.NewUser();
        var (id, queued) = (await user.ActiveImage(), await user.NewImage());
        (await user.Post($"{Images}/{id}/actions/deactivate")).Is(204);
        (await user.Post($"{Images}/{id}/actions/deactivate")).Is(204);
        (await user.Get($"{Images}/{id}")).Is(200)["status"].ToString().ShouldBe("deactivated");
        (await user.Get($"{Images}/{id}/file")).Is(403).Text.ShouldContain("The requested image has been deactivated.");
        (await cloud.Admin.Get($"{Images}/{id}/file")).Is(200);
        (await user.Post($"{Images}/{id}/actions/reactivate")).Is(204);
        (await user.Get($"{Images}/{id}/file")).Is(200);
        (await user.Post($"{Images}/{queued}/actions/deactivate")).Is(403).Text.ShouldContain("Not allowed to deactivate image in status");
        (await cloud.NewUser().Post($"{Images}/{id}/actions/deactivate")).Is(404);
    }

    /// <summary>Clients wait for the list of stores that are left to be filled to be there and empty.</summary>
    [Fact]
    public async Task Copy_WithOneStore_SaysThatNothingIsLeft()
    {
        var user = cloud.NewUser();
        var id = await user.ActiveImage();
        (await cloud.Admin.Post($"{Images}/{id}/import", """{"method": {"name": "copy-image"}, "all_stores": true}""")).Is(202);
        (await user.Get($"{Images}/{id}")).Is(200)["os_glance_importing_to_stores"].ToString().ShouldBe("");
    }

    [Fact]
    public async Task Contract_FindAndOpen_HonourVisibility()
    {
        var (owner, other) = (cloud.NewUser(), cloud.NewUser());
        var id = await owner.ActiveImage(bytes: Disks.Raw());
        var images = cloud.Get<IImages>();
        RequestContext As(TestUser user) => RequestContext.ForService("test", DateTime.UnixEpoch) with { Identity = user.Identity };
        (await images.FindAsync(As(owner), id, default))!.Size.ShouldBe(4096);
        (await images.FindAsync(As(other), id, default)).ShouldBeNull();
        (await images.OpenAsync(As(other), id, default)).ShouldBeNull();
        (await owner.Post($"{Images}/{id}/members", new { member = other.ProjectId })).Is(200);
        (await images.FindAsync(As(other), id, default))!.Status.ShouldBe("active");
        await using var stream = await images.OpenAsync(As(other), id, default);
        stream!.Length.ShouldBe(4096);
    }

    private sealed class GatedContent : HttpContent
    {
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public GatedContent() => Headers.ContentType = new("application/octet-stream");

        public void Open() => _gate.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[2 << 20]);
            await _gate.Task;
            await stream.WriteAsync(new byte[2 << 20]);
        }

        protected override bool TryComputeLength(out long length) { length = 0; return false; }
    }
}
