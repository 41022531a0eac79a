namespace Nephos.Keystone.Ldap;

/// <summary>A server of the directory: over TCP, over TCP with TLS from the start, or a socket of this machine.</summary>
/// <param name="Text">As libldap takes it.</param>
/// <param name="Host">Empty for a socket.</param>
internal sealed record LdapUrl(string Text, string Host, int Port, LdapScheme Scheme)
{
    private const int Plain = 389, Tls = 636;
    private const string SocketScheme = "ldapi://";
    private static readonly int Shuffle = Environment.ProcessId;

    /// <summary>In the order in which they are tried. Throws <see cref="FormatException"/> for what is no URL of a directory.</summary>
    public static IReadOnlyList<LdapUrl> Of(LdapSettings ldap)
    {
        var urls = ldap.Url.Split([',', ' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToList();
        if (urls.Count == 0) { throw new FormatException("option url in group ldap is empty"); }
        if (ldap.UseTls && urls.Exists(u => u.Scheme == LdapScheme.Ldaps)) { throw new FormatException("option use_tls in group ldap does not go with ldaps://, which is TLS from the start"); }
        if (!ldap.RandomizeUrls || urls.Count < 2) { return urls; }
        var first = Shuffle % urls.Count;
        return [.. urls[first..], .. urls[..first]];
    }

    private static LdapUrl Parse(string text)
    {
        if (text.StartsWith(SocketScheme, StringComparison.OrdinalIgnoreCase))
        {
            // The path stands in the host's place, with its slashes escaped; none is libldap's own.
            var path = Uri.UnescapeDataString(text[SocketScheme.Length..].TrimEnd('/'));
            return path.Length == 0 || path[0] == '/' ? new(path.Length == 0 ? SocketScheme : SocketScheme + Uri.EscapeDataString(path), "", 0, LdapScheme.Ldapi)
                : throw new FormatException($"'{text}' is no URL of a socket: ldapi://%2Fpath%2Fof%2Fit");
        }
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("ldap" or "ldaps") || uri.Host.Length == 0) { throw new FormatException($"'{text}' is no URL of a directory: ldap://HOST, ldaps://HOST or ldapi://PATH"); }
        var scheme = uri.Scheme == "ldaps" ? LdapScheme.Ldaps : LdapScheme.Ldap;
        var port = uri.Port > 0 ? uri.Port : scheme == LdapScheme.Ldaps ? Tls : Plain;
        return new($"{uri.Scheme}://{uri.Host}:{port.ToString(System.Globalization.CultureInfo.InvariantCulture)}", uri.Host, port, scheme);
    }
}

internal enum LdapScheme
{
    Ldap,
    Ldaps,
    Ldapi,
}
