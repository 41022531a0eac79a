using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerActions;

/// <summary>What changes a server's row and nothing else: locks and an admin's word on its state.</summary>
internal sealed class LockOperations(Store<NovaDb> store)
{
    public const string Admin = "admin";
    private const string Owner = "owner";

    /// <summary>A lock keeps everyone but admins from changing the server; an admin's lock also keeps its owner from unlocking it.</summary>
    public Task LockAsync(RequestContext context, Server seen, string? reason) => ChangeAsync(context, seen, "lock", server =>
    {
        if (server.LockedBy == Admin && !context.IsAdmin) { return; }
        server.LockedBy = context.Who.ProjectId == server.ProjectId ? Owner : Admin;
        server.LockedReason = reason;
    });

    public Task UnlockAsync(RequestContext context, Server seen) => ChangeAsync(context, seen, "unlock", server => (server.LockedBy, server.LockedReason) = (null, null));

    public Task ResetAsync(RequestContext context, Server seen, string vmState) => ChangeAsync(context, seen, "resetState", server => (server.VmState, server.TaskState) = (vmState, null));

    private Task ChangeAsync(RequestContext context, Server seen, string what, Action<Server> change) => store.WriteAsync(async db =>
    {
        var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == seen.Id && !s.Deleted) ?? throw ServerErrors.NotFound(seen.Id);
        change(server);
        server.UpdatedAt = context.Now;
        server.Generation++;
        InstanceAction.Done(db, context, server.Id, what, context.Now);
        db.Record(context, what, "server", server.Id, server.ProjectId);
    });
}
