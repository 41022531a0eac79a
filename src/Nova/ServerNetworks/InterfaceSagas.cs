using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Guests;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Servers;
using Nephos.Nova.Servers.Build;

namespace Nephos.Nova.ServerNetworks;

internal sealed record ChangeInterface(string ServerId, ServerNic Nic);

/// <summary>What attaching and detaching share: a card in the server's and the guest's row.</summary>
internal sealed class InterfaceCards(NetworkCache networks, GuestTable guests, Store<NovaDb> store, TimeProvider clock)
{
    public Task AddAsync(ChangeInterface change, CancellationToken cancel) => SetAsync(change.ServerId, nics => [.. nics.Where(n => n.PortId != change.Nic.PortId), change.Nic], cancel);

    public Task RemoveAsync(ChangeInterface change, CancellationToken cancel) => SetAsync(change.ServerId, nics => [.. nics.Where(n => n.PortId != change.Nic.PortId)], cancel);

    /// <summary>The node's word that the cards are as wished.</summary>
    public async Task AwaitAsync(string serverId, CancellationToken cancel)
    {
        if (await ErrorAsync(serverId, cancel) is { } error) { throw new InvalidOperationException(error); }
    }

    /// <summary>The node's word of why they are not; null when they are.</summary>
    public async Task<string?> ErrorAsync(string serverId, CancellationToken cancel) => (await guests.WaitAsync(serverId, g => g is null || g.IsSettled, cancel))?.ReportedError;

    public Task FinishAsync(string serverId, string? error) => store.WriteAsync(db => InstanceAction.FinishAsync(db, serverId, clock.Now(), error));

    private Task SetAsync(string serverId, Func<List<ServerNic>, List<ServerNic>> change, CancellationToken cancel) => networks.RefreshAsync([serverId], async (db, server) =>
    {
        server.Nics = change(server.Nics);
        server.UpdatedAt = clock.Now();
        // A card that goes is not shown any more, though its port is still there.
        NetworkCache.Show(server, [.. server.Network.Where(v => server.Nics.Any(n => n.PortId == v.PortId))]);
        await guests.ChangeAsync(db, serverId, guest => guest.Spec = guest.Spec with { Nics = GuestSpecs.NicsOf(server) });
    }, cancel);
}

/// <summary>Attaches a card: its port, then the card in the guest.</summary>
internal sealed class AttachInterfaceSaga(Store<NovaDb> store, IPorts ports, InterfaceCards cards) : Saga<NovaDb, ChangeInterface>
{
    public override string Name => "nova.attach-interface";

    public override IReadOnlyList<SagaStep<ChangeInterface>> Steps => field ??=
    [
        new("port", MakePort, FreePort),
        new("card", run => cards.AddAsync(run.Parameters, run.Cancel), TakeCard),
        new("plugged", Plugged, Logged: false),
        new("end", run => cards.FinishAsync(run.Parameters.ServerId, null)),
    ];

    /// <summary>What is told of a port that was deleted while it was being attached.</summary>
    public static string PortGone(string portId) => $"Port id {portId} could not be found.";

    private async Task MakePort(SagaRun<ChangeInterface> run)
    {
        var (id, nic) = run.Parameters;
        var server = await store.ReadAsync(db => db.Servers.FirstAsync(s => s.Id == id, run.Cancel), run.Cancel);
        var owner = BuildServerSaga.OwnerOf(server.AvailabilityZone);
        if (!nic.Given)
        {
            await ports.CreateAsync(run.Context, new NewPort(nic.PortId, server.ProjectId, nic.NetworkId, nic.FixedIp, null, id, owner, server.Host ?? "", server.Hostname), run.Cancel);
            return;
        }
        try { await ports.BindAsync(run.Context, nic.PortId, id, owner, server.Host ?? "", run.Cancel); }
        catch (NotFoundError) { throw new NotFoundError(PortGone(nic.PortId)); }
    }

    /// <summary>A port that was deleted before its card was there is not taken out by anybody else; one that was deleted since has no card any more.</summary>
    private async Task Plugged(SagaRun<ChangeInterface> run)
    {
        var (id, nic) = run.Parameters;
        var error = await cards.ErrorAsync(id, run.Cancel);
        if (await ports.FindAsync(run.Context, nic.PortId, run.Cancel) is null) { throw new NotFoundError(PortGone(nic.PortId)); }
        if (error is not null) { throw new InvalidOperationException(error); }
    }

    private Task FreePort(SagaRun<ChangeInterface> run) => BuildServerSaga.FreeAsync(run.Context, ports, run.Parameters.ServerId, run.Parameters.Nic, run.Cancel);

    private async Task TakeCard(SagaRun<ChangeInterface> run)
    {
        await cards.RemoveAsync(run.Parameters, run.Cancel);
        await cards.AwaitAsync(run.Parameters.ServerId, run.Cancel);
    }

    public override Task UndoneAsync(SagaRun<ChangeInterface> run, string reason) => cards.FinishAsync(run.Parameters.ServerId, reason);
}

/// <summary>Detaches a card: out of the guest first, then its port.</summary>
internal sealed class DetachInterfaceSaga(IPorts ports, InterfaceCards cards) : Saga<NovaDb, ChangeInterface>
{
    public override string Name => "nova.detach-interface";

    public override IReadOnlyList<SagaStep<ChangeInterface>> Steps => field ??=
    [
        new("card", run => cards.RemoveAsync(run.Parameters, run.Cancel), run => cards.AddAsync(run.Parameters, run.Cancel)),
        new("unplugged", run => cards.AwaitAsync(run.Parameters.ServerId, run.Cancel)),
        new("port", run => BuildServerSaga.FreeAsync(run.Context, ports, run.Parameters.ServerId, run.Parameters.Nic, run.Cancel)),
        new("end", run => cards.FinishAsync(run.Parameters.ServerId, null)),
    ];

    public override Task UndoneAsync(SagaRun<ChangeInterface> run, string reason) => cards.FinishAsync(run.Parameters.ServerId, reason);
}
