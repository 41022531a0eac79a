using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Guests;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Servers.Build;

namespace Nephos.Nova.Servers.Delete;

internal sealed record DeleteServer(string ServerId);

/// <summary>
/// Deletes a server: first the guest, then its ports, then its claim, at last the row, so that nothing is given to others while the guest may still use it. Nothing
/// is undone: a step that fails leaves the server in ERROR with the reason, and deleting it again goes on from there.
/// </summary>
internal sealed class DeleteServerSaga(Store<NovaDb> store, IPlacement placement, IPorts ports, GuestTable guests, TimeProvider clock) : Saga<NovaDb, DeleteServer>
{
    public override string Name => "nova.delete-server";

    public override IReadOnlyList<SagaStep<DeleteServer>> Steps => field ??=
    [
        new("guest", RemoveGuest, Logged: false),
        new("ports", FreePorts, Logged: false),
        new("release", Release, Logged: false),
        new("row", MarkDeleted),
    ];

    private Task RemoveGuest(SagaRun<DeleteServer> run) => GuestRemoval.RemoveAsync(store, guests, run.Parameters.ServerId, run.Cancel);

    private async Task FreePorts(SagaRun<DeleteServer> run)
    {
        var id = run.Parameters.ServerId;
        var nics = (await store.ReadAsync(db => ServerQueries.Find(db, id), run.Cancel))?.Nics ?? [];
        foreach (var nic in nics) { await BuildServerSaga.FreeAsync(run.Context, ports, id, nic, run.Cancel); }
        // Ports that were bound to it behind Nova's back come free.
        foreach (var port in (await ports.OfDevicesAsync([id], run.Cancel)).Where(p => nics.All(n => n.PortId != p.Id))) { await ports.UnbindAsync(run.Context, port.Id, id, run.Cancel); }
    }

    private Task Release(SagaRun<DeleteServer> run) => placement.ReleaseAsync(run.Parameters.ServerId, run.Cancel);

    private Task MarkDeleted(SagaRun<DeleteServer> run) => store.WriteAsync(async db =>
    {
        var now = clock.Now();
        var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == run.Parameters.ServerId && !s.Deleted);
        if (server is null) { return; }
        (server.VmState, server.TaskState, server.PowerState, server.Deleted) = (VmStates.Deleted, null, PowerStates.NoState, true);
        (server.TerminatedAt, server.UpdatedAt) = (now, now);
        server.Generation++;
        await db.ServerTags.Where(t => t.ServerId == server.Id).ExecuteDeleteAsync();
        await InstanceAction.FinishAsync(db, server.Id, now, host: server.Host);
    });

    public override Task UndoneAsync(SagaRun<DeleteServer> run, string reason) => store.WriteAsync(async db =>
    {
        var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == run.Parameters.ServerId && !s.Deleted);
        if (server is null) { return; }
        var now = clock.Now();
        (server.VmState, server.TaskState, server.UpdatedAt) = (VmStates.Error, null, now);
        server.Fault = new ServerFault(500, reason.Length <= 255 ? reason : reason[..252] + "...", null, now);
        await InstanceAction.FinishAsync(db, server.Id, now, reason);
    });
}
