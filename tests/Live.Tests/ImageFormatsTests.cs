using System.Text;
using Nephos.Glance.Formats;
using Nephos.Kernel.Processes;
using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>The inspection of images against those that the real programs make: qemu-img, genisoimage, sfdisk.</summary>
[Trait("Category", "Live")]
public sealed class ImageFormatsTests : IDisposable
{
    private const long Size = 10 << 20;
    private readonly string _folder = Directory.CreateTempSubdirectory("nephos-formats-").FullName;
    private readonly ProcessRunner _runner = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> Make(string name, string command)
    {
        var result = await _runner.RunAsync("/bin/sh", ["-c", $"cd {_folder} && {command}"]);
        result.Ok.ShouldBeTrue($"{command}: {result.Output}{result.Error}");
        return Path.Combine(_folder, name);
    }

    private static InspectedImage Inspect(string path, string claimed)
    {
        using var stream = File.OpenRead(path);
        return FormatInspector.Inspect(stream, claimed);
    }

    [Theory]
    [InlineData("raw", "raw", "qemu-img create -f raw disk 10M")]
    [InlineData("qcow2", "qcow2", "qemu-img create -f qcow2 disk 10M")]
    [InlineData("qcow2", "qcow2", "qemu-img create -f qcow2 -o compat=0.10 disk 10M")]
    [InlineData("qcow2", "qcow2", "qemu-img create -f qcow2 -o lazy_refcounts=on,cluster_size=2M disk 10M")]
    [InlineData("qcow2", "qcow2", "qemu-img create -f qcow2 -o compression_type=zstd disk 10M")]
    [InlineData("qcow2", "qcow2", "qemu-img create -f qcow2 --object secret,id=s,data=secret -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 disk 10M")]
    [InlineData("vmdk", "vmdk", "qemu-img create -f vmdk disk 10M")]
    [InlineData("vmdk", "vmdk", "qemu-img create -f vmdk -o subformat=streamOptimized disk 10M")]
    [InlineData("vmdk", "vmdk", "qemu-img create -f raw plain 10M && qemu-img convert -O vmdk -o subformat=streamOptimized plain disk")]
    [InlineData("vdi", "vdi", "qemu-img create -f vdi disk 10M")]
    [InlineData("vdi", "vdi", "qemu-img create -f vdi -o static=on disk 10M")]
    [InlineData("vhd", "vhd", "qemu-img create -f vpc -o force_size=on disk 10M")]
    [InlineData("vhdx", "vhdx", "qemu-img create -f vhdx disk 10M")]
    [InlineData("vhdx", "vhdx", "qemu-img create -f vhdx -o subformat=fixed disk 10M")]
    [InlineData("raw", "gpt", "qemu-img create -f raw disk 10M && echo 'label: dos\n,,83,*' | sfdisk -q disk")]
    [InlineData("raw", "gpt", "qemu-img create -f raw disk 10M && echo 'label: gpt\n,' | sfdisk -q disk")]
    public async Task Real_Images_AreKnownWithTheirSizes(string claimed, string format, string command)
    {
        var found = Inspect(await Make("disk", command), claimed);
        found.Format.ShouldBe(format);
        found.VirtualSize.ShouldBe(Size);
    }

    [Fact]
    public async Task Real_Others_AreKnown()
    {
        var iso = await Make("cd.iso", "mkdir cd && echo hello > cd/hello && genisoimage -quiet -o cd.iso cd");
        Inspect(iso, "iso").ShouldBe(new InspectedImage("iso", new FileInfo(iso).Length));
        // As a hybrid: a partition table before the volume.
        var hybrid = await Make("hybrid.iso", "cp cd.iso hybrid.iso && qemu-img create -q -f raw table 10M && echo 'label: dos\n,,83,*' | sfdisk -q table && dd if=table of=hybrid.iso bs=512 count=1 conv=notrunc status=none");
        Inspect(hybrid, "iso").Format.ShouldBe("iso");
        var luks = await Make("luks", "qemu-img create -q -f luks --object secret,id=s,data=secret -o key-secret=s,iter-time=10 luks 10M");
        Inspect(luks, "raw").Format.ShouldBe("luks");
        foreach (var claimed in new[] { "ami", "aki", "ari", "ploop" }) { Inspect(await Make("kernel", "head -c 70000 /dev/zero > kernel"), claimed).ShouldBe(new InspectedImage("raw", null)); }
    }

    [Theory]
    [InlineData("qcow2", "qemu-img create -q -f raw base 10M && qemu-img create -f qcow2 -b base -F raw disk")]
    [InlineData("qcow2", "qemu-img create -u -f qcow2 -b 'json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}}' -F raw disk 10M")]
    [InlineData("qcow2", "qemu-img create -f qcow2 -o data_file=data,data_file_raw=on disk 10M")]
    [InlineData("qcow2", "qemu-img create -f qcow2 -o extended_l2=on disk 10M")]
    [InlineData("vmdk", "qemu-img create -f vmdk -o subformat=monolithicFlat disk 10M")]
    [InlineData("vmdk", "qemu-img create -f vmdk -o subformat=twoGbMaxExtentSparse disk 10M")]
    [InlineData("vmdk", "qemu-img create -f vmdk -o subformat=twoGbMaxExtentFlat disk 10M")]
    [InlineData("vmdk", "qemu-img create -q -f vmdk base 10M && qemu-img create -f vmdk -b base -F vmdk disk")]
    [InlineData("qed", "qemu-img create -f qed disk 10M")]
    [InlineData("raw", "qemu-img create -q -f raw base 10M && qemu-img create -f qcow2 -b base -F raw disk")]
    public async Task Real_ImagesThatNameOtherFiles_AreRefused(string claimed, string command)
    {
        var disk = await Make("disk", command);
        Should.Throw<ImageFormatException>(() => Inspect(disk, claimed)).Message.ShouldBe("Image failed safety checks");
    }

    [Fact]
    public async Task Real_Polyglots_AreRefused()
    {
        var disk = await Make("disk", "qemu-img create -q -f qcow2 disk 10M && mkdir cd && echo hello > cd/hello && genisoimage -quiet -o cd.iso cd && dd if=cd.iso of=disk bs=2048 skip=16 seek=16 conv=notrunc status=none");
        foreach (var claimed in new[] { "iso", "qcow2", "raw" }) { Should.Throw<ImageFormatException>(() => Inspect(disk, claimed)).Message.ShouldBe("Multiple formats detected: qcow2,iso"); }
        // A boot sector's signature in a qcow2 header's free bytes.
        disk = await Make("signed", "qemu-img create -q -f qcow2 signed 10M && printf '\\125\\252' | dd of=signed bs=1 seek=510 conv=notrunc status=none");
        Should.Throw<ImageFormatException>(() => Inspect(disk, "qcow2")).Message.ShouldBe("Multiple formats detected: qcow2,gpt");
    }

    /// <summary>What qemu really does with a descriptor in which it finds a parent that others overlook: the reason for the rule beyond upstream's.</summary>
    [Theory]
    [InlineData("# parentFileNameHint=\"base\"")]
    [InlineData("parentFileNameHint=\"base\"")]
    public async Task Real_VmdkWithAHiddenParent_IsRefused_AndQemuWouldFollowIt(string line)
    {
        var disk = await Make("disk", "qemu-img create -q -f vmdk base 10M && qemu-img create -q -f vmdk disk 10M");
        await using (var file = new FileStream(disk, FileMode.Open))
        {
            var text = new byte[20 * 512];
            file.Position = 512;
            await file.ReadExactlyAsync(text);
            var old = Encoding.ASCII.GetString(text).TrimEnd('\0');
            var changed = Encoding.ASCII.GetBytes(old.Replace("parentCID=ffffffff", "parentCID=00000001\n" + line, StringComparison.Ordinal));
            file.Position = 512;
            await file.WriteAsync(changed);
        }
        var told = await _runner.RunAsync("qemu-img", ["info", "-f", "vmdk", disk]);
        (told.Output + told.Error).ShouldContain("base");
        Should.Throw<ImageFormatException>(() => Inspect(disk, "vmdk")).Message.ShouldBe("Image failed safety checks");
    }
}
