#pragma warning disable CA5350 // RFC 6238 as upstream and every authenticator has it; HMAC is not concerned by collisions of SHA-1.
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Credentials;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.AuthMethods;

/// <summary>By a one-time password of a secret that both sides know (RFC 6238): six digits, SHA-1, half a minute; the secret is a credential of type <c>totp</c>. Upstream: <c>keystone/auth/plugins/totp.py</c>.</summary>
internal sealed class TotpMethod(UserFinder users, CredentialOperations credentials, KeystoneSettings settings, KeystoneErrors errors) : IAuthMethod
{
    private const int PeriodSeconds = 30;

    public string Name => "totp";

    public async Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel)
    {
        var faults = new List<WireFault>();
        var given = WireJson.Read<AuthTotp>(attempt.Payload, ApiVersion.None, ["identity", Name], faults) ?? throw errors.Invalid(faults);
        var user = await users.FindAsync(UserFinder.Check(given.User, Name), cancel);
        var passcode = Encoding.UTF8.GetBytes(given.User!.Passcode ?? "");
        if (user is null) { throw Faults.Unauthorized(); }
        var step = (attempt.Context.Now - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond / PeriodSeconds;
        var fits = false;
        foreach (var credential in await credentials.OfUserAsync(user, Name))
        {
            if (!TryBase32(credential.Blob, out var secret)) { continue; }
            for (var back = 0; back <= settings.Auth.TotpIncludedPreviousWindows; back++) { fits |= CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Passcode(secret, step - back)), passcode); }
        }
        return fits ? new AuthResult(user) : throw Faults.Unauthorized();
    }

    /// <summary>RFC 4226 5.3 with the number of the half-minute as counter.</summary>
    public static string Passcode(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        var hash = HMACSHA1.HashData(secret, counter);
        var value = BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(hash[^1] & 0xf)) & 0x7fffffff;
        return (value % 1_000_000).ToString("000000", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>RFC 4648 6; padding may be missing.</summary>
    public static bool TryBase32(string text, out byte[] bytes)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        text = text.TrimEnd('=');
        bytes = new byte[text.Length * 5 / 8];
        var (bits, value, at) = (0, 0, 0);
        foreach (var c in text)
        {
            var digit = alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0) { return false; }
            value = (value << 5 | digit) & 0xfff;
            if ((bits += 5) < 8) { continue; }
            bytes[at++] = (byte)(value >> (bits -= 8));
        }
        return true;
    }
}

/// <summary>What a login brings under <c>totp</c>.</summary>
[AllowsUnknown]
public sealed record AuthTotp
{
    public AuthUser? User { get; init; }
}
