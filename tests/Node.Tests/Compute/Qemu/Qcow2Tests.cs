using System.Buffers.Binary;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Nephos.Kernel.Processes;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute.Qemu;

public sealed class Qcow2Tests
{
    [Fact]
    public void Overlay_AnySize_IsReadBackButForItsBackingFile() =>
        Prop.ForAll(Gen.Choose(1, 1 << 22).ToArbitrary(), sectors =>
        {
            var overlay = Qcow2.Overlay(sectors * 512L * 1000, "/images/x.base", "qcow2");
            Should.Throw<FormatException>(() => Qcow2.ReadVirtualSize(overlay)).Message.ShouldBe("it has a backing file");
            BinaryPrimitives.WriteUInt64BigEndian(overlay.AsSpan(8), 0);
            return Qcow2.ReadVirtualSize(overlay) == sectors * 512L * 1000;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(new byte[0], "it is not a qcow2 file")]
    [InlineData(new byte[] { (byte)'Q', (byte)'F', (byte)'I' }, "it is not a qcow2 file")]
    public void ReadVirtualSize_NotQcow2_Throws(byte[] header, string why) =>
        Should.Throw<FormatException>(() => Qcow2.ReadVirtualSize(header)).Message.ShouldBe(why);

    [Fact]
    public void ReadVirtualSize_DataInAnotherFile_Throws()
    {
        var header = Qcow2.Overlay(1 << 20, "", "raw");
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(8), 0);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(72), 4);
        Should.Throw<FormatException>(() => Qcow2.ReadVirtualSize(header)).Message.ShouldBe("its data is in another file");
    }

    [Fact]
    public void ReadVirtualSize_AnyBytes_ReadsOrThrowsFormatException() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            byte[] header = [(byte)'Q', (byte)'F', (byte)'I', 0xfb, 0, 0, 0, 3, .. bytes ?? []];
            try
            {
                Qcow2.ReadVirtualSize(header);
            }
            catch (Exception e) when (e is FormatException or OverflowException)
            {
                return true;
            }
            return true;
        }).QuickCheckThrowOnFailure();

    /// <summary>QEMU's own opinion, for sizes at the edges of the first-level table.</summary>
    [Theory]
    [Trait("Category", "Live")]
    [InlineData(512)]
    [InlineData(1L << 29)]
    [InlineData((1L << 29) + 512)]
    [InlineData(20L << 30)]
    [InlineData(5L << 40)]
    public async Task Overlay_GivenToQemuImg_IsWithoutFault(long size)
    {
        using var folder = new TemporaryFolder();
        var runner = new ProcessRunner();
        var (image, overlay) = (Path.Combine(folder.Path, "base"), Path.Combine(folder.Path, "overlay"));
        await runner.RunOrThrowAsync("qemu-img", ["create", "-q", "-f", "qcow2", image, "512"]);
        await File.WriteAllBytesAsync(overlay, Qcow2.Overlay(size, image, "qcow2"));
        await runner.RunOrThrowAsync("qemu-img", ["check", "-q", overlay]);
        using var info = JsonDocument.Parse(await runner.RunOrThrowAsync("qemu-img", ["info", "--output=json", overlay]));
        info.RootElement.GetProperty("virtual-size").GetInt64().ShouldBe(size);
        info.RootElement.GetProperty("backing-filename").GetString().ShouldBe(image);
        info.RootElement.GetProperty("backing-filename-format").GetString().ShouldBe("qcow2");
        await runner.RunOrThrowAsync("qemu-io", ["-f", "qcow2", "-c", $"write -P 7 {size - 512} 512", overlay]);
        await runner.RunOrThrowAsync("qemu-img", ["check", "-q", overlay]);
    }
}
