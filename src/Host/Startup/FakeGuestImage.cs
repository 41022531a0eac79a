using System.Buffers.Binary;

namespace Nephos.Host.Startup;

/// <summary>An empty disk of 1 MiB in qcow2, which fake guests are content with: real bytes of a real format, so that every client and check takes them.</summary>
internal static class FakeGuestImage
{
    private const int ClusterSize = 1 << 16;

    public static void Write(string file)
    {
        if (File.Exists(file)) { return; }
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // Clusters: header, refcount table, refcount block, L1 table (QEMU's docs/interop/qcow2.txt, "Header").
        var image = new byte[4 * ClusterSize];
        void U32(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(image.AsSpan(at), value);
        void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(image.AsSpan(at), value);
        U32(0, 0x514649fb); // "QFI\xfb"
        U32(4, 3);          // version
        U32(20, 16);        // cluster bits
        U64(24, 1 << 20);   // virtual size
        U32(36, 1);         // L1 entries
        U64(40, 3 * ClusterSize);
        U64(48, ClusterSize);
        U32(56, 1);         // refcount table clusters
        U32(96, 4);         // refcount order: 16 bits
        U32(100, 104);      // header length
        U64(ClusterSize, 2 * ClusterSize);
        for (var i = 0; i < 4; i++) { BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan(2 * ClusterSize + 2 * i), 1); }
        File.WriteAllBytes(file + ".new", image);
        File.Move(file + ".new", file, overwrite: true);
    }
}
