using System.Text.Json;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>A device as <c>ip -j -d address show</c> tells of it.</summary>
internal sealed record ObservedLink(string Name, string? Kind, string Mac, int Mtu, string? Master, bool Up, string? Alias, IReadOnlyList<string> Addresses, string? LinkedNamespace);

/// <summary>A route as <c>ip -j route show</c> tells of it.</summary>
internal sealed record ObservedRoute(int Version, string Destination, string? Via, string? Device, string Protocol, string Type);

/// <summary>Reads what iproute2 prints.</summary>
internal static class IpObservation
{
    public static IReadOnlyDictionary<string, ObservedLink> Links(string json)
    {
        var links = new Dictionary<string, ObservedLink>(StringComparer.Ordinal);
        using var document = JsonDocument.Parse(json.Length == 0 ? "[]" : json);
        foreach (var link in document.RootElement.EnumerateArray())
        {
            // iproute2 prints an empty object for a device that its filter left out.
            if (!link.TryGetProperty("ifname", out var name))
            {
                continue;
            }
            var kind = link.TryGetProperty("linkinfo", out var linkInfo) ? Text(linkInfo, "info_kind") : null;
            var addresses = new List<string>();
            if (link.TryGetProperty("addr_info", out var list))
            {
                foreach (var address in list.EnumerateArray().Where(static a => a.TryGetProperty("local", out _)))
                {
                    var local = Text(address, "local")!;
                    var scope = Text(address, "scope");
                    // Link-local addresses are the kernel's own affair, but for the metadata address, which is 169.254 and of global scope.
                    if (scope != "link" && scope != "host")
                    {
                        addresses.Add($"{local}/{address.GetProperty("prefixlen").GetInt32()}");
                    }
                }
            }
            var up = link.TryGetProperty("flags", out var flags) && flags.EnumerateArray().Any(static f => f.GetString() == "UP");
            links[name.GetString()!] = new ObservedLink(name.GetString()!, kind, Text(link, "address") ?? "", link.GetProperty("mtu").GetInt32(), Text(link, "master"), up,
                Text(link, "ifalias"), addresses, Text(link, "link_netnsid"));
        }
        return links;
    }

    public static IReadOnlyList<ObservedRoute> Routes(string json, int version)
    {
        using var document = JsonDocument.Parse(json.Length == 0 ? "[]" : json);
        return document.RootElement.EnumerateArray().Where(static r => r.TryGetProperty("dst", out _)).Select(r => new ObservedRoute(version, Text(r, "dst")!, Text(r, "gateway"), Text(r, "dev"),
            Text(r, "protocol") ?? "", Text(r, "type") ?? "unicast")).ToList();
    }

    /// <summary>Destinations of the all-zero address in <c>bridge -j fdb show</c>.</summary>
    public static IReadOnlyList<string> FloodTargets(string json)
    {
        using var document = JsonDocument.Parse(json.Length == 0 ? "[]" : json);
        return document.RootElement.EnumerateArray().Where(static e => Text(e, "mac") == "00:00:00:00:00:00").Select(static e => Text(e, "dst")).OfType<string>().ToList();
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() : null;
}
