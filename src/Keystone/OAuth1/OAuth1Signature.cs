#pragma warning disable CA5350 // RFC 5849 names it; HMAC is not concerned by collisions of SHA-1.
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Nephos.Keystone.OAuth1;

/// <summary>The signature of a request (RFC 5849 3.4), as the header <c>Authorization: OAuth ...</c> carries it.</summary>
internal static class OAuth1Signature
{
    /// <summary>How far the clocks may be apart; as upstream's library.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(10);

    /// <summary>The parameters of the header; none when there is no such header or it is broken.</summary>
    public static Dictionary<string, string> Parameters(HttpRequest http)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        var header = http.Headers.Authorization.FirstOrDefault() ?? "";
        if (!header.StartsWith("OAuth ", StringComparison.OrdinalIgnoreCase)) { return parameters; }
        foreach (var part in header[6..].Split(','))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at > 0) { parameters[Uri.UnescapeDataString(part[..at].Trim())] = Uri.UnescapeDataString(part[(at + 1)..].Trim().Trim('"')); }
        }
        return parameters;
    }

    /// <summary>True when both secrets made it, lately.</summary>
    public static bool Fits(HttpRequest http, string address, Dictionary<string, string> parameters, string consumerSecret, string tokenSecret, DateTime now)
    {
        if (!parameters.TryGetValue("oauth_signature", out var signature) || !parameters.ContainsKey("oauth_nonce") || parameters.GetValueOrDefault("oauth_version", "1.0") != "1.0") { return false; }
        if (!long.TryParse(parameters.GetValueOrDefault("oauth_timestamp"), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs((now - DateTime.UnixEpoch).TotalSeconds - seconds) > Skew.TotalSeconds) { return false; }
        var key = Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(consumerSecret)}&{Uri.EscapeDataString(tokenSecret)}");
        var text = Encoding.ASCII.GetBytes(BaseString(http.Method, address, parameters.Where(p => p.Key is not ("oauth_signature" or "realm")).Concat(http.Query.SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v ?? ""))))));
        var made = parameters.GetValueOrDefault("oauth_signature_method") switch { "HMAC-SHA1" => HMACSHA1.HashData(key, text), "HMAC-SHA256" => HMACSHA256.HashData(key, text), _ => null };
        return made is not null && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToBase64String(made)), Encoding.UTF8.GetBytes(signature));
    }

    /// <summary>RFC 5849 3.4.1. The address is without query; its default port is left out.</summary>
    internal static string BaseString(string method, string address, IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var uri = new Uri(address);
        var plain = $"{uri.Scheme}://{uri.Authority.ToLowerInvariant()}{uri.AbsolutePath}";
        var pairs = parameters.Select(p => (Name: Uri.EscapeDataString(p.Key), Value: Uri.EscapeDataString(p.Value))).OrderBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Value, StringComparer.Ordinal);
        return $"{method.ToUpperInvariant()}&{Uri.EscapeDataString(plain)}&{Uri.EscapeDataString(string.Join('&', pairs.Select(p => $"{p.Name}={p.Value}")))}";
    }
}
