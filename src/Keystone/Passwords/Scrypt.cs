using System.Runtime.InteropServices;

namespace Nephos.Keystone.Passwords;

/// <summary>scrypt (RFC 7914) by OpenSSL, which .NET itself stands on: the framework has none of its own.</summary>
internal static partial class Scrypt
{
    private const string Library = "libcrypto.so.3";
    /// <summary>What one hash may take: 128·N·r bytes are 64 MiB for upstream's parameters. Beyond it a hash counts as unreadable.</summary>
    private const long MaxMemory = 512L << 20;

    public static bool IsAvailable { get; } = OperatingSystem.IsLinux() && NativeLibrary.TryLoad(Library, out _);

    [LibraryImport(Library, EntryPoint = "EVP_PBE_scrypt")]
    private static unsafe partial int EvpPbeScrypt(byte* pass, nuint passLength, byte* salt, nuint saltLength, ulong n, ulong r, ulong p, ulong maxMemory, byte* key, nuint keyLength);

    /// <summary>Null when the parameters are refused, or there is no OpenSSL.</summary>
    public static unsafe byte[]? Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int logN, int r, int p, int length)
    {
        if (!IsAvailable || logN is < 1 or > 30 || r < 1 || p < 1 || (128L << logN) > MaxMemory / r || 128L * r > MaxMemory / p) { return null; }
        var key = new byte[length];
        fixed (byte* pass = password, saltAt = salt, keyAt = key)
        {
            // An empty span has no address, and OpenSSL takes null with length 0 for "the parameters are being checked".
            byte nothing = 0;
            var ok = EvpPbeScrypt(pass is null ? &nothing : pass, (nuint)password.Length, saltAt is null ? &nothing : saltAt, (nuint)salt.Length, 1UL << logN, (ulong)r, (ulong)p, 2 * (ulong)MaxMemory, keyAt, (nuint)length);
            return ok == 1 ? key : null;
        }
    }
}
