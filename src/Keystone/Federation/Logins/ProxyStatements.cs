using System.Net;
using Microsoft.AspNetCore.Http;
using Nephos.Keystone.Federation.Mappings;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>
/// Assertions from a proxy in front that authenticates users itself (mod_shib, mod_auth_mellon, mod_auth_openidc), as headers. Taken from the configured addresses only: anybody else could write
/// such headers, too. An attribute goes by the header's name and by the variable that web servers make of it (<c>OIDC-sub</c> and <c>HTTP_OIDC_SUB</c>), since mappings name either.
/// </summary>
internal sealed class ProxyStatements(FederationSettings settings, KeystoneSettings keystone)
{
    /// <summary>What is the client's own and nobody's word.</summary>
    private static readonly HashSet<string> Never = new(StringComparer.OrdinalIgnoreCase) { "Authorization", "Cookie", "Host", "X-Auth-Token", "X-Subject-Token", "Content-Length", "Content-Type", "Connection", "Accept" };

    public bool AreTaken => settings.TrustedProxies.Count > 0;

    /// <summary>Null when the request is from no trusted proxy.</summary>
    public Statement? Read(HttpRequest request)
    {
        // A connection without an address is of this machine: a Unix socket.
        var address = request.HttpContext.Connection.RemoteIpAddress ?? IPAddress.Loopback;
        if (address.IsIPv4MappedToIPv6) { address = address.MapToIPv4(); }
        if (!settings.TrustedProxies.Any(network => network.Contains(address))) { return null; }
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in request.Headers.Where(h => !Never.Contains(h.Key)))
        {
            var text = values.ToString();
            foreach (var known in new[] { name, "HTTP_" + name.Replace('-', '_').ToUpperInvariant() })
            {
                if (known.StartsWith(settings.AssertionPrefix, StringComparison.Ordinal)) { texts[known] = text; }
            }
        }
        var user = keystone.Auth.ExternalUserHeader is { } header && request.Headers[header].ToString() is { Length: > 0 } given ? given : null;
        if (user is not null) { texts["REMOTE_USER"] = user; }
        return new Statement(Assertion.OfTexts(texts), null, user);
    }
}
