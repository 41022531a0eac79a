using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Signals;
using Nephos.Kernel.Store;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerNetworks;

/// <summary>Attaching and detaching cards.</summary>
internal sealed class InterfaceOperations(Store<NovaDb> store, SagaEngine<NovaDb> sagas, AttachInterfaceSaga attaching, DetachInterfaceSaga detaching, IPorts ports, SignalHub signals, TimeProvider clock)
{
    /// <summary>How long the call waits for the card, as upstream's does for its compute service (<c>rpc_response_timeout</c>).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Attaches and waits until the card is there.</summary>
    public async Task AttachAsync(RequestContext context, Server server, ServerNic nic, CancellationToken cancel)
    {
        var saga = await StartAsync(context, server, "attach_interface", attaching, nic);
        var since = clock.GetTimestamp();
        while (true)
        {
            var listener = signals.Listen(sagas.Topic(server.Resource));
            var (state, error, step) = await store.ReadAsync(async db =>
            {
                var row = await db.Sagas.FirstAsync(s => s.Id == saga, cancel);
                return (row.State, row.Error, await db.SagaSteps.Where(s => s.SagaId == saga && s.Error != null).Select(s => s.Name).FirstOrDefaultAsync(cancel));
            }, cancel);
            if (state == SagaState.Done) { return; }
            if (state is SagaState.Undone or SagaState.Stuck)
            {
                if (await EndingAsync(server.Id, cancel) is { } ending) { throw ending; }
                if (error == AttachInterfaceSaga.PortGone(nic.PortId)) { throw new NotFoundError(error); }
                // What Neutron refused is the caller's to mend.
                throw step == "port" ? new BadRequestError(error ?? "") : new ApiError(500, $"Failed to attach network adapter device to {server.Id}: {error}");
            }
            var left = Patience - clock.GetElapsedTime(since);
            if (left <= TimeSpan.Zero || !await SignalHub.WaitAsync(listener, left, clock, cancel)) { throw new ApiError(500, $"Failed to attach network adapter device to {server.Id}"); }
        }
    }

    /// <summary>A delete goes before every other change and ends it: that is the answer then, not how the attaching broke off.</summary>
    private Task<ApiError?> EndingAsync(string serverId, CancellationToken cancel) => store.ReadAsync(async db =>
        await db.Servers.FirstOrDefaultAsync(s => s.Id == serverId && !s.Deleted, cancel) switch
        {
            null => ServerErrors.NotFound(serverId),
            { TaskState: TaskStates.Deleting } => ServerErrors.InvalidState("attach_interface", serverId, "task_state", TaskStates.Deleting),
            _ => (ApiError?)null,
        }, cancel);

    /// <summary>Begins to detach.</summary>
    public async Task DetachAsync(RequestContext context, Server server, string portId, CancellationToken cancel)
    {
        var nic = server.Nics.FirstOrDefault(n => n.PortId == portId);
        if (nic is null)
        {
            var port = (await ports.OfDevicesAsync([server.Id], cancel)).FirstOrDefault(p => p.Id == portId) ?? throw new NotFoundError($"Port id {portId} could not be found.");
            nic = new ServerNic(portId, port.NetworkId, Given: true);
        }
        await StartAsync(context, server, "detach_interface", detaching, nic);
    }

    private Task<string> StartAsync(RequestContext context, Server seen, string word, Saga<NovaDb, ChangeInterface> saga, ServerNic nic) => store.WriteAsync(async db =>
    {
        var server = await db.Servers.FirstOrDefaultAsync(s => s.Id == seen.Id && !s.Deleted) ?? throw ServerErrors.NotFound(seen.Id);
        if (server.LockedBy is not null && !context.IsAdmin) { throw ServerErrors.Locked(server.Id); }
        if (server.VmState is not (VmStates.Active or VmStates.Paused or VmStates.Stopped)) { throw ServerErrors.InvalidState(word, server.Id, "vm_state", server.VmState); }
        if (server.TaskState is { } task) { throw ServerErrors.InvalidState(word, server.Id, "task_state", task); }
        InstanceAction.Begin(db, context, server.Id, word, "compute_" + word, server.Host, context.Now);
        db.Record(context, word, "server", server.Id, server.ProjectId);
        try { return await sagas.StartAsync(db, saga, new ChangeInterface(server.Id, nic), server.Resource, context); }
        catch (ResourceBusyException) { throw ServerErrors.InvalidState(word, server.Id, "task_state", "another change of its interfaces"); }
    });
}
