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
        "NEPHOS_GLANCE__IMAGE_CACHE=true",
    ];

    [Fact]
    public async Task Clients_Conversation()
    {
        await using var cloud = await LiveCloud.StartFakeAsync(8731, Settings);
        var admin = cloud.Admin;
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
        (await Say($"openstack image create two --file {disk} --disk-format raw --progress -f value -c status")).ShouldContain("100%");
        await Say($"openstack image create three --id 11111111-2222-3333-4444-555555555555 --community --unprotected");
        (await Say("openstack image show three -f value -c visibility")).ShouldBe("community");

        // Lists: filters, sort, pages.
        (await Say("openstack image list --name one -f value -c Name")).ShouldBe("one");
        (await Say("openstack image list --tag blue --property os_distro=debian --status active --shared -f value -c Name")).ShouldBe("one");
        (await Say("openstack image list --long --sort name:desc -f value -c Name")).Split('\n').ShouldBe(["two", "one", "guest"]);
        (await Say("openstack image list --limit 1 --sort name:asc --marker one -f value -c Name")).ShouldBe("two");
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
        (await cloud.Run($"glance import-info", admin)).ShouldContain("web-download");
        (await cloud.Run("glance stores-info", admin)).ShouldContain("second");
        await cloud.Run($"glance image-create-via-import --import-method glance-direct --name five --disk-format qcow2 --container-format bare --file {packed} --all-stores true", admin);
        await LiveCloud.Eventually(async () => (await Ask("openstack image show five"))["properties"]!["stores"]!.ToString().ShouldBe("file,second"), 30, "the import to end in both stores");
        var five = (await Ask("openstack image show five"))["id"]!.ToString();
        (await cloud.Run($"glance image-tasks {five}", admin)).ShouldContain("success");
        await cloud.Run($"glance stores-delete --store second {five}", admin);
        await cloud.Run($"glance image-import {five} --import-method copy-image --stores second", admin);
        await LiveCloud.Eventually(async () => (await Ask("openstack image show five"))["properties"]!["stores"]!.ToString().ShouldBe("file,second"), 30, "the copy to end");
        var bad = (await Ask("openstack image create six --disk-format raw --container-format bare"))["id"]!.ToString();
        await cloud.Run($"glance image-import {bad} --import-method web-download --uri http://127.0.0.1/secret", admin);
        await LiveCloud.Eventually(async () => (await cloud.Run($"glance image-tasks {bad}", admin)).ShouldContain("failure"), 30, "the import from inside to fail");
        (await cloud.Run("glance task-list", admin)).ShouldContain("api_image_import");

        // The cache.
        await cloud.Run("glance cache-queue " + five, admin);
        await LiveCloud.Eventually(async () => (await cloud.Run("glance cache-list", admin)).ShouldContain("cached"), 30, "the image to be cached");
        await cloud.Run("glance cache-clear", admin);

        // Metadata definitions.
        await File.WriteAllTextAsync(Path.Combine(cloud.State, "words.json"), """{"namespace": "Words", "visibility": "public", "resource_type_associations": [{"name": "OS::Glance::Image"}], "properties": {"colour": {"title": "Colour", "type": "string"}}}""");
        (await cloud.Run($"dotnet {Path.Combine(AppContext.BaseDirectory, "nephos.dll")} glance metadefs load {cloud.State}/words.json --state {cloud.State}")).ShouldContain("loaded namespace Words");
        (await cloud.Run("glance md-namespace-show Words", admin)).ShouldContain("colour");
        await cloud.Run("glance md-namespace-create More --visibility private --description words", admin);
        await cloud.Run("""glance md-object-create More --name shape --schema '{"properties":{"round":{"title":"R","type":"boolean"}}}'""", admin);
        await cloud.Run("""glance md-property-create More --name edge --title Edge --schema '{"type":"integer","minimum":0}'""", admin);
        await cloud.Run("glance md-tag-create More --name soft", admin);
        await cloud.Run("glance md-tag-create-multiple More --names a:b:c --delim :", admin);
        await cloud.Run("glance md-resource-type-associate More OS::Nova::Flavor --prefix x:", admin);
        (await cloud.Run("glance md-resource-type-list", admin)).ShouldContain("OS::Nova::Flavor");
        (await cloud.Run("glance md-object-property-show More shape round", admin)).ShouldContain("boolean");
        await cloud.Run("glance md-namespace-update More --protected False --visibility public", admin);
        await cloud.Run("glance md-namespace-delete More", admin);
        (await cloud.Run("glance md-namespace-list", admin)).ShouldNotContain("More");

        foreach (var name in new[] { "uno", "two", "three", "four", "five", "six" }) { await Say("openstack image delete " + name); }
        (await Say("openstack image list --all -f value -c Name", wanted: 2)).ShouldBeEmpty();
        (await Say("openstack image list -f value -c Name")).ShouldBe("guest");
    }
}
