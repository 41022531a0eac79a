namespace Nephos.Keystone.Tokens;

/// <summary>How a token's payload becomes its text; chosen by <c>keystone.auth.token_provider</c>. Upstream: <c>keystone/token/providers</c>.</summary>
internal interface ITokenFormat
{
    /// <summary>Times of expiry are cut to seconds in it.</summary>
    bool WholeSeconds { get; }

    /// <summary>Makes the keys unless they are there.</summary>
    void Prepare();

    string Write(TokenPayload payload, DateTime issuedAt);

    /// <summary>False when no key of ours made the token.</summary>
    bool TryRead(string token, out TokenPayload payload, out DateTime issuedAt);
}

/// <summary>Fernet tokens, encrypted; upstream's default.</summary>
internal sealed class FernetTokens(FernetKeys keys) : ITokenFormat
{
    public bool WholeSeconds => false;

    public void Prepare() => keys.Prepare();

    public string Write(TokenPayload payload, DateTime issuedAt) => keys.Current()[0].Encrypt(payload.Pack(), issuedAt);

    public bool TryRead(string token, out TokenPayload payload, out DateTime issuedAt)
    {
        payload = null!;
        issuedAt = default;
        if (!FernetKey.TryDecode(token, out var bytes)) { return false; }
        foreach (var key in keys.Current())
        {
            if (!key.TryDecrypt(bytes, out var plain, out issuedAt)) { continue; }
            try
            {
                payload = TokenPayload.Unpack(plain);
                return true;
            }
            catch (FormatException) { return false; } // of a kind that we do not make, or broken; the key's owner signed it, so there is nothing to report to the bearer
        }
        return false;
    }
}
