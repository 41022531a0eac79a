using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>
/// A rule's <c>remote_ip_prefix</c>. Host bits stay as they were given (<c>10.0.0.5/24</c>), as upstream shows them; <see cref="Normalized"/> has them cleared.
/// </summary>
internal sealed record RemotePrefix(IPAddress Address, int Length)
{
    public int IpVersion => Address.AddressFamily == AddressFamily.InterNetworkV6 ? 6 : 4;

    /// <summary><c>normalized_cidr</c> of the API.</summary>
    public string Normalized => new IPNetwork(Masked(), Length).ToString();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Length}");

    /// <summary>An address with or without prefix length or IPv4 netmask; null when it is none.</summary>
    public static RemotePrefix? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? text : text[..slash];
        // A zone (fe80::1%eth0) has no meaning in a rule.
        if (host.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(host, out var address)) { return null; }
        var bits = address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;
        // The framework also takes 10.1 and 0x0a000001 for IPv4; clients mean something else by them.
        if (bits == 32 && address.ToString() != host) { return null; }
        if (slash < 0) { return new RemotePrefix(address, bits); }
        return Bits(text[(slash + 1)..], bits) is { } length ? new RemotePrefix(address, length) : null;
    }

    private static int? Bits(string text, int bits)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length)) { return length <= bits ? length : null; }
        if (bits != 32 || !IPAddress.TryParse(text, out var mask) || mask.AddressFamily != AddressFamily.InterNetwork) { return null; }
        var value = ToUInt32(mask);
        var ones = System.Numerics.BitOperations.LeadingZeroCount(~value);
        return ones == 32 || value << ones == 0 ? ones : null;
    }

    private IPAddress Masked()
    {
        var bytes = Address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var keep = Math.Clamp(Length - i * 8, 0, 8);
            bytes[i] &= (byte)(0xff << (8 - keep));
        }
        return new IPAddress(bytes);
    }

    private static uint ToUInt32(IPAddress address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
}
