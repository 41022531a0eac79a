using System.Globalization;

namespace Nephos.Nova.Servers;

/// <summary>SHA-224 (FIPS 180-4 section 5.3.2), which .NET does not offer: SHA-256 with other starting values, cut to 28 bytes.</summary>
internal static class Sha224
{
    private static readonly uint[] K = MakeConstants();

    public static string Hex(byte[] data)
    {
        uint[] h = [0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4];
        var padded = new byte[(data.Length + 9 + 63) / 64 * 64];
        data.CopyTo(padded, 0);
        padded[data.Length] = 0x80;
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(padded.AsSpan(padded.Length - 8), data.Length * 8L);
        Span<uint> w = stackalloc uint[64];
        for (var block = 0; block < padded.Length; block += 64)
        {
            for (var i = 0; i < 16; i++) { w[i] = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(padded.AsSpan(block + i * 4)); }
            for (var i = 16; i < 64; i++)
            {
                var s0 = uint.RotateRight(w[i - 15], 7) ^ uint.RotateRight(w[i - 15], 18) ^ (w[i - 15] >> 3);
                var s1 = uint.RotateRight(w[i - 2], 17) ^ uint.RotateRight(w[i - 2], 19) ^ (w[i - 2] >> 10);
                w[i] = w[i - 16] + s0 + w[i - 7] + s1;
            }
            var (a, b, c, d, e, f, g, j) = (h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]);
            for (var i = 0; i < 64; i++)
            {
                var t1 = j + (uint.RotateRight(e, 6) ^ uint.RotateRight(e, 11) ^ uint.RotateRight(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
                var t2 = (uint.RotateRight(a, 2) ^ uint.RotateRight(a, 13) ^ uint.RotateRight(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
                (j, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
            }
            (h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]) = (h[0] + a, h[1] + b, h[2] + c, h[3] + d, h[4] + e, h[5] + f, h[6] + g, h[7] + j);
        }
        return string.Concat(h.Take(7).Select(x => x.ToString("x8", CultureInfo.InvariantCulture)));
    }

    /// <summary>The first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2), in integers since doubles are too short.</summary>
    private static uint[] MakeConstants()
    {
        var constants = new List<uint>(64);
        for (var n = 2; constants.Count < 64; n++)
        {
            if (Enumerable.Range(2, n - 2).Any(d => n % d == 0)) { continue; }
            // floor(cbrt(n) * 2^32) by bisection on cubes.
            System.Numerics.BigInteger target = (System.Numerics.BigInteger)n << 96, low = 0, high = (System.Numerics.BigInteger)n << 32;
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                if (middle * middle * middle <= target) { low = middle; } else { high = middle; }
            }
            constants.Add((uint)(low & uint.MaxValue));
        }
        return [.. constants];
    }
}
