using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.InstanceActions;

/// <summary>Actions of a server and their events (api-ref compute, "Servers actions"); those of deleted servers can be read since 2.21.</summary>
internal static class InstanceActionEndpoints
{
    private const string Root = "os_compute_api:os-instance-actions:";

    public static void Map(ResourceGroup actions)
    {
        actions.Get("", List).PolicyOnRow(Root + "list", Rules.ProjectReader).Paged();
        actions.Get("/{request_id}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
        actions.Api.Declare(Root + "events", Rules.Admin);
        actions.Api.Declare(Root + "events:details", Rules.Admin);
    }

    private static async Task<Reply> List(Call call)
    {
        if (call.Version < Microversions.V2_66) { call.KnownOnly(Microversions.V2_58, "limit", "marker", "changes-since"); }
        else { call.KnownOnly(Microversions.V2_66, "limit", "marker", "changes-since", "changes-before"); }
        var server = await call.ServerAsync(deletedToo: call.Version >= Microversions.V2_21);
        var paged = call.Version >= Microversions.V2_58;
        var page = paged ? PageRequest.Of(call.Query, NovaLimits.MaxPage) : new PageRequest(NovaLimits.MaxPage, null, []);
        var (since, before) = paged ? Changes.Of(call) : (null, null);
        var limit = page.Limit ?? NovaLimits.MaxPage;
        var found = await call.Get<Store<NovaDb>>().ReadAsync(async db =>
        {
            var query = db.Actions.Where(a => a.ServerId == server.Id);
            if (page.Marker is { } marker)
            {
                var row = await db.Actions.FirstOrDefaultAsync(a => a.ServerId == server.Id && a.RequestId == marker) ?? throw new BadRequestError($"Marker {marker} could not be found.");
                query = query.Where(a => a.Number < row.Number);
            }
            if (since is { } s) { query = query.Where(a => a.UpdatedAt >= s); }
            if (before is { } b) { query = query.Where(a => a.UpdatedAt <= b); }
            return await query.OrderByDescending(a => a.Number).Take(limit).ToListAsync();
        });
        return Reply.Members(
        [
            ("instanceActions", found.Select(InstanceActionView.Of).ToList()),
            ("links?", paged ? Links.Next(call, $"servers/{server.Id}/os-instance-actions", found.Count, limit, () => found[^1].RequestId) : null),
        ]);
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var server = await call.ServerAsync(deletedToo: call.Version >= Microversions.V2_21);
        var requestId = call.Route("request_id");
        var (action, events) = await call.Get<Store<NovaDb>>().ReadAsync(async db =>
        {
            var row = await db.Actions.FirstOrDefaultAsync(a => a.ServerId == server.Id && a.RequestId == requestId) ?? throw new NotFoundError($"Action {requestId} not found");
            return (row, await db.ActionEvents.Where(e => e.ActionNumber == row.Number).OrderByDescending(e => e.Number).ToListAsync());
        });
        var all = call.AllowsProject(Root + "events", server.ProjectId);
        var details = call.AllowsProject(Root + "events:details", server.ProjectId);
        var view = InstanceActionView.Of(action) with
        {
            Events = all || call.Version >= Microversions.V2_51
                ? new(events.Select(e => InstanceActionEventView.Of(e, action.ProjectId ?? server.ProjectId, all, details)).ToList())
                : default,
        };
        return Reply.Member("instanceAction", view);
    }
}

internal sealed record InstanceActionView(string Action, string InstanceUuid, string RequestId, string? UserId, string? ProjectId, string StartTime, string? Message)
{
    [Since("2.58")] public string? UpdatedAt { get; init; }
    public Optional<List<InstanceActionEventView>> Events { get; init; }

    public static InstanceActionView Of(InstanceAction a) => new(a.Action, a.ServerId, a.RequestId, a.UserId, a.ProjectId, WireTime.Micros(a.StartTime), a.Message) { UpdatedAt = WireTime.Micros(a.UpdatedAt) };
}

internal sealed record InstanceActionEventView(string Event, string StartTime, string? FinishTime, string? Result)
{
    public Optional<string?> Traceback { get; init; }
    [Since("2.62")] public Optional<string?> Host { get; init; }
    [Since("2.62"), WireName("hostId")] public string HostId { get; init; } = "";
    [Since("2.84")] public Optional<string?> Details { get; init; }

    public static InstanceActionEventView Of(InstanceActionEvent e, string projectId, bool all, bool details) =>
        new(e.Event, WireTime.Micros(e.StartTime), WireTime.Micros(e.FinishTime), e.Result)
        {
            Traceback = all ? new Optional<string?>(null) : default,
            Host = all ? new Optional<string?>(e.Host) : default,
            HostId = Server.HostId(e.Host, projectId),
            Details = details ? new Optional<string?>(e.Details) : default,
        };
}
