using System.Buffers.Binary;

namespace Nephos.Glance.Formats;

/// <summary>[MS-VHDX] "Virtual Hard Disk v2": the size is an item of the metadata region, which the region table names.</summary>
internal sealed class VhdxFormat : IFormat
{
    private const int RegionTable = 192 * 1024;
    private const uint RegionSignature = 0x69676572; // "regi"
    private const int MaxEntries = 2047;
    private static readonly Guid MetadataRegion = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");
    private static readonly Guid VirtualDiskSize = new("2FA54224-CD1B-4876-B211-5DBED83BF4B8");

    public string Name => "vhdx";
    public bool Matches(ImageContent content) => content.Read(0, 32).AsSpan().StartsWith("vhdxfile"u8);

    public long? VirtualSize(ImageContent content)
    {
        var table = content.Read(RegionTable, 64 * 1024);
        if (table.Length < 64 * 1024 || BinaryPrimitives.ReadUInt32LittleEndian(table) != RegionSignature) { return null; }
        if (Entry(table, 16, BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(8)), MetadataRegion) is not { } region) { return null; }
        var start = BinaryPrimitives.ReadInt64LittleEndian(table.AsSpan(region + 16));
        var metadata = content.Read(start, 64 * 1024);
        if (metadata.Length < 64 * 1024 || !metadata.AsSpan().StartsWith("metadata"u8)) { return null; }
        if (Entry(metadata, 32, BinaryPrimitives.ReadUInt16LittleEndian(metadata.AsSpan(10)), VirtualDiskSize) is not { } item) { return null; }
        var size = content.Read(start + BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(item + 16)), 8);
        return size.Length == 8 ? BinaryPrimitives.ReadInt64LittleEndian(size) : null;
    }

    /// <summary>Offset of the 32-byte entry that begins with the GUID.</summary>
    private static int? Entry(byte[] table, int first, uint count, Guid wanted)
    {
        for (var i = 0; i < Math.Min(count, MaxEntries); i++)
        {
            var at = first + (32 * i);
            if (at + 32 > table.Length) { break; }
            if (new Guid(table.AsSpan(at, 16)) == wanted) { return at; }
        }
        return null;
    }
}
