using System.Buffers.Binary;
using System.Text;

namespace Nephos.Glance.Formats;

/// <summary>
/// VMware's "Virtual Disk Format 5.0". Only the kinds that are one file with their data inside are taken: monolithicSparse and streamOptimized
/// (upstream's vmdk_allowed_types); a descriptor can name any file of the host as its extent.
/// <para>Beyond upstream's rules, because of how qemu reads descriptors (block/vmdk.c): it looks for the words <c>createType</c> and <c>parentFileNameHint</c> anywhere, in exactly this case, also in
/// comments, the second in 20 sectors whatever the header says of the descriptor's length, and takes a sparse file without capacity for a mere descriptor. So the first word may come once only, in whatever
/// case, the second not at all, and there must be a capacity.</para>
/// </summary>
internal sealed class VmdkFormat : IFormat
{
    private const int DescriptorOffset = 512;
    private const int MaxDescriptor = (1 << 20) - 1;
    private const ulong AtEnd = ulong.MaxValue;
    private const uint FooterMarker = 3;
    private const int QemuReads = 20 * 512;
    private const string TypeWord = "createtype";
    private const string ParentWord = "parentfilenamehint";
    private static readonly string[] Allowed = ["monolithicsparse", "streamoptimized"];
    private static readonly string[] Access = ["rw", "rdonly", "noaccess"];

    public string Name => "vmdk";

    public bool Matches(ImageContent content) => IsSparse(content.Read(0, 64)) || (IsText(content.Read(0, 512)) && Kind(Descriptor(content)) is not null);

    public long? VirtualSize(ImageContent content)
    {
        var header = content.Read(0, 64);
        return IsSparse(header) && Allowed.Contains(Kind(Descriptor(content))) ? BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(12)) * 512 : null;
    }

    public string? Danger(ImageContent content)
    {
        var header = content.Read(0, 64);
        if (IsSparse(header))
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) is 0 or > 3) { return "Unsupported format version"; }
            if (BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(28)) != DescriptorOffset / 512) { return "Wrong descriptor location"; }
            if (BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(12)) == 0) { return "No capacity"; }
            if (BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(56)) == AtEnd && FooterDanger(content, header) is { } footer) { return footer; }
        }
        var text = Descriptor(content);
        if (text is null) { return "No descriptor found"; }
        if (!Allowed.Contains(Kind(text))) { return "Unsupported subformat"; }
        if (text.IndexOf(TypeWord, StringComparison.Ordinal) != text.LastIndexOf(TypeWord, StringComparison.Ordinal)) { return "Several subformats"; }
        if (text.Contains(ParentWord, StringComparison.Ordinal) || content.Read(DescriptorOffset, QemuReads).AsSpan().IndexOf("parentFileNameHint"u8) >= 0) { return "Image has a parent"; }
        var extents = 0;
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.Length == 0 || line[0] == '#' || line.StartsWith("ddb", StringComparison.Ordinal)) { continue; }
            if (line.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals && !line[..equals].Contains(' ', StringComparison.Ordinal)) { continue; }
            if (!Access.Contains(line.Split(' ')[0])) { return "Invalid VMDK descriptor data"; }
            if (line.Contains('/', StringComparison.Ordinal)) { return "Invalid extent filenames found"; }
            extents++;
        }
        return extents == 0 ? "No extents found" : null;
    }

    /// <summary>A stream's header is repeated at its end, and readers take that one: it must say the same.</summary>
    private static string? FooterDanger(ImageContent content, byte[] header)
    {
        var end = content.Read(content.Length - 1536, 1536);
        if (end.Length < 1536) { return "Footer marker is invalid"; }
        var footer = end.AsSpan(512, 64);
        if (!footer[..8].SequenceEqual(header.AsSpan(0, 8))) { return "Header and footer signature do not match"; }
        if (!footer[28..44].SequenceEqual(header.AsSpan(28, 16))) { return "Footer specifies a different descriptor than header"; }
        if (BinaryPrimitives.ReadUInt64LittleEndian(footer[56..]) == AtEnd) { return "Footer indicates another footer"; }
        var marker = end.AsSpan(0, 512);
        if (BinaryPrimitives.ReadUInt32LittleEndian(marker[8..]) != 0 || BinaryPrimitives.ReadUInt32LittleEndian(marker[12..]) != FooterMarker || marker[16..].ContainsAnyExcept((byte)0)) { return "Footer marker is invalid"; }
        return end.AsSpan(1024).ContainsAnyExcept((byte)0) ? "End-of-stream marker is invalid" : null;
    }

    /// <summary>The descriptor in lower case: after a sparse header, or the whole of a text file; null when it is no ASCII.</summary>
    private static string? Descriptor(ImageContent content)
    {
        var header = content.Read(0, 64);
        var bytes = IsSparse(header)
            ? content.Read(DescriptorOffset, (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(36)) * 512, MaxDescriptor))
            : content.Read(0, MaxDescriptor);
        var end = Array.IndexOf(bytes, (byte)0);
        var text = bytes.AsSpan(0, end < 0 ? bytes.Length : end);
        return text.Length > 0 && !text.ContainsAnyExceptInRange((byte)0, (byte)127) ? Encoding.ASCII.GetString(text).ToLowerInvariant() : null;
    }

    private static string? Kind(string? descriptor)
    {
        const string key = TypeWord + "=\"";
        if (descriptor?.IndexOf(key, StringComparison.Ordinal) is not (>= 0 and var at)) { return null; }
        var start = at + key.Length;
        var end = descriptor.IndexOf('"', start);
        return end > start && end - start < 64 ? descriptor[start..end] : null;
    }

    private static bool IsSparse(byte[] header) => header.Length == 64 && header.AsSpan().StartsWith("KDMV"u8);

    private static bool IsText(byte[] bytes) => bytes.Length > 0 && bytes.All(b => b is >= 0x20 and < 0x7f or (>= 9 and <= 13));
}
