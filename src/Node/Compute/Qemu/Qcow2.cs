using System.Buffers.Binary;
using System.Text;

namespace Nephos.Node.Compute.Qemu;

/// <summary>
/// As much of the qcow2 format (docs/interop/qcow2.txt of QEMU) as a node needs: what an image's header says, and an empty overlay. Written here because the
/// program for it, qemu-img, takes 30 ms to do what is one write of a few clusters. All numbers on disk are big endian.
/// </summary>
internal static class Qcow2
{
    public const int ClusterSize = 1 << ClusterBits;
    private const int ClusterBits = 16;
    private const uint Magic = 0x514649fb; // "QFI\xfb"
    private const int HeaderLength = 112;
    private const uint BackingFormatExtension = 0xe2792aca;

    /// <summary>Incompatible feature bit 2: the data is in another file, named by the image.</summary>
    private const ulong ExternalData = 1 << 2;

    /// <summary>What a header says. Throws <see cref="FormatException"/> when it is none, or one that leads to other files.</summary>
    public static long ReadVirtualSize(ReadOnlySpan<byte> header)
    {
        if (header.Length < 72 || BinaryPrimitives.ReadUInt32BigEndian(header) != Magic)
        {
            throw new FormatException("it is not a qcow2 file");
        }
        var version = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (version is not (2 or 3))
        {
            throw new FormatException($"qcow2 version {version} is not supported");
        }
        if (BinaryPrimitives.ReadUInt64BigEndian(header[8..]) != 0)
        {
            throw new FormatException("it has a backing file");
        }
        if (version == 3 && (header.Length < HeaderLength || (BinaryPrimitives.ReadUInt64BigEndian(header[72..]) & ExternalData) != 0))
        {
            throw new FormatException("its data is in another file");
        }
        return checked((long)BinaryPrimitives.ReadUInt64BigEndian(header[24..]));
    }

    /// <summary>
    /// An overlay in which nothing is allocated: header, reference counts, and an empty first-level table. The first-level table of 1 TiB is 16 KiB; one cluster
    /// of reference counts (2 bytes each) covers 2 GiB of file, and QEMU adds more when it needs them.
    /// </summary>
    /// <param name="size">Virtual size in bytes, a multiple of 512.</param>
    public static byte[] Overlay(long size, string backingFile, string backingFormat)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % 512, 0);
        var name = Encoding.UTF8.GetBytes(backingFile);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, 1023); // The format's limit.
        const long PerL1Entry = (long)ClusterSize * (ClusterSize / 8);
        var l1Entries = (int)((size + PerL1Entry - 1) / PerL1Entry);
        var l1Clusters = Math.Max(1, ((l1Entries * 8) + ClusterSize - 1) / ClusterSize);
        var clusters = 3 + l1Clusters; // Header, table of reference count blocks, one such block, first-level table.
        var file = new byte[clusters * ClusterSize];
        var header = file.AsSpan(0, ClusterSize);
        var format = Encoding.ASCII.GetBytes(backingFormat);
        var nameAt = HeaderLength + 8 + ((format.Length + 7) & ~7) + 8;

        BinaryPrimitives.WriteUInt32BigEndian(header, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 3);
        BinaryPrimitives.WriteUInt64BigEndian(header[8..], (ulong)nameAt);
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], (uint)name.Length);
        BinaryPrimitives.WriteUInt32BigEndian(header[20..], ClusterBits);
        BinaryPrimitives.WriteUInt64BigEndian(header[24..], (ulong)size);
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], (uint)l1Entries);
        BinaryPrimitives.WriteUInt64BigEndian(header[40..], 3 * ClusterSize);
        BinaryPrimitives.WriteUInt64BigEndian(header[48..], ClusterSize);
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1); // Clusters of the table of reference count blocks.
        BinaryPrimitives.WriteUInt32BigEndian(header[96..], 4); // Reference counts of 1 << 4 bits.
        BinaryPrimitives.WriteUInt32BigEndian(header[100..], HeaderLength);
        BinaryPrimitives.WriteUInt32BigEndian(header[HeaderLength..], BackingFormatExtension);
        BinaryPrimitives.WriteUInt32BigEndian(header[(HeaderLength + 4)..], (uint)format.Length);
        format.CopyTo(header[(HeaderLength + 8)..]);
        // Eight zero bytes end the extensions; the name follows them.
        name.CopyTo(header[nameAt..]);

        BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(ClusterSize), 2 * ClusterSize);
        for (var cluster = 0; cluster < clusters; cluster++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan((2 * ClusterSize) + (2 * cluster)), 1);
        }
        return file;
    }
}
