using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Networks;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.FixedIps;

/// <summary>/v2.0/network-ip-availabilities: how many addresses networks have and how many are in use.</summary>
internal static class AvailabilityEndpoints
{
    public static void Map(ResourceGroup availabilities)
    {
        // As every list of upstream: what the caller may not see is left out, down to nothing.
        availabilities.Get("", List).PolicyOnRow("get_network_ip_availability", Rules.ServiceOrAdmin).NotPaged("upstream does not page it").Extension("network-ip-availability");
        availabilities.Get("/{id}", Show).Policy("get_network_ip_availability", Rules.ServiceOrAdmin).Extension("network-ip-availability");
    }

    private static async Task<Reply> List(Call call)
    {
        if (!call.AllowsProject("get_network_ip_availability", null)) { return Reply.Member("network_ip_availabilities", Array.Empty<object>()); }
        List<string> ids = [.. call.Query.All("network_id")], names = [.. call.Query.All("network_name")], projects = [.. call.Query.All("tenant_id"), .. call.Query.All("project_id")];
        var versions = call.Query.All("ip_version").Select(v => int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw Attributes.Field.Inconvertible($"'{v}' is not an integer")).ToList();
        var views = await LoadAsync(call, db => db.Networks.Where(n => (ids.Count == 0 || ids.Contains(n.Id)) && (names.Count == 0 || names.Contains(n.Name)) && (projects.Count == 0 || projects.Contains(n.ProjectId))
            && (versions.Count == 0 || db.Subnets.Any(s => s.NetworkId == n.Id && versions.Contains(s.IpVersion)))), versions);
        return Write("network_ip_availabilities", writer =>
        {
            writer.WriteStartArray();
            foreach (var view in views) { view.Write(writer); }
            writer.WriteEndArray();
        });
    }

    private static async Task<Reply> Show(Call call)
    {
        var id = call.Route("id");
        var views = await LoadAsync(call, db => db.Networks.Where(n => n.Id == id), []);
        if (views.Count == 0) { throw NeutronErrors.NetworkNotFound(id); }
        return Write("network_ip_availability", views[0].Write);
    }

    private static Reply Write(string name, Action<Utf8JsonWriter> write) => Reply.Custom(async (call, response) =>
    {
        response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(response.BodyWriter);
        writer.WriteStartObject();
        writer.WritePropertyName(name);
        write(writer);
        writer.WriteEndObject();
        await writer.FlushAsync(call.Cancel);
    });

    private static Task<List<Availability>> LoadAsync(Call call, Func<NeutronDb, IQueryable<Network>> which, List<int> versions) => call.Get<Store<NeutronDb>>().ReadAsync(async db =>
    {
        var networks = await which(db).OrderBy(n => n.Id).ToListAsync().ConfigureAwait(false);
        var ids = networks.Select(n => n.Id).ToList();
        var subnets = (await db.Subnets.Where(s => ids.Contains(s.NetworkId) && (versions.Count == 0 || versions.Contains(s.IpVersion))).OrderBy(s => s.Id).ToListAsync().ConfigureAwait(false)).ToLookup(s => s.NetworkId);
        var used = await db.FixedIps.Where(i => ids.Contains(i.NetworkId)).GroupBy(i => i.SubnetId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count).ConfigureAwait(false);
        return networks.Select(n => new Availability(n, [.. subnets[n.Id].Select(s => (s, Total(s), used.GetValueOrDefault(s.Id)))])).ToList();
    }, call.Cancel);

    private static UInt128 Total(Subnet subnet) => subnet.Pools.Aggregate(UInt128.Zero, (sum, pool) => sum + new AddressRange(IpAddress.Parse(pool.Start), IpAddress.Parse(pool.End)).Count);

    private sealed record Availability(Network Network, IReadOnlyList<(Subnet Subnet, UInt128 Total, int Used)> Subnets)
    {
        public void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("network_id", Network.Id);
            writer.WriteString("network_name", Network.Name);
            writer.WriteString("project_id", Network.ProjectId);
            writer.WriteString("tenant_id", Network.ProjectId);
            WriteTotals(writer, Subnets.Aggregate(UInt128.Zero, (sum, s) => sum + s.Total), Subnets.Sum(s => s.Used));
            writer.WriteStartArray("subnet_ip_availability");
            foreach (var (subnet, total, used) in Subnets)
            {
                writer.WriteStartObject();
                writer.WriteString("subnet_id", subnet.Id);
                writer.WriteString("subnet_name", subnet.Name);
                writer.WriteString("cidr", subnet.Cidr);
                writer.WriteNumber("ip_version", subnet.IpVersion);
                WriteTotals(writer, total, used);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        /// <summary>IPv6 counts are larger than JSON writers' integers; JSON itself has no limit.</summary>
        private static void WriteTotals(Utf8JsonWriter writer, UInt128 total, int used)
        {
            writer.WritePropertyName("total_ips");
            writer.WriteRawValue(total.ToString(CultureInfo.InvariantCulture));
            writer.WriteNumber("used_ips", used);
        }
    }
}
