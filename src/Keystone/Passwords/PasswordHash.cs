using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Nephos.Keystone.Passwords;

/// <summary>Upstream's <c>[identity] password_hash_algorithm</c>.</summary>
public enum PasswordHashAlgorithm
{
    /// <summary><c>$2b$</c>, by libcrypt.</summary>
    Bcrypt,
    /// <summary><c>$bcrypt-sha256$</c>: bcrypt over an HMAC of the password, so that all of it counts.</summary>
    BcryptSha256,
    /// <summary><c>$scrypt$</c>, by OpenSSL.</summary>
    Scrypt,
    /// <summary><c>$pbkdf2-sha512$</c>.</summary>
    Pbkdf2Sha512,
}

/// <summary>
/// Hashes in the notations that upstream stores (<c>keystone/common/password_hashers</c>), so that accounts can come from there and go back: <c>$2a$ $2b$ $2y$</c>, <c>$bcrypt-sha256$</c>,
/// <c>$scrypt$</c>, <c>$pbkdf2-sha512$</c>; and of older releases <c>$6$</c> (sha512_crypt) and <c>$7$</c>. A hash that nobody can read fits no password.
/// </summary>
internal static class PasswordHash
{
    private const string Pbkdf2 = "$pbkdf2-sha512$", BcryptSha256 = "$bcrypt-sha256$", ScryptPrefix = "$scrypt$";
    /// <summary>In place of bcrypt where there is no libcrypt; about as slow as bcrypt with 12 rounds.</summary>
    private const int Pbkdf2RoundsInstead = 210_000;
    private const int Pbkdf2Rounds = 25_000, BcryptRounds = 12, ScryptLogN = 16;
    /// <summary>bcrypt knows 72 bytes; upstream cuts there before it hashes.</summary>
    public const int BcryptMax = 72;

    public static string Make(string password, int rounds) => Make(Encoding.UTF8.GetBytes(password), new KeystoneSettings { PasswordHashRounds = rounds });

    public static string Make(ReadOnlySpan<byte> password, KeystoneSettings settings)
    {
        var salt = RandomNumberGenerator.GetBytes(settings.SaltBytesize);
        switch (settings.PasswordHashAlgorithm)
        {
            case PasswordHashAlgorithm.Scrypt when Scrypt.IsAvailable:
                var (r, p) = (settings.ScryptBlockSize, settings.ScryptParallelism);
                return string.Create(CultureInfo.InvariantCulture, $"{ScryptPrefix}ln={ScryptLogN},r={r},p={p}${Encode(salt)}${Encode(Scrypt.Derive(password, salt, ScryptLogN, r, p, 32)!)}");
            case PasswordHashAlgorithm.Bcrypt when Crypt.IsAvailable:
                return Crypt.Hash(Cut(password), Crypt.NewSetting(settings.PasswordHashRounds ?? BcryptRounds)) ?? throw new CryptographicException("libcrypt does not know bcrypt");
            case PasswordHashAlgorithm.BcryptSha256 when Crypt.IsAvailable:
                var setting = Crypt.NewSetting(settings.PasswordHashRounds ?? BcryptRounds);
                var hash = Crypt.Hash(Mac(password, setting[^22..]), setting) ?? throw new CryptographicException("libcrypt does not know bcrypt");
                return $"{BcryptSha256}v=2,t=2b,r={int.Parse(setting.AsSpan(4, 2), CultureInfo.InvariantCulture)}${hash[^53..^31]}${hash[^31..]}";
            default:
                var rounds = settings.PasswordHashAlgorithm == PasswordHashAlgorithm.Pbkdf2Sha512 ? settings.PasswordHashRounds ?? Pbkdf2Rounds : Pbkdf2RoundsInstead;
                return string.Create(CultureInfo.InvariantCulture, $"{Pbkdf2}{rounds}${Encode(salt)}${Encode(Derive(password, salt, rounds, 64))}");
        }
    }

    public static bool Verify(string password, string hash) => Verify(Encoding.UTF8.GetBytes(password), hash);

    public static bool Verify(ReadOnlySpan<byte> password, string hash)
    {
        try
        {
            if (hash.StartsWith(Pbkdf2, StringComparison.Ordinal)) { return VerifyPbkdf2(password, hash[Pbkdf2.Length..].Split('$')); }
            if (hash.StartsWith(ScryptPrefix, StringComparison.Ordinal)) { return VerifyScrypt(password, hash[ScryptPrefix.Length..].Split('$')); }
            if (hash.StartsWith(BcryptSha256, StringComparison.Ordinal)) { return VerifyBcryptSha256(password, hash[BcryptSha256.Length..].Split('$')); }
            var counts = hash.StartsWith("$2", StringComparison.Ordinal) ? Cut(password) : password;
            return Crypt.IsAvailable && Crypt.Hash(counts, hash) is { } made && SameText(made, hash);
        }
        catch (FormatException) { return false; } // a salt that is no Base64: what nobody can read fits nothing
    }

    private static bool VerifyPbkdf2(ReadOnlySpan<byte> password, string[] parts)
    {
        if (parts.Length != 3 || !TryNumber(parts[0], out var rounds) || rounds < 1) { return false; }
        var wanted = Decode(parts[2]);
        return wanted.Length > 0 && CryptographicOperations.FixedTimeEquals(Derive(password, Decode(parts[1]), rounds, wanted.Length), wanted);
    }

    private static bool VerifyScrypt(ReadOnlySpan<byte> password, string[] parts)
    {
        if (parts.Length != 3 || Parameters(parts[0]) is not { } given) { return false; }
        if (!given.TryGetValue("ln", out var ln) || !given.TryGetValue("r", out var r) || !given.TryGetValue("p", out var p) || !TryNumber(ln, out var logN) || !TryNumber(r, out var block) || !TryNumber(p, out var lanes)) { return false; }
        var wanted = Decode(parts[2]);
        return wanted.Length > 0 && Scrypt.Derive(password, Decode(parts[1]), logN, block, lanes, wanted.Length) is { } made && CryptographicOperations.FixedTimeEquals(made, wanted);
    }

    /// <summary>Version 2 keys the HMAC with the salt; version 1, <c>2b,12</c> without names, is passlib's older form: a plain SHA-256.</summary>
    private static bool VerifyBcryptSha256(ReadOnlySpan<byte> password, string[] parts)
    {
        if (parts.Length != 3 || parts[1].Length != 22) { return false; }
        var (version, type, rounds) = ("1", "", "");
        if (Parameters(parts[0]) is { } given)
        {
            (version, type, rounds) = (given.GetValueOrDefault("v", "1"), given.GetValueOrDefault("t", "2b"), given.GetValueOrDefault("r", ""));
        }
        else if (parts[0].Split(',') is [var oldType, var oldRounds]) { (type, rounds) = (oldType, oldRounds); }
        if (type is not ("2a" or "2b" or "2y") || !TryNumber(rounds, out var cost)) { return false; }
        var inner = version == "1" ? Encoding.ASCII.GetBytes(Convert.ToBase64String(SHA256.HashData(password))) : Mac(password, parts[1]);
        var setting = string.Create(CultureInfo.InvariantCulture, $"${type}${cost:00}${parts[1]}");
        return Crypt.IsAvailable && Crypt.Hash(inner, setting) is { } made && SameText(made[^31..], parts[2]);
    }

    /// <summary><c>ln=16,r=8,p=1</c>; null when a part has no name.</summary>
    private static Dictionary<string, string>? Parameters(string text)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in text.Split(','))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at < 1) { return null; }
            all[part[..at]] = part[(at + 1)..];
        }
        return all;
    }

    private static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    private static bool SameText(string one, string other) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> password) => password[..Math.Min(password.Length, BcryptMax)];
    private static byte[] Mac(ReadOnlySpan<byte> password, string salt) => Encoding.ASCII.GetBytes(Convert.ToBase64String(HMACSHA256.HashData(Encoding.ASCII.GetBytes(salt), password)));
    private static byte[] Derive(ReadOnlySpan<byte> password, byte[] salt, int rounds, int length) => Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA512, length);
    /// <summary>Without padding. passlib wrote a dot for the plus (<c>ab64</c>), upstream now writes the plus; both are read.</summary>
    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');
    private static byte[] Decode(string text) => Convert.FromBase64String(text.Replace('.', '+').PadRight((text.Length + 3) / 4 * 4, '='));
}
