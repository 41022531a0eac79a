using Nephos.Glance.Formats;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests;

public sealed class FormatInspectorTests
{
    private static readonly Dictionary<string, Func<byte[]>> Samples = new()
    {
        ["raw"] = () => Disks.Raw(), ["qcow2"] = () => Disks.Qcow2(), ["qcow2-2"] = () => Disks.Qcow2(version: 2), ["vmdk"] = () => Disks.Vmdk(), ["vmdk-stream"] = () => Disks.Vmdk("streamOptimized"),
        ["vdi"] = Disks.Vdi, ["vhd"] = Disks.Vhd, ["iso"] = Disks.Iso, ["mbr"] = () => Disks.Partitioned(),
        ["qcow2-backing"] = () => Disks.Qcow2(backing: 104), ["qcow2-datafile"] = () => Disks.Qcow2(features: 4), ["qcow2-future"] = () => Disks.Qcow2(features: 16), ["qcow2-1"] = () => Disks.Qcow2(version: 1),
        ["vmdk-flat"] = () => Disks.Vmdk("monolithicFlat"), ["vmdk-path"] = () => Disks.Vmdk(extent: "RW 20480 SPARSE \"/etc/passwd\""), ["vmdk-none"] = () => Disks.Vmdk(extent: ""),
        ["vmdk-words"] = () => Disks.Vmdk(extent: "include other"), ["vmdk-text"] = () => Disks.Descriptor("monolithicFlat", "RW 8 FLAT \"/etc/shadow\" 0"), ["qed"] = Disks.Qed,
        ["vmdk-twice"] = () => Disks.Vmdk(extent: "RW 20480 SPARSE \"disk.vmdk\"\ncreateType=\"monolithicFlat\""), ["vmdk-case"] = () => Disks.Vmdk("monolithicSparse\"\nCREATETYPE=\"monolithicFlat"),
        ["vmdk-comment"] = () => Disks.Vmdk(extent: "# createTypeXXmonolithicFlat\"\nRW 20480 SPARSE \"disk.vmdk\""), ["vmdk-parent"] = () => Disks.Vmdk(extent: "parentFileNameHint=\"other\"\nRW 20480 SPARSE \"disk.vmdk\""),
        ["vmdk-hidden-parent"] = () => Disks.Vmdk(extent: "# parentFileNameHint=\"other\"\nRW 20480 SPARSE \"disk.vmdk\""), ["vmdk-nothing"] = () => Disks.Vmdk(sectors: 0), ["vmdk-late-parent"] = Disks.VmdkWithLateParent,
        ["iso+mbr"] = () => [.. Disks.Partitioned()[..512], .. Disks.Iso()[512..]], ["iso+qcow2"] = () => [.. Disks.Qcow2()[..512], .. Disks.Iso()[512..]],
        ["mbr-empty"] = () => Disks.Partitioned(type: 0), ["short"] = () => [0x51, 0x46, 0x49, 0xfb], ["empty"] = () => [],
    };

    [Theory]
    [InlineData("raw", "raw", "raw", 4096)]
    [InlineData("empty", "raw", "raw", 0)]
    [InlineData("qcow2", "qcow2", "qcow2", Disks.VirtualSize)]
    [InlineData("qcow2-2", "qcow2", "qcow2", Disks.VirtualSize)]
    [InlineData("vmdk", "vmdk", "vmdk", Disks.VirtualSize)]
    [InlineData("vmdk-stream", "vmdk", "vmdk", Disks.VirtualSize)]
    [InlineData("vdi", "vdi", "vdi", Disks.VirtualSize)]
    [InlineData("vhd", "vhd", "vhd", Disks.VirtualSize)]
    [InlineData("iso", "iso", "iso", Disks.VirtualSize)]
    [InlineData("iso+mbr", "iso", "iso", Disks.VirtualSize)]
    [InlineData("mbr", "raw", "gpt", 65536)]
    [InlineData("qcow2", "raw", "qcow2", 65536)]
    [InlineData("raw", "ami", "raw", 0)]
    public void Inspect_Good_GivesFormatAndSize(string sample, string claimed, string format, int size)
    {
        var found = FormatInspector.Inspect(new MemoryStream(Samples[sample]()), claimed);
        found.Format.ShouldBe(format);
        (found.VirtualSize ?? 0).ShouldBe(size);
    }

    [Theory]
    [InlineData("raw", "qcow2", "Image disk_format qcow2 does not match stream data raw")]
    [InlineData("qcow2", "vmdk", "Image disk_format vmdk does not match stream data qcow2")]
    [InlineData("qcow2", "ami", "Image disk_format ami does not match stream data qcow2")]
    [InlineData("iso+qcow2", "iso", "Multiple formats detected: qcow2,iso")]
    [InlineData("qcow2-backing", "qcow2", "Image failed safety checks")]
    [InlineData("qcow2-backing", "raw", "Image failed safety checks")]
    [InlineData("qcow2-datafile", "qcow2", "Image failed safety checks")]
    [InlineData("qcow2-future", "qcow2", "Image failed safety checks")]
    [InlineData("qcow2-1", "qcow2", "Image failed safety checks")]
    [InlineData("short", "qcow2", "Image failed safety checks")]
    [InlineData("vmdk-flat", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-path", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-none", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-words", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-text", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-text", "raw", "Image failed safety checks")]
    [InlineData("vmdk-twice", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-case", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-comment", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-parent", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-hidden-parent", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-late-parent", "vmdk", "Image failed safety checks")]
    [InlineData("vmdk-nothing", "vmdk", "Image failed safety checks")]
    [InlineData("qed", "raw", "Image failed safety checks")]
    [InlineData("mbr-empty", "raw", "Image failed safety checks")]
    public void Inspect_Bad_IsRefused(string sample, string claimed, string message) =>
        Should.Throw<ImageFormatException>(() => FormatInspector.Inspect(new MemoryStream(Samples[sample]()), claimed)).Message.ShouldBe(message);

    /// <summary>Any bytes are judged, none crash the judge; also the beginnings of real formats followed by anything.</summary>
    [Fact]
    public void Inspect_AnyBytes_AreJudged() => FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll((byte[] tail, int cut, int sample) =>
    {
        var head = Samples.Values.ElementAt((sample & int.MaxValue) % Samples.Count)();
        byte[] bytes = [.. head[..((cut & int.MaxValue) % (head.Length + 1))], .. tail];
        foreach (var claimed in new[] { "raw", "qcow2", "vmdk", "vhdx" })
        {
            try { FormatInspector.Inspect(new MemoryStream(bytes), claimed); }
            catch (ImageFormatException error) { error.Message.ShouldNotBeEmpty(); }
        }
    }));
}
