using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

/// <summary>With Keystone: its catalog and its limits.</summary>
public sealed class LimitedCloud : TestCloud
{
    protected override void Configure(IServiceCollection services) => services.AddSingleton(new GlanceSettings
    {
        EnabledImportMethods = ["glance-direct", "web-download", "copy-image", "glance-download"],
        ImportInternalNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        ImportAllowedPorts = [],
        UseKeystoneLimits = true,
    });
}

public sealed class WholeCloudTests(LimitedCloud cloud) : IClassFixture<LimitedCloud>
{
    private const string Images = ImageTesting.Images;

    [Fact]
    public async Task GlanceDownload_FromAnotherRegion_BringsBytesAndChosenProperties()
    {
        await using var web = await TestWeb.StartAsync();
        const string other = "36d4b546-64a2-4bb9-bdd0-ba676aa48f2c";
        web.Description = new { id = other, status = "active", size = web.Bytes.Length, disk_format = "raw", container_format = "bare", hw_cpu_cores = "5", speed = "88mph", os_glance_x = "no" };
        var admin = await cloud.LoginAdminAsync();
        (await admin.Post("/identity/v3/regions", new { region = new { id = "Other" } })).Is(201);
        var service = (await admin.Get("/identity/v3/services?type=image")).Is(200)["services"][0]!["id"]!.ToString();
        (await admin.Post("/identity/v3/endpoints", new { endpoint = new { service_id = service, @interface = "public", region_id = "Other", url = web.Url } })).Is(201);
        var user = await cloud.NewRealUserAsync();
        var id = await user.NewImage(disk: "iso", more: new { hw_cpu_cores = "1" });
        (await user.Import(id, "glance-download", new { glance_region = "Other", glance_image_id = other })).Is(202);
        (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["disk_format"].ToString().ShouldBe("raw");
        shown["hw_cpu_cores"].ToString().ShouldBe("5");
        shown.Json["speed"].ShouldBeNull();
        web.Tokens.ShouldAllBe(t => t == user.Token);
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(web.Bytes);

        foreach (var (region, remote, words) in new[] { ("Other", "11111111-0000-0000-0000-000000000000", "HTTP Error 404"), ("Nowhere", other, "public glance endpoint not found for region Nowhere") })
        {
            var failed = await user.NewImage(more: new { hw_cpu_cores = "1" });
            (await user.Import(failed, "glance-download", new { glance_region = region, glance_image_id = remote })).Is(202);
            (await user.Ended(failed))["message"]!.ToString().ShouldContain(words);
            (await user.Status(failed)).ShouldBe("queued");
        }
    }

    private async Task<TestUser> Limited(string name, int limit)
    {
        var user = await cloud.NewRealUserAsync();
        var admin = await cloud.LoginAdminAsync();
        var service = (await admin.Get("/identity/v3/services?type=image")).Is(200)["services"][0]!["id"]!.ToString();
        var registered = (await admin.Get($"/identity/v3/registered_limits?service_id={service}&resource_name={name}")).Is(200)["registered_limits"][0]!;
        var region = registered["region_id"]?.ToString();
        (await admin.Post("/identity/v3/limits", new { limits = new[] { new { project_id = user.ProjectId, service_id = service, resource_name = name, resource_limit = limit, region_id = region } } })).Is(201);
        return user;
    }

    [Fact]
    public async Task Count_OfImages_IsHeld()
    {
        var user = await Limited("image_count_total", 2);
        await user.NewImage();
        var second = await user.NewImage();
        (await user.Post(Images, new { name = "third" })).Is(413).Text.ShouldContain("Resource image_count_total is over limit of 2 due to current usage 2 and delta 1");
        (await user.Get(Images)).Is(200)["images"].AsArray().Count(i => i!["owner"]!.ToString() == user.ProjectId).ShouldBe(2);
        (await user.Get("/image/v2/info/usage")).Is(200)["usage"]["image_count_total"]!.ToJsonString().ShouldBe("""{"usage":2,"limit":2}""");
        (await user.Delete($"{Images}/{second}")).Is(204);
        await user.NewImage();
        // Many at once: no more than the limit.
        (await user.Delete($"{Images}/{(await user.Get(Images + "?owner=" + user.ProjectId))["images"][0]!["id"]}")).Is(204);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => user.Post(Images, new { name = "race" })));
        answers.Count(a => a.Status == 201).ShouldBe(1);
        answers.Count(a => a.Status == 413).ShouldBe(7);
    }

    [Fact]
    public async Task Size_OfImages_IsHeld()
    {
        var user = await Limited("image_size_total", 2);
        var (first, second) = (await user.NewImage(), await user.NewImage());
        (await user.Upload(first, Disks.Raw(2 << 20))).Is(204);
        (await user.Upload(second, Disks.Raw(1 << 20))).Is(413).Text.ShouldContain("image_size_total");
        (await user.Status(second)).ShouldBe("queued");
        (await user.Get("/image/v2/info/usage")).Is(200)["usage"]["image_size_total"]!["usage"]!.GetValue<int>().ShouldBe(2);
        (await user.Delete($"{Images}/{first}")).Is(204);
        (await user.Upload(second, Disks.Raw(1 << 20))).Is(204);
    }

    [Fact]
    public async Task Staging_AndUploading_AreHeld()
    {
        var user = await Limited("image_stage_total", 1);
        var (first, second) = (await user.NewImage(), await user.NewImage());
        (await user.Upload(first, Disks.Raw(1 << 20), "stage")).Is(204);
        (await user.Upload(second, Disks.Raw(1 << 20), "stage")).Is(413).Text.ShouldContain("image_stage_total");
        (await user.Status(second)).ShouldBe("queued");

        user = await Limited("image_count_uploading", 1);
        (first, second) = (await user.NewImage(), await user.NewImage());
        (await user.Upload(first, Disks.Raw(), "stage")).Is(204);
        (await user.Upload(second, Disks.Raw())).Is(413).Text.ShouldContain("image_count_uploading");
        (await user.Status(second)).ShouldBe("queued");
        (await user.Import(first, "glance-direct")).Is(202);
        (await user.Ended(first))["status"]!.ToString().ShouldBe("success");
        (await user.Upload(second, Disks.Raw())).Is(204);
    }
}
