#pragma warning disable RS0030 // Deaths come at moments of real time.
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>Deaths of the program in the middle of uploads, stagings, imports, copies and deletes of images. After each start nothing is on its way for ever, and at the end no file is nobody's.</summary>
[Trait("Category", "Live")]
[Collection("live cloud")]
public sealed class KilledImagesTests
{
    private const int Deaths = 12;
    private const string Images = "/image/v2/images";
    private static readonly string[] Settled = ["queued", "active", "uploading"];

    [Fact]
    public async Task Cloud_KilledWhileImagesComeAndGo_LeavesNothing()
    {
        await using var cloud = await LiveCloud.StartFakeAsync(8732, "NEPHOS_GLANCE__STORES={file: file, second: file}");
        using var admin = await LiveAdmin.LoginAsync(cloud);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var (uploads, imports) = (0L, 0L);
        for (var death = 0; death < Deaths; death++)
        {
            var work = Enumerable.Range(0, 6).Select(i => Churn(admin.Http, random.Next(), i)).ToList();
            await Task.Delay(random.Next(30, 900));
            await cloud.KillAsync();
            await Task.WhenAll(work);
            uploads += cloud.Count("glance", "SELECT count(*) FROM images WHERE upload_id IS NOT NULL");
            imports += cloud.Count("glance", "SELECT count(*) FROM sagas WHERE state IN (0, 1, 2)");
            await cloud.UpAsync();
            await admin.LoginAsync();
            await LiveCloud.Eventually(async () =>
            {
                foreach (var image in (await admin.Get(Images + "?limit=1000"))["images"]!.AsArray())
                {
                    Settled.ShouldContain(image!["status"]!.ToString());
                    image["os_glance_import_task"].ShouldBeNull();
                    if (image["status"]!.ToString() == "queued") { image["stores"].ShouldBeNull(); }
                }
                cloud.Count("glance", "SELECT count(*) FROM images WHERE upload_id IS NOT NULL").ShouldBe(0);
            }, 60, $"every image to be settled after death {death} (seed {seed})");
        }
        (uploads + imports).ShouldBeGreaterThan(0, $"the deaths were to fall into work: {uploads} uploads, {imports} imports (seed {seed})");
        // What is active has its bytes.
        foreach (var image in (await admin.Get(Images + "?limit=1000&status=active"))["images"]!.AsArray())
        {
            (await admin.Http.GetByteArrayAsync($"{Images}/{image!["id"]}/file")).LongLength.ShouldBe(image["size"]!.GetValue<long>());
        }
        foreach (var image in (await admin.Get(Images + "?limit=1000"))["images"]!.AsArray()) { await admin.Delete($"{Images}/{image!["id"]}"); }
        await LiveCloud.Eventually(() =>
        {
            foreach (var folder in new[] { "images", "images-second", "image-staging" }) { Directory.GetFiles(Path.Combine(cloud.State, folder)).ShouldBeEmpty(folder); }
            return Task.CompletedTask;
        }, 90, "no file to be left");
    }

    /// <summary>One after the other until the program dies: upload, stage and import, copy, delete.</summary>
    private static async Task Churn(HttpClient http, int seed, int lane)
    {
        var random = new Random(seed);
        var bytes = new byte[4 << 20];
        random.NextBytes(bytes);
        (bytes[0], bytes[510]) = (0, 0);
        try
        {
            while (true)
            {
                using var made = await http.PostAsJsonAsync(Images, new { name = "churn", disk_format = "raw", container_format = "bare" });
                var id = JsonNode.Parse(await made.Content.ReadAsStringAsync())!["id"]!.ToString();
                var direct = (random.Next() + lane) % 2 == 0;
                using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
                using var sent = await http.PutAsync($"{Images}/{id}/{(direct ? "file" : "stage")}", content);
                using var import = direct ? await http.PostAsJsonAsync($"{Images}/{id}/import", new { method = new { name = "copy-image" }, all_stores = true })
                    : await http.PostAsJsonAsync($"{Images}/{id}/import", new { method = new { name = "glance-direct" }, all_stores = true });
                if (random.Next(3) == 0) { using var gone = await http.DeleteAsync($"{Images}/{id}"); }
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException or NullReferenceException)
        {
            // The program is dead; so it was meant.
        }
    }
}
