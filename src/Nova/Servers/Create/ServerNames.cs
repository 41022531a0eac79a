using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Servers.Create;

/// <summary>Names that a new server gets: host name, reservation, password.</summary>
internal static partial class ServerNames
{
    /// <summary>Longest host name that DNS and Linux both take in one label.</summary>
    private const int MaxHostname = 63;
    private const string HostnamePattern = "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$";
    private static readonly ApiVersion FullNames = new(2, 94);

    [GeneratedRegex(@"[^\w.-]+")]
    private static partial Regex Refused();

    /// <summary>A server's name as a host name (<c>nova/utils.py</c>, sanitize_hostname).</summary>
    public static string HostnameOf(string name, string id)
    {
        var latin = string.Concat(name.Where(c => c <= 'ÿ'));
        latin = latin.Length > MaxHostname ? latin[..MaxHostname] : latin;
        var host = Refused().Replace(latin.Replace(' ', '-').Replace('_', '-').Replace('.', '-'), "").ToLowerInvariant().Trim('.', '-');
        return host.Length > 0 ? host : "Server-" + id;
    }

    /// <summary>Until 2.93 a chosen host name is one label.</summary>
    public static void CheckHostname(string? hostname, ApiVersion version, IErrorWriter errors)
    {
        if (hostname is null || version >= FullNames) { return; }
        var kind = hostname.Length < 2 ? WireFaultKind.TooShort : hostname.Length > MaxHostname ? WireFaultKind.TooLong : !Regex.IsMatch(hostname, HostnamePattern) ? WireFaultKind.Pattern : (WireFaultKind?)null;
        if (kind is { } fault) { throw errors.Invalid([new WireFault(fault, ["server", "hostname"], $"'{hostname}'", HostnamePattern)]); }
    }

    /// <summary><c>r-</c> and eight characters.</summary>
    public static string Reservation() => "r-" + Random("abcdefghijklmnopqrstuvwxyz0123456789", 8);

    /// <summary>Twelve characters without look-alikes (<c>password_length</c>).</summary>
    public static string Password() => Random("23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 12);

    private static string Random(string from, int length) => new StringBuilder(length).Append(RandomNumberGenerator.GetItems<char>(from, length)).ToString();
}
