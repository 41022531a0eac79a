using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Glance;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Hosts;
using Nephos.Nova.Metadata;

namespace Nephos.Nova.Guests;

/// <summary>What nodes ask of Nova. A node sees the rows of its own host only.</summary>
internal sealed class GuestFeed(Store<NovaDb> store, GuestReports reports, HostRegistry hosts, IImages images, InstanceTrees trees, TimeProvider clock) : IGuestFeed
{
    public Task<GuestDelta> PullAsync(string host, long since, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        // The revision first: what is committed after it comes with the next pull, perhaps twice, never not at all.
        var revision = await db.Hosts.Where(h => h.Name == host).Select(h => (long?)h.GuestRevision).FirstOrDefaultAsync(cancel) ?? 0;
        var full = since == 0 || since > revision;
        var guests = await db.Guests.Where(g => g.Host == host && (full || g.Revision > since)).OrderBy(g => g.Revision).ToListAsync(cancel);
        return new GuestDelta(Math.Max(revision, guests.Count > 0 ? guests[^1].Revision : 0), full, [.. guests.Select(g => g.ToSpec())]);
    }, cancel);

    public Task ReportAsync(string host, GuestReport report, CancellationToken cancel) => reports.TakeAsync(host, report, cancel);

    public Task ReportNodeAsync(NodeFacts facts, CancellationToken cancel) => hosts.SeeAsync(facts, cancel);

    public async Task<Stream?> OpenImageAsync(string host, string imageId, CancellationToken cancel)
    {
        var used = await store.ReadAsync(db => db.Guests.Where(g => g.Host == host).Join(db.Servers, g => g.ServerId, s => s.Id, (g, s) => s.ImageId).AnyAsync(i => i == imageId, cancel), cancel);
        return used ? await images.OpenAsync(RequestContext.ForService("nova", clock.Now()), imageId, cancel) : null;
    }

    public async Task<InstanceTree?> GetTreeAsync(string host, string serverId, CancellationToken cancel)
    {
        var server = await store.ReadAsync(db => db.Servers.FirstOrDefaultAsync(s => s.Id == serverId && s.Host == host && !s.Deleted, cancel), cancel);
        return server is null ? null : trees.ForConfigDrive(server);
    }
}
