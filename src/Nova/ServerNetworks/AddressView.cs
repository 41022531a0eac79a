using System.Text.Json;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerNetworks;

/// <summary>Addresses of a server, under their networks' names.</summary>
internal static class AddressView
{
    /// <param name="extended">With kind and MAC, as servers show their addresses.</param>
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<Vif> vifs, bool extended)
    {
        writer.WriteStartObject();
        foreach (var network in vifs.GroupBy(v => v.Label, StringComparer.Ordinal)) { WriteNetwork(writer, network.Key, network, extended); }
        writer.WriteEndObject();
    }

    /// <summary>One network: the fixed addresses of all cards, then the floating ones.</summary>
    public static void WriteNetwork(Utf8JsonWriter writer, string label, IEnumerable<Vif> vifs, bool extended)
    {
        writer.WriteStartArray(label);
        foreach (var vif in vifs)
        {
            foreach (var ip in vif.Ips) { WriteAddress(writer, ip.Address, ip.Version, "fixed", vif.Mac, extended); }
        }
        foreach (var vif in vifs)
        {
            foreach (var floating in vif.Ips.SelectMany(i => i.Floating)) { WriteAddress(writer, floating, 4, "floating", vif.Mac, extended); }
        }
        writer.WriteEndArray();
    }

    private static void WriteAddress(Utf8JsonWriter writer, string address, int version, string type, string mac, bool extended)
    {
        writer.WriteStartObject();
        writer.WriteNumber("version", version);
        writer.WriteString("addr", address);
        if (extended)
        {
            writer.WriteString("OS-EXT-IPS:type", type);
            writer.WriteString("OS-EXT-IPS-MAC:mac_addr", mac);
        }
        writer.WriteEndObject();
    }
}
