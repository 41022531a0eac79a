using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Nephos.Keystone.Passwords;

/// <summary>
/// The system's libcrypt (libxcrypt), for bcrypt: upstream's default hash, which .NET has not. <c>crypt_rn(3)</c> works in the caller's memory and is safe on many threads.
/// Windows and macOS have no libcrypt; there hashes are PBKDF2, which upstream reads too (<see cref="PasswordHash"/>).
/// </summary>
internal static partial class Crypt
{
    /// <summary><c>sizeof(struct crypt_data)</c> of libxcrypt: <c>CRYPT_DATA_SIZE</c> in crypt.h.</summary>
    private const int DataSize = 32768;
    private const string Alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static bool IsAvailable { get; } = OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libcrypt.so.1", out _);

    [LibraryImport("libcrypt.so.1", EntryPoint = "crypt_rn")]
    private static unsafe partial byte* CryptRn(byte* phrase, byte* setting, void* data, int size);

    /// <summary>A bcrypt setting with a random salt of 128 bits: <c>$2b$12$</c> and 22 digits of bcrypt's own Base64.</summary>
    public static string NewSetting(int rounds)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var text = new StringBuilder(29).Append("$2b$").Append(rounds.ToString("00", System.Globalization.CultureInfo.InvariantCulture)).Append('$');
        for (var i = 0; i < 16; i += 3)
        {
            var group = salt[i] << 16 | (i + 1 < 16 ? salt[i + 1] << 8 : 0) | (i + 2 < 16 ? salt[i + 2] : 0);
            for (var digit = 0; digit < (i + 2 < 16 ? 4 : 2); digit++) { text.Append(Alphabet[group >> (18 - 6 * digit) & 63]); }
        }
        return text.ToString();
    }

    /// <summary>The hash of a password under a setting (or under the setting of an older hash); null when libcrypt refuses the setting.</summary>
    public static unsafe string? Hash(ReadOnlySpan<byte> password, string setting)
    {
        // NUL ends the text for C: what is behind it would not count.
        if (password.Contains((byte)0)) { return null; }
        var phrase = new byte[password.Length + 1];
        var data = new byte[DataSize];
        try
        {
            password.CopyTo(phrase);
            fixed (byte* phraseAt = phrase, settingAt = Encoding.ASCII.GetBytes(setting + "\0"), dataAt = data)
            {
                var hash = Marshal.PtrToStringUTF8((nint)CryptRn(phraseAt, settingAt, dataAt, DataSize));
                return hash is null || hash.StartsWith('*') ? null : hash;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(phrase);
            CryptographicOperations.ZeroMemory(data);
        }
    }
}
