#pragma warning disable CA5350 // Upstream's name of a key; no secret depends on it.
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// One key of a repository and the Fernet format (github.com/fernet/spec): version 0x80, seconds since 1970 as 64 bits big-endian, 128-bit IV, AES-128-CBC with PKCS 7
/// padding, HMAC-SHA256 over all before it; the whole in URL-safe Base64. Keystone leaves out the Base64 padding.
/// </summary>
internal sealed class FernetKey
{
    private const byte Version = 0x80;
    private const int Header = 9, Block = 16, Mac = 32;
    /// <summary>No token of a payload that we know is longer.</summary>
    private const int LongestToken = 4096;
    private readonly byte[] _signing;
    private readonly byte[] _encryption;

    public FernetKey(string text)
    {
        var bytes = Base64Url.DecodeFromChars(text.Trim());
        if (bytes.Length != 32) { throw new FormatException("a Fernet key is 32 bytes in URL-safe Base64"); }
        _signing = bytes[..16];
        _encryption = bytes[16..];
        Hash = Convert.ToHexStringLower(SHA1.HashData(System.Text.Encoding.ASCII.GetBytes(text.Trim())));
    }

    /// <summary>Upstream's name of the key in rows that it encrypted: SHA-1 of the key's file; no secret depends on it.</summary>
    public string Hash { get; }

    /// <summary>A new key in the notation of the key files.</summary>
    public static string Generate() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_');

    public string Encrypt(ReadOnlySpan<byte> payload, DateTime now)
    {
        Span<byte> iv = stackalloc byte[Block];
        RandomNumberGenerator.Fill(iv);
        using var aes = Aes.Create();
        aes.Key = _encryption;
        var cipher = aes.EncryptCbc(payload, iv);
        var token = new byte[Header + Block + cipher.Length + Mac];
        token[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(token.AsSpan(1), ToUnix(now));
        iv.CopyTo(token.AsSpan(Header));
        cipher.CopyTo(token, Header + Block);
        HMACSHA256.HashData(_signing, token.AsSpan(0, token.Length - Mac), token.AsSpan(token.Length - Mac));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>The payload and the time of issue, or false when this key did not make the token.</summary>
    public bool TryDecrypt(ReadOnlySpan<byte> token, out byte[] payload, out DateTime issuedAt)
    {
        payload = [];
        issuedAt = default;
        if (token.Length < Header + 2 * Block + Mac || token[0] != Version || (token.Length - Header - Mac) % Block != 0) { return false; }
        Span<byte> mac = stackalloc byte[Mac];
        HMACSHA256.HashData(_signing, token[..^Mac], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, token[^Mac..])) { return false; }
        using var aes = Aes.Create();
        aes.Key = _encryption;
        try { payload = aes.DecryptCbc(token[(Header + Block)..^Mac], token.Slice(Header, Block)); }
        catch (CryptographicException) { return false; } // signed by the key, yet not padded: made by something that is no Keystone
        var seconds = BinaryPrimitives.ReadInt64BigEndian(token[1..]);
        if (seconds is < 0 or > 253402300799) { return false; } // the year 9999
        issuedAt = DateTime.UnixEpoch.AddSeconds(seconds);
        return true;
    }

    /// <summary>The token's bytes; padding may be there, whole or cut. False when it is not Base64.</summary>
    public static bool TryDecode(string token, out byte[] bytes) => TryDecode(token, LongestToken, out bytes);

    public static bool TryDecode(string token, int longest, out byte[] bytes)
    {
        bytes = [];
        var text = token.AsSpan().TrimEnd('=');
        if (text.Length == 0 || text.Length > longest || !Base64Url.IsValid(text)) { return false; }
        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }

    private static long ToUnix(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
}
