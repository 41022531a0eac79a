using System.Buffers.Binary;

namespace Nephos.Glance.Formats;

/// <summary>What an inspection found.</summary>
/// <param name="Format">Upstream's name of the format; <c>raw</c> when nothing was recognized.</param>
/// <param name="VirtualSize">Bytes of the disk inside; null when unknown.</param>
public sealed record InspectedImage(string Format, long? VirtualSize);

/// <summary>
/// Looks into an image before it is used. The content must be of the claimed format, of one format only, and must not refer to other files: a backing
/// file, an external data file or a foreign extent would let a user read files of the host (CVE-2024-32498, CVE-2015-5163). The rules are those of upstream's
/// oslo.utils <c>format_inspector</c>, applied to the finished file, before it becomes an image.
/// </summary>
public static class FormatInspector
{
    private static readonly IReadOnlyList<IFormat> Formats =
        [new Qcow2Format(), new VhdFormat(), new VhdxFormat(), new VmdkFormat(), new VdiFormat(), new QedFormat(), new IsoFormat(), new GptFormat(), new LuksFormat()];

    /// <summary>Formats whose content can be told; a claim of another (<c>ami</c>, <c>ploop</c>) is taken as long as nothing else is recognized.</summary>
    private static readonly HashSet<string> Inspectable = ["raw", .. Formats.Select(f => f.Name)];

    /// <summary>The format and size of a content that is claimed to be of a disk format.</summary>
    /// <exception cref="ImageFormatException">It is not, or it is unsafe.</exception>
    public static InspectedImage Inspect(Stream stream, string claimed)
    {
        var content = new ImageContent(stream);
        var matches = Formats.Where(f => f.Matches(content)).ToList();
        // A bootable ISO may begin with a partition table; then it is an ISO.
        if (matches.Count == 2 && matches.Exists(f => f.Name == "iso") && matches.Exists(f => f.Name == "gpt")) { matches.RemoveAll(f => f.Name == "gpt"); }
        if (matches.Count > 1) { throw new ImageFormatException($"Multiple formats detected: {string.Join(',', matches.Select(f => f.Name))}"); }
        var match = matches.SingleOrDefault();
        var format = match?.Name ?? "raw";
        long? size;
        if (format == claimed) { size = match is null ? content.Length : match.VirtualSize(content); }
        else if (claimed == "raw") { size = content.Length; }
        else if (format == "raw" && !Inspectable.Contains(claimed)) { size = null; }
        else { throw new ImageFormatException($"Image disk_format {claimed} does not match stream data {format}"); }
        if (match?.Danger(content) is not null) { throw new ImageFormatException("Image failed safety checks"); }
        return new InspectedImage(format, size is > 0 ? size : null);
    }
}

/// <summary>How one format is told, measured and checked.</summary>
internal interface IFormat
{
    string Name { get; }
    bool Matches(ImageContent content);
    /// <summary>Bytes of the disk inside; null when the header does not say.</summary>
    long? VirtualSize(ImageContent content);
    /// <summary>What makes it unsafe to use, or null.</summary>
    string? Danger(ImageContent content) => null;
}

/// <summary>qemu's docs/interop/qcow2.rst.</summary>
internal sealed class Qcow2Format : IFormat
{
    private const int BackingFileOffset = 8;
    private const int SizeOffset = 24;
    private const int IncompatibleFeatures = 72;
    /// <summary>Bit 2: the data is in another file.</summary>
    private const ulong ExternalDataFile = 1 << 2;
    /// <summary>Bits 0 to 3: dirty, corrupt, external data file, compression type. Others are unknown to upstream's check too.</summary>
    private const ulong KnownFeatures = 0xF;

    public string Name => "qcow2";
    public bool Matches(ImageContent content) => content.Read(0, 4).AsSpan().SequenceEqual<byte>([0x51, 0x46, 0x49, 0xfb]); // "QFI\xfb"
    public long? VirtualSize(ImageContent content) => content.Read(SizeOffset, 8) is { Length: 8 } size ? BinaryPrimitives.ReadInt64BigEndian(size) : null;

    public string? Danger(ImageContent content)
    {
        var header = content.Read(0, 104);
        if (header.Length < 104) { return "Incomplete header"; }
        if (BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(BackingFileOffset)) != 0) { return "Image has a backing file"; }
        var version = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
        if (version == 2) { return null; }
        if (version != 3) { return "Unsupported qcow2 version"; }
        var features = BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(IncompatibleFeatures));
        return (features & ExternalDataFile) != 0 ? "Image has data_file set" : (features & ~KnownFeatures) != 0 ? "Unknown QCOW2 features found" : null;
    }
}

/// <summary>qemu's docs/interop/qed_spec.rst; nobody should use it any more, upstream refuses it always.</summary>
internal sealed class QedFormat : IFormat
{
    public string Name => "qed";
    public bool Matches(ImageContent content) => content.Read(0, 4).AsSpan().SequenceEqual("QED\0"u8);
    public long? VirtualSize(ImageContent content) => null;
    public string Danger(ImageContent content) => "This file format is not allowed";
}

/// <summary>VirtualBox' VDI header, version 1.1.</summary>
internal sealed class VdiFormat : IFormat
{
    public string Name => "vdi";
    public bool Matches(ImageContent content) => content.Read(0, 512) is { Length: 512 } header && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(0x40)) == 0xBEDA107F;
    public long? VirtualSize(ImageContent content) => (long)BinaryPrimitives.ReadUInt64LittleEndian(content.Read(0x170, 8));
}

/// <summary>Microsoft's "Virtual Hard Disk Image Format Specification", the footer's copy at the beginning.</summary>
internal sealed class VhdFormat : IFormat
{
    public string Name => "vhd";
    public bool Matches(ImageContent content) => content.Read(0, 512) is { Length: 512 } header && header.AsSpan().StartsWith("conectix"u8);
    public long? VirtualSize(ImageContent content) => (long)BinaryPrimitives.ReadUInt64BigEndian(content.Read(40, 8));
}

/// <summary>ISO 9660 and UDF: the volume descriptor after 32 KiB.</summary>
internal sealed class IsoFormat : IFormat
{
    private const int Descriptor = 32 * 1024;

    public string Name => "iso";

    public bool Matches(ImageContent content) =>
        content.Read(Descriptor, 2048) is { Length: 2048 } header && (header.AsSpan(1, 5).SequenceEqual("CD001"u8) || header.AsSpan(1, 5).SequenceEqual("NSR02"u8) || header.AsSpan(1, 5).SequenceEqual("NSR03"u8));

    public long? VirtualSize(ImageContent content)
    {
        var header = content.Read(Descriptor, 2048);
        return header[0] != 1 ? null : BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(80)) * (long)BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(128));
    }
}

/// <summary>LUKS version 1 on the whole disk.</summary>
internal sealed class LuksFormat : IFormat
{
    public string Name => "luks";
    public bool Matches(ImageContent content) => content.Read(0, 592) is { Length: 592 } header && header.AsSpan().StartsWith((ReadOnlySpan<byte>)[(byte)'L', (byte)'U', (byte)'K', (byte)'S', 0xba, 0xbe]);
    public long? VirtualSize(ImageContent content) => content.Length - (BinaryPrimitives.ReadUInt32BigEndian(content.Read(104, 4)) * 512L);
    public string? Danger(ImageContent content) => BinaryPrimitives.ReadUInt16BigEndian(content.Read(6, 2)) == 1 ? null : "LUKS version is not supported";
}

/// <summary>A disk with a partition table: a master boot record, alone or before a GPT (UEFI 2.10, 5.2).</summary>
internal sealed class GptFormat : IFormat
{
    private const int FirstEntry = 446;
    private const byte ProtectiveGpt = 0xEE;

    public string Name => "gpt";

    public bool Matches(ImageContent content)
    {
        var sector = content.Read(0, 512);
        // A FAT file system has the same signature; it is told by its two tables and its medium.
        return sector.Length == 512 && BinaryPrimitives.ReadUInt16LittleEndian(sector.AsSpan(510)) == 0xAA55 && !(sector[0x10] == 2 && sector[0x15] == 0xF8);
    }

    public long? VirtualSize(ImageContent content) => content.Length;

    public string? Danger(ImageContent content)
    {
        var sector = content.Read(0, 512);
        var used = new List<int>();
        var protective = false;
        for (var i = 0; i < 4; i++)
        {
            var entry = sector.AsSpan(FirstEntry + (16 * i), 16);
            if (entry[0] is not (0 or 0x80)) { return $"MBR PTE {i} has invalid boot flag"; }
            if (entry[4] != 0) { used.Add(i); }
            if (entry[4] != ProtectiveGpt) { continue; }
            protective = true;
            if (entry[1] != 0 || entry[2] != 2 || entry[3] != 0) { return "GPT MBR has invalid start CHS"; }
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]) != 1) { return "GPT MBR has invalid start LBA"; }
        }
        return protective && used is not [0] ? "GPT MBR defines invalid extra partitions" : used.Count == 0 ? "GPT MBR has no partitions defined" : null;
    }
}
