using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Receipts;

/// <summary>
/// Says that some methods of a login succeeded, so that the next try needs only those that are missing. Upstream: <c>keystone/receipt/receipt_formatters.py</c>: the user, the methods and the end in
/// MessagePack, in a Fernet token of the tokens' keys.
/// </summary>
internal sealed record Receipt(string UserId, int Methods, DateTime ExpiresAt)
{
    public string Encrypt(FernetKeys keys, DateTime now)
    {
        var pack = new MessagePackWriter();
        pack.Array(3);
        TokenPayload.Id(pack, UserId);
        pack.Integer(Methods);
        pack.Double((ExpiresAt - DateTime.UnixEpoch).Ticks / (double)TimeSpan.TicksPerSecond);
        return keys.Current()[0].Encrypt(pack.ToArray(), now);
    }

    /// <summary>Null when it is none of ours, or a token.</summary>
    public static Receipt? Decrypt(FernetKeys keys, string text)
    {
        if (!FernetKey.TryDecode(text, out var bytes)) { return null; }
        foreach (var key in keys.Current())
        {
            if (!key.TryDecrypt(bytes, out var plain, out _)) { continue; }
            try
            {
                var pack = new MessagePackReader(plain);
                if (pack.Array() != 3) { return null; }
                var user = TokenPayload.Id(ref pack);
                var methods = (int)pack.Integer();
                var expires = pack.Double();
                return pack.AtEnd && expires is >= 0 and <= 253402300799 ? new Receipt(user, methods, DateTime.UnixEpoch.AddTicks((long)Math.Round(expires * 1e6) * 10)) : null;
            }
            catch (FormatException) { return null; } // signed by our key, yet no receipt: a token
        }
        return null;
    }
}
