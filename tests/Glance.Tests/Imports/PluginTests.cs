using System.IO.Compression;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Processes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

/// <summary>A Glance that unpacks, converts and marks what is imported; a converter of our own stands for qemu-img, which a live test runs.</summary>
public class PluginCloud : ImportCloud
{
    protected override GlanceSettings Settings => base.Settings with
    {
        ImageImportPlugins = ["image_decompression", "image_conversion", "inject_image_metadata"],
        ConversionOutputFormat = "qcow2",
        InjectMetadata = new Dictionary<string, string> { ["origin"] = "import" },
        ImageSizeCap = 1 << 20,
    };

    internal FakeConverter Converter { get; } = new();

    protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        services.AddSingleton<IProcessRunner>(Converter);
    }

    internal sealed class FakeConverter : IProcessRunner
    {
        public byte[] Makes { get; set; } = Disks.Qcow2();
        public string? Fails { get; set; }
        public List<string> Calls { get; } = [];

        public async Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, ReadOnlyMemory<byte>? input = null, TimeSpan? limit = null, CancellationToken cancel = default)
        {
            Calls.Add(program + " " + string.Join(' ', arguments.Take(5)));
            if (Fails is { } error) { return new ProcessResult(1, "", error); }
            await File.WriteAllBytesAsync(arguments[^1], Makes, cancel);
            return new ProcessResult(0, "", "");
        }
    }
}

public sealed class PluginTests(PluginCloud cloud) : IClassFixture<PluginCloud>
{
    private const string Images = ImageTesting.Images;

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) { gzip.Write(bytes); }
        return packed.ToArray();
    }

    private static byte[] Zip(params (string Name, byte[] Bytes)[] files)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(bytes);
            }
        }
        return packed.ToArray();
    }

    private async Task<(TestUser User, string Id)> Import(byte[] bytes, string disk = "qcow2", string role = "member", string container = "bare")
    {
        var user = cloud.NewUser(role);
        var id = await user.NewImage(disk: disk, more: new { container_format = container });
        (await user.Upload(id, bytes, "stage")).Is(204);
        (await user.Import(id, "glance-direct")).Is(202);
        return (user, id);
    }

    private static async Task<string> Failure(TestUser user, string id)
    {
        var task = await user.Ended(id);
        task["status"]!.ToString().ShouldBe("failure");
        (await user.Status(id)).ShouldBe("queued");
        return task["message"]!.ToString();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zip")]
    [InlineData("plain")]
    public async Task Decompression_OfOneFile_GivesItsBytes(string how)
    {
        var bytes = Disks.Qcow2();
        var (user, id) = await Import(how switch { "gzip" => Gzip(bytes), "zip" => Zip(("disk.qcow2", bytes)), _ => bytes });
        (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["size"].GetValue<int>().ShouldBe(bytes.Length);
        shown["os_hash_value"].ToString().ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(bytes)));
        shown["origin"].ToString().ShouldBe("import");
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(bytes);
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Decompression_OfManyFilesDamageOrBombs_Fails()
    {
        var (user, id) = await Import(Zip(("a", [1]), ("b", [2])));
        (await Failure(user, id)).ShouldBe("Archive contains more than one file.");
        (user, id) = await Import(Gzip(Disks.Qcow2())[..200]);
        (await Failure(user, id)).ShouldNotBeEmpty();
        (user, id) = await Import(Gzip(new byte[2 << 20]));
        (await Failure(user, id)).ShouldContain("exceeds the limit");
        (user, id) = await Import([0, 0, 0x2D, 0x6C, 0x68, 0x35]);
        (await Failure(user, id)).ShouldBe("No lhafile available.");
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Decompression_OfACompressedContainer_IsLeftAlone()
    {
        var packed = Gzip(Disks.Qcow2());
        var (user, id) = await Import(packed, container: "compressed");
        // The conversion after it looks into the bytes, and they are no disk.
        (await Failure(user, id)).ShouldBe("Image format mismatch");
    }

    [Fact]
    public async Task Conversion_MakesTheConfiguredFormat()
    {
        var (user, id) = await Import(Disks.Raw(), disk: "raw");
        (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
        var shown = (await user.Get($"{Images}/{id}")).Is(200);
        shown["disk_format"].ToString().ShouldBe("qcow2");
        shown["virtual_size"].GetValue<int>().ShouldBe(Disks.VirtualSize);
        (await user.Get($"{Images}/{id}/file")).Is(200).Bytes.ShouldBe(Disks.Qcow2());
        cloud.Converter.Calls.ShouldContain("qemu-img convert -f raw -O qcow2");
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Conversion_OfLiesAndDangers_FailsBeforeQemuSeesThem()
    {
        var calls = cloud.Converter.Calls.Count;
        var (user, id) = await Import(Disks.Qcow2(backing: 104));
        (await Failure(user, id)).ShouldBe("Image has disallowed configuration");
        (user, id) = await Import(Disks.Vmdk(extent: "RW 20480 SPARSE \"/etc/passwd\""), disk: "vmdk");
        (await Failure(user, id)).ShouldBe("Image has disallowed configuration");
        (user, id) = await Import(Disks.Raw(), disk: "vmdk");
        (await Failure(user, id)).ShouldBe("Image format mismatch");
        (user, id) = await Import(Disks.Iso(), disk: "raw");
        (await Failure(user, id)).ShouldBe("Image has disallowed configuration");
        cloud.Converter.Calls.Count.ShouldBe(calls);
        await cloud.NothingIsLeft();
    }

    [Fact]
    public async Task Injection_LeavesAdministratorsAlone()
    {
        var (user, id) = await Import(Disks.Qcow2(), role: "admin");
        (await user.Ended(id))["status"]!.ToString().ShouldBe("success");
        (await user.Get($"{Images}/{id}")).Is(200).Json["origin"].ShouldBeNull();
    }
}

/// <summary>Makes raw images of all.</summary>
public sealed class RawConversionCloud : PluginCloud
{
    protected override GlanceSettings Settings => base.Settings with { ConversionOutputFormat = "raw" };
}

public sealed class RawConversionTests(RawConversionCloud cloud) : IClassFixture<RawConversionCloud>
{
    [Fact]
    public async Task Conversion_OfAnEnormousDisk_FailsBeforeItIsUnfolded()
    {
        var user = cloud.NewUser();
        var id = await user.NewImage(disk: "qcow2");
        // 64 KiB that say they are 10 MiB, where an image may have one.
        (await user.Upload(id, Disks.Qcow2(), "stage")).Is(204);
        (await user.Import(id, "glance-direct")).Is(202);
        (await user.Ended(id))["message"]!.ToString().ShouldBe("The size of the data exceeds the limit of 1048576 bytes.");
        cloud.Converter.Calls.ShouldBeEmpty();
        await cloud.NothingIsLeft();
    }
}

/// <summary>In a class of its own: the converter is made to fail, which others must not see.</summary>
public sealed class FailingConversionTests(PluginCloud cloud) : IClassFixture<PluginCloud>
{
    [Fact]
    public async Task Conversion_ThatFailsOrMakesSomethingElse_IsUndone()
    {
        var user = cloud.NewUser();
        byte[] tooLong = [.. Disks.Qcow2(), .. new byte[1 << 20]];
        foreach (var (fails, makes, words) in new[] { ("qemu-img: no space", Disks.Qcow2(), "qemu-img: no space"), (null, tooLong, "The size of the data exceeds the limit of 1048576 bytes."), (null, Disks.Vdi(), "Image format mismatch"), (null, Disks.Qcow2(backing: 104), "Image has disallowed configuration") })
        {
            (cloud.Converter.Fails, cloud.Converter.Makes) = (fails, makes);
            var id = await user.NewImage();
            (await user.Upload(id, Disks.Raw(), "stage")).Is(204);
            (await user.Import(id, "glance-direct")).Is(202);
            var task = await user.Ended(id);
            task["message"]!.ToString().ShouldBe(words);
            (await user.Get($"{ImageTesting.Images}/{id}")).Is(200)["disk_format"].ToString().ShouldBe("raw");
            await cloud.NothingIsLeft();
        }
    }
}
