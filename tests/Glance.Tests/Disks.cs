using System.Buffers.Binary;
using System.Text;

namespace Nephos.Glance.Tests;

/// <summary>Small disk images of each format, made by hand, so that each of their fields can be made wrong.</summary>
internal static class Disks
{
    public const int VirtualSize = 10 << 20;

    public static byte[] Raw(int size = 4096)
    {
        var bytes = new byte[size];
        new Random(1).NextBytes(bytes);
        bytes[0] = 0;
        if (size > 511) { bytes[510] = 0; }
        return bytes;
    }

    public static byte[] Qcow2(uint version = 3, ulong backing = 0, ulong features = 0)
    {
        var bytes = new byte[65536];
        ((ReadOnlySpan<byte>)[0x51, 0x46, 0x49, 0xfb]).CopyTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), version);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), backing);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(20), 16);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), VirtualSize);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(72), features);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(100), 104);
        return bytes;
    }

    public static byte[] Vmdk(string kind = "monolithicSparse", string extent = "RW 20480 SPARSE \"disk.vmdk\"", int sectors = VirtualSize / 512)
    {
        var bytes = new byte[65536];
        "KDMV"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), (ulong)sectors);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(28), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(36), 20);
        Descriptor(kind, extent).CopyTo(bytes, 512);
        return bytes;
    }

    /// <summary>The header says that the descriptor is one sector long; its parent is named after that.</summary>
    public static byte[] VmdkWithLateParent()
    {
        var bytes = Vmdk();
        bytes[36] = 1;
        var text = bytes.AsSpan(512, 1024);
        text.Replace((byte)0, (byte)'\n');
        "parentFileNameHint=\"other\""u8.CopyTo(text[700..]);
        return bytes;
    }

    public static byte[] Descriptor(string kind, string extent) =>
        Encoding.ASCII.GetBytes($"# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"{kind}\"\n# Extent description\n{extent}\n# The Disk Data Base\nddb.adapterType = \"ide\"\n");

    public static byte[] Vdi()
    {
        var bytes = new byte[4096];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x40), 0xBEDA107F);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(0x170), VirtualSize);
        return bytes;
    }

    public static byte[] Vhd()
    {
        var bytes = new byte[4096];
        "conectix"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(40), VirtualSize);
        return bytes;
    }

    public static byte[] Iso()
    {
        var bytes = new byte[65536];
        bytes[32768] = 1;
        "CD001"u8.CopyTo(bytes.AsSpan(32769));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(32768 + 80), VirtualSize / 2048);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(32768 + 128), 2048);
        return bytes;
    }

    public static byte[] Partitioned(byte type = 0x83)
    {
        var bytes = new byte[65536];
        bytes[446] = 0x80;
        bytes[450] = type;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(510), 0xAA55);
        return bytes;
    }

    public static byte[] Qed() => [.. "QED\0"u8, .. new byte[1020]];
}
