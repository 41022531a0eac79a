using System.Net;
using System.Net.Sockets;

namespace Nephos.Glance.Web;

/// <summary>
/// Which addresses of the web may be read for users. Two questions: what the operator's lists say of the text of an address (upstream's <c>validate_import_uri</c>), and whether what it
/// resolves to is inside: a user must not make the cloud read its own metadata service, its hypervisors or its databases for him.
/// </summary>
public static class WebGuard
{
    /// <summary>Networks that are not the public internet (RFC 6890 and its registries).</summary>
    private static readonly IPNetwork[] Internal =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("192.88.99.0/24"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"),
        IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("::/96"), IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("64:ff9b:1::/48"), IPNetwork.Parse("100::/64"), IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"),
        IPNetwork.Parse("3fff::/20"), IPNetwork.Parse("5f00::/16"), IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fec0::/10"), IPNetwork.Parse("ff00::/8"),
    ];

    /// <summary>True when the lists let a text be read as an address.</summary>
    public static bool Allows(GlanceSettings settings, string? text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && Allows(settings, uri);

    /// <inheritdoc cref="Allows(GlanceSettings, string)"/>
    public static bool Allows(GlanceSettings settings, Uri uri) =>
        uri.Scheme is "http" or "https" && uri.Host.Length > 0 && uri.UserInfo.Length == 0
        && Listed(uri.Scheme, settings.ImportAllowedSchemes, settings.ImportDisallowedSchemes)
        && Listed(HostOf(uri), [.. settings.ImportAllowedHosts.Select(Plain)], [.. settings.ImportDisallowedHosts.Select(Plain)])
        && Listed(uri.Port, settings.ImportAllowedPorts, settings.ImportDisallowedPorts);

    /// <summary>True when an address is inside and the operator did not open its network.</summary>
    public static bool IsClosed(GlanceSettings settings, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        // A scope is no part of the address, and keeps it from being compared.
        if (plain is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 }) { plain = new IPAddress(plain.GetAddressBytes()); }
        return Internal.Any(n => n.Contains(plain)) && !settings.ImportInternalNetworks.Any(n => n.Contains(plain));
    }

    private static bool Listed<T>(T value, IReadOnlyList<T> allowed, IReadOnlyList<T> refused) => allowed.Count > 0 ? allowed.Contains(value) : !refused.Contains(value);

    private static string HostOf(Uri uri) => Plain(uri.IdnHost.Trim('[', ']'));

    private static string Plain(string host) => host.TrimEnd('.').ToLowerInvariant();
}
