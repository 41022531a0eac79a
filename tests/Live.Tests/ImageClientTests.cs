using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>
/// A conversation with the distribution's clients: every image command of <c>openstack</c>, and of <c>glance</c> what that one lacks (imports, stores, metadata definitions), against the program with fake
/// drivers. Also the real qemu-img.
/// </summary>
[Trait("Category", "Live")]
[Collection("live cloud")]
public sealed class ImageClientTests
{
    private static readonly string[] Settings =
    [
        "NEPHOS_GLANCE__STORES={file: file, second: file}", "NEPHOS_GLANCE__IMAGE_IMPORT_PLUGINS=image_decompression,image_conversion", "NEPHOS_GLANCE__CONVERSION_OUTPUT_FORMAT=raw",
        "NEPHOS_GLANCE__IMAGE_CACHE=true", "NEPHOS_GLANCE__ENABLED_IMPORT_METHODS=glance-direct,web-download,copy-image,glance-download",
    ];

    [Fact]
    public async Task Clients_Conversation()
    {
        await using var cloud = await LiveCloud.StartFakeAsync(8731, Settings);
        var admin = cloud.Admin;
        Task<string> Glance(string line) => cloud.Run("env " + string.Join(' ', admin.Select(e => $"{e.Key}={e.Value}")) + " glance " + line);
        Task<string> Say(string line, int wanted = 0) => cloud.Run(line, admin, wanted: wanted);
        async Task<JsonNode> Ask(string line) => JsonNode.Parse(await Say(line + " -f json"))!;
        var disk = Path.Combine(cloud.State, "disk.raw");
        await File.WriteAllBytesAsync(disk, new byte[3 << 20]);
        var (qcow, packed) = (Path.Combine(cloud.State, "disk.qcow2"), Path.Combine(cloud.State, "disk.qcow2.gz"));
        await cloud.Run($"qemu-img convert -f raw -O qcow2 {disk} {qcow}");
        await cloud.Run($"gzip --keep {qcow}");

        // openstack image create, with a file, with progress, with everything.
        var made = await Ask($"openstack image create one --file {disk} --disk-format raw --container-format bare --min-disk 1 --min-ram 64 --property os_distro=debian --tag blue --shared --protected");
        var one = made["id"]!.ToString();
        made = await Ask("openstack image show " + one);
        made["status"]!.ToString().ShouldBe("active");
        made["size"]!.GetValue<int>().ShouldBe(3 << 20);
        made["min_disk"]!.GetValue<int>().ShouldBe(1);
        made["tags"]!.ToJsonString().ShouldBe("[\"blue\"]");
        made["properties"]!["os_distro"]!.ToString().ShouldBe("debian");
        await Say($"openstack image create two --file {disk} --disk-format raw --progress");
        (await Say("openstack image show two -f value -c status")).ShouldBe("active");
        // The bar itself is only drawn on a terminal.
        var drawn = await cloud.Run($"env {string.Join(' ', admin.Select(e => $"{e.Key}={e.Value}"))} script -qec 'openstack image create drawn --file {disk} --disk-format raw --progress' /dev/null");
        drawn.ShouldContain("=>] 100%");
        await Say("openstack image delete drawn");
        await Say($"openstack image create three --id 11111111-2222-3333-4444-555555555555 --community --unprotected");
        (await Say("openstack image show three -f value -c visibility")).ShouldBe("community");

        // Lists: filters, sort, pages.
        (await Say("openstack image list --name one -f value -c Name")).ShouldBe("one");
        (await Say("openstack image list --tag blue --property os_distro=debian --status active --shared -f value -c Name")).ShouldBe("one");
        (await Say("openstack image list --long --sort name:desc -f value -c Name")).Split('\n').ShouldBe(["two", "three", "one", "guest"]);
        // The client sorts what a page has; pages are by creation, newest first.
        (await Say("openstack image list --limit 1 --sort name:asc --marker one -f value -c Name")).ShouldBe("guest");
        (await Say("openstack image list --community -f value -c Name")).ShouldBe("three");

        // Changes.
        await Say("openstack image set one --name uno --min-ram 128 --property colour=red --tag green --private");
        (await Ask("openstack image show uno"))["properties"]!["colour"]!.ToString().ShouldBe("red");
        await Say("openstack image unset uno --property colour --tag green");
        (await Ask("openstack image show uno"))["tags"]!.ToJsonString().ShouldBe("[\"blue\"]");
        await Say("openstack image delete uno", wanted: 1);
        await Say("openstack image set uno --unprotected --deactivate");
        (await Say("openstack image show uno -f value -c status")).ShouldBe("deactivated");
        await Say("openstack image set uno --activate --shared");
        await Say("openstack image save uno --file " + disk + ".back");
        (await File.ReadAllBytesAsync(disk + ".back")).ShouldBe(await File.ReadAllBytesAsync(disk));

        // Sharing.
        await Say("openstack project create friends");
        await Say("openstack image add project uno friends");
        (await Say("openstack image member list uno -f value -c Status")).ShouldBe("pending");
        await Say("openstack image remove project uno friends");
        (await Say("openstack image member list uno -f value")).ShouldBe("");

        // Imports: staged and converted; packed; to every store.
        await Say($"openstack image create four --file {qcow} --disk-format qcow2 --import");
        await LiveCloud.Eventually(async () => (await Ask("openstack image show four"))["status"]!.ToString().ShouldBe("active"), 30, "the import to end");
        (await Say("openstack image show four -f value -c disk_format")).ShouldBe("raw");
        (await Say("openstack image show four -f value -c size")).ShouldBe((3 << 20).ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await Glance("import-info")).ShouldContain("web-download");
        (await Glance("stores-info")).ShouldContain("second");
        // Without a terminal the clients take an image without a file from their empty input; these are made over HTTP.
        using var http = await LiveAdmin.LoginAsync(cloud);
        var five = await http.Make("/image/v2/images", null, new { name = "five", disk_format = "qcow2", container_format = "bare" });
        await Glance($"image-stage {five} --file {packed}");
        await Glance($"image-import {five} --import-method glance-direct --all-stores True");
        await LiveCloud.Eventually(async () => (await Ask("openstack image show five"))["properties"]!["stores"]!.ToString().ShouldBe("file,second"), 30, "the import to end in both stores");
        (await Glance($"image-tasks {five}")).ShouldContain("success");
        await Glance($"stores-delete --store second {five}");
        await Glance($"image-import {five} --import-method copy-image --stores second");
        await LiveCloud.Eventually(async () => (await Ask("openstack image show five"))["properties"]!["stores"]!.ToString().ShouldBe("file,second"), 30, "the copy to end");
        var bad = await http.Make("/image/v2/images", null, new { name = "six", disk_format = "raw", container_format = "bare" });
        await Glance($"image-import {bad} --import-method web-download --uri http://127.0.0.1/secret");
        await LiveCloud.Eventually(async () => (await Glance($"image-tasks {bad}")).ShouldContain("failure"), 30, "the import from inside to fail");
        (await Glance("task-list")).ShouldContain("api_image_import");

        // From another Glance: this one, which the catalog names, over HTTP. The client's own command cannot say it: it looks for its options by wrong names.
        var seven = await http.Make("/image/v2/images", null, new { name = "seven", disk_format = "qcow2", container_format = "bare" });
        (await http.Http.PostAsJsonAsync($"/image/v2/images/{seven}/import", new { method = new { name = "glance-download", glance_region = "RegionOne", glance_image_id = one } })).EnsureSuccessStatusCode();
        await LiveCloud.Eventually(async () => (await Say("openstack image show seven -f value -c status")).ShouldBe("active"), 30, "the download from Glance to end");
        (made, var copy) = (await Ask("openstack image show uno"), await Ask("openstack image show seven"));
        copy["checksum"]!.ToString().ShouldBe(made["checksum"]!.ToString());
        copy["disk_format"]!.ToString().ShouldBe("raw");
        copy["properties"]!["os_distro"]!.ToString().ShouldBe("debian");

        // The cache.
        await Glance("cache-queue " + five);
        await LiveCloud.Eventually(async () => (await Glance("cache-list")).ShouldContain("cached"), 30, "the image to be cached");
        await Glance("cache-clear");

        // Metadata definitions.
        await File.WriteAllTextAsync(Path.Combine(cloud.State, "words.json"), """{"namespace": "Words", "visibility": "public", "resource_type_associations": [{"name": "OS::Glance::Image"}], "properties": {"colour": {"title": "Colour", "type": "string"}}}""");
        (await cloud.Run($"dotnet {Path.Combine(AppContext.BaseDirectory, "nephos.dll")} glance metadefs load {cloud.State}/words.json --state {cloud.State}")).ShouldContain("loaded namespace Words");
        (await Glance("md-namespace-show Words")).ShouldContain("colour");
        await Glance("md-namespace-create More --visibility private --description words");
        await Glance("""md-object-create More --name shape --schema '{"properties":{"round":{"title":"R","type":"boolean"}}}'""");
        await Glance("""md-property-create More --name edge --title Edge --schema '{"type":"integer","minimum":0}'""");
        await Glance("md-tag-create More --name soft");
        await Glance("md-tag-create-multiple More --names a:b:c --delim :");
        await Glance("md-resource-type-associate More --name OS::Nova::Flavor --prefix x:");
        (await Glance("md-resource-type-list")).ShouldContain("OS::Nova::Flavor");
        (await Glance("md-object-property-show More shape round")).ShouldContain("boolean");
        await Glance("md-namespace-update More --protected False --visibility public");
        await Glance("md-namespace-delete More");
        (await Glance("md-namespace-list")).ShouldNotContain("More");

        foreach (var name in new[] { "uno", "two", "three", "four", "five", "six", "seven" }) { await Say("openstack image delete " + name); }
        (await Say("openstack image list -f value -c Name")).ShouldBe("guest");
    }
}
