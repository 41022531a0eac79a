using System.Text;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>Decides, without touching anything, the <c>ip -batch</c> lines that turn what was observed into what is planned.</summary>
internal static class IpBatch
{
    /// <summary>Static routes carry this protocol, so that routes of others (kernel, router advertisements) are never taken for ours.</summary>
    public const string RouteProtocol = "static";

    // A batch line takes no -4 or -6; iproute2 sees the family in the address.
    public static string Decide(NamespacePlan plan, IReadOnlyDictionary<string, ObservedLink> links, IReadOnlyList<ObservedRoute> routes)
    {
        var batch = new StringBuilder();
        var planned = plan.Links.Select(static l => l.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var link in links.Values.Where(l => !planned.Contains(l.Name) && plan.OwnedPrefixes.Any(p => l.Name.StartsWith(p, StringComparison.Ordinal))))
        {
            batch.Append("link del dev ").Append(link.Name).Append('\n');
        }
        foreach (var link in plan.Links)
        {
            WriteLink(batch, link, links.GetValueOrDefault(link.Name));
        }
        if (plan.Routes is not null)
        {
            WriteRoutes(batch, plan.Routes, routes);
        }
        return batch.ToString();
    }

    private static void WriteRoutes(StringBuilder batch, IReadOnlyList<RoutePlan> planned, IReadOnlyList<ObservedRoute> routes)
    {
        // Routes that go are removed first: the new ones may be for the same destination.
        var wanted = planned.Select(static r => (r.Version, r.Destination, (string?)r.Via)).ToHashSet();
        var there = routes.Where(static r => r.Protocol == RouteProtocol).Select(static r => (r.Version, r.Destination, r.Via)).ToHashSet();
        foreach (var (version, destination, via) in there.Except(wanted))
        {
            batch.Append($"route del {destination} via {via} proto {RouteProtocol}\n");
        }
        foreach (var route in planned.Where(r => !there.Contains((r.Version, r.Destination, r.Via))))
        {
            batch.Append($"route replace {route.Words} proto {RouteProtocol}\n");
        }
    }

    private static void WriteLink(StringBuilder batch, LinkPlan plan, ObservedLink? now)
    {
        if (now is null)
        {
            if (plan.Create is null)
            {
                return;
            }
            var mac = plan.Mac is null ? "" : $"address {plan.Mac} ";
            batch.Append($"link add name {plan.Name} {mac}mtu {plan.Mtu} {plan.Create}\n");
        }
        var changes = new StringBuilder();
        if (now is not null && plan.Mac is not null && !string.Equals(now.Mac, plan.Mac, StringComparison.OrdinalIgnoreCase))
        {
            changes.Append(" address ").Append(plan.Mac);
        }
        if (now is not null && now.Mtu != plan.Mtu)
        {
            changes.Append(" mtu ").Append(plan.Mtu);
        }
        if (plan.Master is not null && now?.Master != plan.Master)
        {
            changes.Append(" master ").Append(plan.Master);
        }
        if ((now?.Up ?? false) != plan.Up)
        {
            changes.Append(plan.Up ? " up" : " down");
        }
        if (changes.Length > 0)
        {
            batch.Append("link set dev ").Append(plan.Name).Append(changes).Append('\n');
        }
        var before = now?.Addresses ?? [];
        // New addresses come before old ones go: removing the last address of a subnet would take its routes, and with them connections, along.
        foreach (var address in plan.Addresses.Except(before, StringComparer.OrdinalIgnoreCase))
        {
            // Duplicate address detection would hold an address back for a second, and the API has made sure of its uniqueness.
            batch.Append($"address replace {address} dev {plan.Name}{(IpText.Version(address) == 6 ? " nodad" : "")}\n");
        }
        foreach (var address in before.Except(plan.Addresses, StringComparer.OrdinalIgnoreCase))
        {
            batch.Append($"address del {address} dev {plan.Name}\n");
        }
    }
}
