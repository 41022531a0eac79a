using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>Addresses and prefixes between the contract's text and what iproute2 and nft print.</summary>
internal static class IpText
{
    public static int Version(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? 6 : 4;

    public static int Version(string address) => address.Contains(':', StringComparison.Ordinal) ? 6 : 4;

    /// <summary>An address or a prefix, host bits cleared.</summary>
    public static IPNetwork Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var address = IPAddress.Parse(slash < 0 ? text : text[..slash]);
        var bits = Version(address) == 6 ? 128 : 32;
        var length = slash < 0 ? bits : int.Parse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture);
        return new IPNetwork(Mask(address, length), length);
    }

    /// <summary>A prefix in nft's and iproute2's canonical form: a whole address has no length.</summary>
    public static string Prefix(string text) => Format(Parse(text));

    public static string Format(IPNetwork prefix) =>
        prefix.PrefixLength == (Version(prefix.BaseAddress) == 6 ? 128 : 32) ? prefix.BaseAddress.ToString() : $"{prefix.BaseAddress}/{prefix.PrefixLength}";

    public static IPAddress Mask(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var bits = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - bits));
        }
        return new IPAddress(bytes);
    }

    /// <summary>The link-local address a guest makes of its MAC (RFC 4291, 2.5.1 and appendix A).</summary>
    public static IPAddress LinkLocal(string mac)
    {
        var m = Mac(mac);
        return new IPAddress([0xfe, 0x80, 0, 0, 0, 0, 0, 0, (byte)(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]]);
    }

    public static byte[] Mac(string mac) => Convert.FromHexString(mac.Replace(":", "", StringComparison.Ordinal));

    public static string Mac(ReadOnlySpan<byte> mac) => Convert.ToHexStringLower(mac) is var h
        ? $"{h[..2]}:{h[2..4]}:{h[4..6]}:{h[6..8]}:{h[8..10]}:{h[10..12]}" : "";
}
