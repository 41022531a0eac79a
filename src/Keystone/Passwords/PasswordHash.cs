using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Nephos.Keystone.Passwords;

/// <summary>Hashes in the notations that upstream stores and reads: <c>$2b$</c> (bcrypt, its default) and passlib's <c>$pbkdf2-sha512$</c>.</summary>
internal static class PasswordHash
{
    private const string Pbkdf2 = "$pbkdf2-sha512$";
    /// <summary>Where there is no libcrypt; about as slow as bcrypt with 12 rounds.</summary>
    private const int Pbkdf2Rounds = 210_000;
    /// <summary>bcrypt knows 72 bytes; upstream cuts there before it hashes.</summary>
    private const int BcryptMax = 72;

    public static string Make(string password, int rounds)
    {
        if (Crypt.IsAvailable)
        {
            return Crypt.Hash(Cut(Encoding.UTF8.GetBytes(password)), Crypt.NewSetting(rounds)) ?? throw new CryptographicException("libcrypt does not know bcrypt");
        }
        var salt = RandomNumberGenerator.GetBytes(16);
        return $"{Pbkdf2}{Pbkdf2Rounds.ToString(CultureInfo.InvariantCulture)}${Encode(salt)}${Encode(Derive(password, salt, Pbkdf2Rounds, 64))}";
    }

    public static bool Verify(string password, string hash)
    {
        if (hash.StartsWith(Pbkdf2, StringComparison.Ordinal))
        {
            var parts = hash[Pbkdf2.Length..].Split('$');
            if (parts.Length != 3 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var rounds)) { return false; }
            var wanted = Decode(parts[2]);
            return CryptographicOperations.FixedTimeEquals(Derive(password, Decode(parts[1]), rounds, wanted.Length), wanted);
        }
        return Crypt.Hash(Cut(Encoding.UTF8.GetBytes(password)), hash) is { } made
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(made), Encoding.ASCII.GetBytes(hash));
    }

    private static ReadOnlySpan<byte> Cut(byte[] password) => password.AsSpan(0, Math.Min(password.Length, BcryptMax));
    private static byte[] Derive(string password, byte[] salt, int rounds, int length) => Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, rounds, HashAlgorithmName.SHA512, length);
    /// <summary>passlib's <c>ab64</c>: Base64 with a dot for the plus, without padding.</summary>
    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '.');
    private static byte[] Decode(string text) => Convert.FromBase64String(text.Replace('.', '+').PadRight((text.Length + 3) / 4 * 4, '='));
}
