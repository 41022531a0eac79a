using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Nova.Guests;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerActions;

/// <summary>
/// Power actions: one transaction says what is being done (the server's task state, the action's record) and what the guest shall be; the node makes it so, and its
/// report ends both (<see cref="GuestReports"/>). No saga, since there is one effect, and it is repeated by the node until it holds.
/// </summary>
internal sealed class PowerOperations(Store<NovaDb> store, GuestTable guests)
{
    /// <summary>How long a guest may take to power off when asked to (<c>shutdown_timeout</c>).</summary>
    private static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(60);

    public Task DoAsync(RequestContext context, Server seen, PowerAction action) => store.WriteAsync(async db =>
    {
        var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == seen.Id && !s.Deleted) ?? throw ServerErrors.NotFound(seen.Id);
        if (server.LockedBy is not null && !context.IsAdmin) { throw ServerErrors.Locked(server.Id); }
        if (action.Refusal(server) is { } refusal) { throw ServerErrors.InvalidState(action.Word, server.Id, refusal.Attribute, refusal.State); }
        var guest = await guests.ChangeAsync(db, server.Id, g =>
        {
            g.Power = action.Power;
            g.Spec = g.Spec with { GracefulStop = action.Reboot == RebootKind.Hard ? TimeSpan.Zero : Shutdown };
            if (action.Reboot is { } kind)
            {
                g.Boots++;
                g.LastReboot = kind;
            }
        });
        if (guest is null) { throw ServerErrors.NotReady(server.Id); }
        server.TaskState = action.Task;
        server.UpdatedAt = context.Now;
        server.Generation++;
        InstanceAction.Begin(db, context, server.Id, action.Action, action.Happening, server.Host, context.Now);
        db.Record(context, action.Word, "server", server.Id, server.ProjectId);
    });
}
