using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Store;
using Nephos.Neutron.Agents;
using Nephos.Neutron.FloatingIps;
using Nephos.Neutron.Ports;

namespace Nephos.Neutron.NodeFeed;

/// <summary>
/// What nodes pull and report. A host has the networks on which it has a port (a guest's, a DHCP port, a router's leg), all ports of those, the routers that
/// are on it, and the security groups of its guests' ports with those that they name. A pull looks at the records that changed since the last one and builds
/// each as it is now; one that is not, or no longer, this host's is told as gone, which is harmless to who never had it.
/// <para>Two moves of a record need more than the record: a network that is new on a host brings all its ports, and a guest's port that is new on a host
/// brings its groups.</para>
/// </summary>
internal sealed class NetworkFeed(Store<NeutronDb> store, FeedMarks marks, AgentHeartbeats heartbeats) : INetworkFeed
{
    public Task<NetworkDelta> PullAsync(string host, long since, CancellationToken cancel)
    {
        marks.Listens(host);
        return store.ReadAsync(async db =>
        {
            // The revision is read first: what commits meanwhile comes again with the next pull.
            var newest = await db.FeedChanges.MaxAsync(c => (long?)c.Sequence).ConfigureAwait(false) ?? 0;
            var floor = await db.FeedChanges.Where(c => c.Kind == FeedChange.FloorKind).Select(c => (long?)c.Sequence).FirstOrDefaultAsync().ConfigureAwait(false) ?? 0;
            return since <= 0 || since > newest || since < floor ? await FullAsync(db, host, newest).ConfigureAwait(false) : await ChangesAsync(db, host, since, newest).ConfigureAwait(false);
        }, cancel);
    }

    private static async Task<NetworkDelta> FullAsync(NeutronDb db, string host, long newest)
    {
        var networks = await FeedRecords.NetworksAsync(db, host, null).ConfigureAwait(false);
        var ports = await FeedRecords.PortsAsync(db, host, p => db.Ports.Any(q => q.NetworkId == p.NetworkId && q.HostId == host)).ConfigureAwait(false);
        var routers = await RouterRecords.LoadAsync(db, host, null).ConfigureAwait(false);
        var groups = await FeedRecords.GroupsAsync(db, await FeedRecords.UsedGroupsAsync(db, host).ConfigureAwait(false), null).ConfigureAwait(false);
        return new NetworkDelta(newest, true, networks, ports, routers, groups, []);
    }

    private static async Task<NetworkDelta> ChangesAsync(NeutronDb db, string host, long since, long newest)
    {
        var changed = (await db.FeedChanges.Where(c => c.Sequence > since && c.Sequence <= newest).Select(c => new { c.Kind, c.RecordId }).ToListAsync().ConfigureAwait(false)).ToLookup(c => c.Kind, c => c.RecordId);
        if (changed.Count == 0) { return new NetworkDelta(Math.Max(since, newest), false, [], [], [], [], []); }
        List<string> networkIds = [.. changed[NetworkRecordKind.Network]], portIds = [.. changed[NetworkRecordKind.Port]], routerIds = [.. changed[NetworkRecordKind.Router]];
        var groupIds = changed[NetworkRecordKind.SecurityGroup].ToHashSet(StringComparer.Ordinal);

        var networks = networkIds.Count == 0 ? [] : await FeedRecords.NetworksAsync(db, host, networkIds).ConfigureAwait(false);
        var arrived = networks.Select(n => n.Id).ToList();
        var ports = arrived.Count + portIds.Count == 0 ? [] : await FeedRecords.PortsAsync(db, host, p =>
            arrived.Contains(p.NetworkId) || (portIds.Contains(p.Id) && db.Ports.Any(q => q.NetworkId == p.NetworkId && q.HostId == host))).ConfigureAwait(false);
        var routers = routerIds.Count == 0 ? [] : await RouterRecords.LoadAsync(db, host, routerIds).ConfigureAwait(false);

        groupIds.UnionWith(ports.Where(p => p.Local && portIds.Contains(p.Id)).SelectMany(p => p.SecurityGroupIds));
        var groups = groupIds.Count == 0 ? [] : await FeedRecords.GroupsAsync(db, await FeedRecords.UsedGroupsAsync(db, host).ConfigureAwait(false), groupIds).ConfigureAwait(false);

        List<GoneRecord> gone =
        [
            .. Gone(NetworkRecordKind.Network, networkIds, arrived),
            .. Gone(NetworkRecordKind.Port, portIds, ports.Select(p => p.Id)),
            .. Gone(NetworkRecordKind.Router, routerIds, routers.Select(r => r.Id)),
            .. Gone(NetworkRecordKind.SecurityGroup, groupIds, groups.Select(g => g.Id)),
        ];
        return new NetworkDelta(newest, false, networks, ports, routers, groups, gone);
    }

    private static IEnumerable<GoneRecord> Gone(NetworkRecordKind kind, IEnumerable<string> looked, IEnumerable<string> found) => looked.Except(found, StringComparer.Ordinal).Select(id => new GoneRecord(kind, id));

    /// <summary>Ports and floating IPs become ACTIVE or DOWN. Nova does not hear of it: what it keeps of ports has no state.</summary>
    public async Task ReportAsync(string host, IReadOnlyList<NetworkReport> reports, CancellationToken cancel)
    {
        var ports = Split(reports, NetworkRecordKind.Port);
        var floating = Split(reports, NetworkRecordKind.FloatingIp);
        if (ports.Up.Count + ports.Down.Count + floating.Up.Count + floating.Down.Count == 0) { return; }
        var stale = await store.ReadAsync(db => StaleAsync(db, host, ports, floating), cancel).ConfigureAwait(false);
        if (!stale) { return; }
        await store.WriteAsync(async db =>
        {
            await SetPortsAsync(db, host, ports.Up, "ACTIVE").ConfigureAwait(false);
            await SetPortsAsync(db, host, ports.Down, "DOWN").ConfigureAwait(false);
            await SetFloatingAsync(db, floating.Up, FloatingIp.Active).ConfigureAwait(false);
            await SetFloatingAsync(db, floating.Down, FloatingIp.Down).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
    }

    private static (List<string> Up, List<string> Down) Split(IReadOnlyList<NetworkReport> reports, NetworkRecordKind kind)
    {
        var last = reports.Where(r => r.Kind == kind).GroupBy(r => r.Id).Select(g => g.Last()).ToList();
        return ([.. last.Where(r => r.Up).Select(r => r.Id)], [.. last.Where(r => !r.Up).Select(r => r.Id)]);
    }

    /// <summary>Reports repeat; most say nothing new, and those shall cost no write.</summary>
    private static async Task<bool> StaleAsync(NeutronDb db, string host, (List<string> Up, List<string> Down) ports, (List<string> Up, List<string> Down) floating) =>
        await db.Ports.AnyAsync(p => p.HostId == host && ((ports.Up.Contains(p.Id) && p.Status != "ACTIVE") || (ports.Down.Contains(p.Id) && p.Status != "DOWN"))).ConfigureAwait(false)
        || await db.FloatingIps.AnyAsync(f => (floating.Up.Contains(f.Id) && f.Status != FloatingIp.Active) || (floating.Down.Contains(f.Id) && f.Status != FloatingIp.Down)).ConfigureAwait(false);

    private static async Task SetPortsAsync(NeutronDb db, string host, List<string> ids, string status)
    {
        if (ids.Count == 0) { return; }
        await db.Ports.Where(p => ids.Contains(p.Id) && p.HostId == host && p.Status != status)
            .ExecuteUpdateAsync(u => u.SetProperty(p => p.Status, status).SetProperty(p => p.Revision, p => p.Revision + 1)).ConfigureAwait(false);
    }

    /// <summary>Only one that has a port can be up: a late report does not raise what was let go meanwhile.</summary>
    private static async Task SetFloatingAsync(NeutronDb db, List<string> ids, string status)
    {
        if (ids.Count > 0)
        {
            await db.FloatingIps.Where(f => ids.Contains(f.Id) && f.Status != status && (status == FloatingIp.Down || f.FixedPortId != null))
                .ExecuteUpdateAsync(u => u.SetProperty(f => f.Status, status).SetProperty(f => f.Revision, f => f.Revision + 1)).ConfigureAwait(false);
        }
    }

    public Task ReportAgentsAsync(string host, IReadOnlyList<AgentFacts> agents, CancellationToken cancel) => heartbeats.RecordAsync(host, agents, cancel);
}
