using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Nova.Hosts;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Servers.Delete;

namespace Nephos.Nova.Servers;

/// <summary>A server with what its view needs beside the row.</summary>
internal sealed record ServerPage(List<Server> Servers, ILookup<string, string> Tags, IReadOnlyDictionary<string, string> HostStatuses)
{
    /// <summary>Ids of server groups, where one server is shown.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];
}

/// <summary>Finding, listing, renaming and deleting servers. Creating is in <c>Create</c>, power in <c>ServerActions</c>.</summary>
internal sealed class ServerOperations(Store<NovaDb> store, SagaEngine<NovaDb> sagas, DeleteServerSaga deleting)
{
    /// <summary>The server when the caller may see it: their project's, or any for an admin.</summary>
    public Task<Server?> FindAsync(RequestContext context, string id, bool deletedToo = false)
    {
        var project = context.IsAdmin ? null : context.Who.ProjectId ?? "";
        return store.ReadAsync(async db => await ServerQueries.Find(db, id) is { } server && (deletedToo || !server.Deleted) && (project is null || server.ProjectId == project) ? server : null);
    }

    public Task<List<Server>> ListAsync(ServerFilter filter, PageRequest page) => store.ReadAsync(db => ServerQueries.PageAsync(db, filter, page));

    /// <summary>A page with tags and host statuses where the version shows them.</summary>
    public Task<ServerPage> DetailAsync(ServerFilter filter, PageRequest page, bool tags, bool hosts, DateTime now) => store.ReadAsync(async db =>
    {
        var servers = await ServerQueries.PageAsync(db, filter, page);
        return new ServerPage(servers,
            tags && servers.Count > 0 ? await ServerQueries.TagsAsync(db, [.. servers.Select(s => s.Id)]) : NoTags,
            hosts && servers.Count > 0 ? await ServerQueries.HostStatusesAsync(db, now, [.. servers.Select(s => s.Host).OfType<string>().Distinct(StringComparer.Ordinal)]) : NoHosts);
    });

    /// <summary>The same for one server, and its groups.</summary>
    public async Task<ServerPage> DetailAsync(Server server, bool tags, bool hosts, bool groups, DateTime now)
    {
        hosts &= server.Host is not null;
        return !tags && !hosts && !groups ? new ServerPage([server], NoTags, NoHosts) : await store.ReadAsync(async db => new ServerPage([server],
            tags ? await ServerQueries.TagsAsync(db, [server.Id]) : NoTags,
            hosts ? await ServerQueries.HostStatusesAsync(db, now, [server.Host!]) : NoHosts)
        {
            Groups = groups ? await db.ServerGroupMembers.Where(m => m.ServerId == server.Id).Join(db.ServerGroups, m => m.GroupNumber, g => g.Number, (_, g) => g.Id).ToListAsync() : [],
        });
    }

    private static readonly ILookup<string, string> NoTags = Array.Empty<string>().ToLookup(t => t);
    private static readonly Dictionary<string, string> NoHosts = [];

    public Task<Server> UpdateAsync(RequestContext context, string id, UpdateServer request) => store.WriteAsync(async db =>
    {
        var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == id && !s.Deleted) ?? throw ServerErrors.NotFound(id);
        server.Name = request.Name?.Trim() ?? server.Name;
        server.Description = request.Description.Or(server.Description);
        server.Hostname = request.Hostname ?? server.Hostname;
        server.AccessIpV4 = Canonical(request.AccessIpV4.Or(server.AccessIpV4));
        server.AccessIpV6 = Canonical(request.AccessIpV6.Or(server.AccessIpV6));
        if (request.DiskConfig is { } disk) { server.AutoDiskConfig = disk == "AUTO"; }
        if (request.PinnedAvailabilityZone.IsSet) { Pin(server, request.PinnedAvailabilityZone.Value); }
        server.UpdatedAt = context.Now;
        server.Generation++;
        db.Record(context, "update", "server", id, server.ProjectId);
        return server;
    });

    /// <summary>An address in its shortest form, as upstream stores it.</summary>
    internal static string? Canonical(string? address) => address is null ? null : System.Net.IPAddress.Parse(address).ToString();

    private static void Pin(Server server, string? zone)
    {
        if (zone is not null && server.PinnedZone is not null && zone != server.PinnedZone)
        {
            throw new ConflictError("Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null.");
        }
        if (zone is not null && server.PinnedZone is null && zone != server.AvailabilityZone)
        {
            throw new ConflictError($"Server can only be pinned to its current availability zone '{server.AvailabilityZone}', but '{zone}' was requested.");
        }
        server.PinnedZone = zone;
    }

    /// <summary>Begins to delete: whatever is being done to the server is told to give up first. Asking again while it goes on changes nothing.</summary>
    public Task DeleteAsync(RequestContext context, Server seen) => store.WriteAsync(async db =>
    {
        var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == seen.Id && !s.Deleted) ?? throw ServerErrors.NotFound(seen.Id);
        if (server.LockedBy is not null && !context.IsAdmin) { throw ServerErrors.Locked(server.Id); }
        if (server.TaskState == TaskStates.Deleting) { return; }
        server.TaskState = TaskStates.Deleting;
        server.UpdatedAt = context.Now;
        server.Generation++;
        await InstanceAction.FinishAsync(db, server.Id, context.Now, "Aborted: the server is being deleted.");
        InstanceAction.Begin(db, context, server.Id, "delete", "compute_terminate_instance", server.Host, context.Now);
        db.Record(context, "delete", "server", server.Id, server.ProjectId);
        await sagas.AbortAsync(db, server.Resource);
        await sagas.StartAsync(db, deleting, new DeleteServer(server.Id), server.Resource, context, queue: true);
    });
}
