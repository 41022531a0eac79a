using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Guests;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Scheduling;
using Nephos.Nova.ServerNetworks;

namespace Nephos.Nova.Servers.Build;

/// <param name="SecurityGroupIds">Null: the project's default group.</param>
internal sealed record BuildServer(string ServerId, string? Zone, string? Host, IReadOnlyList<string>? SecurityGroupIds);

/// <summary>The host that was chosen.</summary>
internal sealed record Place(string Host, string Zone);

/// <summary>
/// Builds a server: a host with room, ports on it, the guest's record, and the node's word that it runs (which the report itself writes into the row, see
/// <see cref="GuestReports"/>). All ids are made with the server's row. Steps are not logged one by one: each finds what it did before, and a host once written into
/// the row is kept, so that after a crash all of them simply run again; that saves three commits a server. When a step fails, everything is taken back and the
/// server stays in ERROR with the reason.
/// </summary>
internal sealed class BuildServerSaga(
    Store<NovaDb> store, HostChooser hosts, IPlacement placement, IPorts ports, NetworkCache networks, GuestTable guests, TimeProvider clock) : Saga<NovaDb, BuildServer>
{
    public override string Name => "nova.build-server";

    public override IReadOnlyList<SagaStep<BuildServer>> Steps => field ??=
    [
        new("schedule", Schedule, Release, Logged: false),
        new("ports", MakePorts, RemovePorts, Logged: false),
        new("guest", MakeGuest, RemoveGuest, Logged: false),
        new("run", AwaitRunning),
    ];

    private async Task Schedule(SagaRun<BuildServer> run)
    {
        var server = await ReadAsync(run);
        run.Kept = server;
        if (server.Host is { } known)
        {
            run.Hand(new Place(known, server.AvailabilityZone!));
            return;
        }
        var (host, zone) = await hosts.ChooseAsync(server, new Wanted(run.Parameters.Zone, run.Parameters.Host), run.Cancel);
        run.Hand(new Place(host, zone));
    }

    private Task Release(SagaRun<BuildServer> run) => placement.ReleaseAsync(run.Parameters.ServerId, run.Cancel);

    private async Task MakePorts(SagaRun<BuildServer> run)
    {
        // Its cards and its name do not change while it is built.
        var (server, place) = (run.Kept as Server ?? await ReadAsync(run), run.Output<Place>("schedule")!);
        var owner = OwnerOf(place.Zone);
        foreach (var nic in server.Nics)
        {
            if (!nic.Given)
            {
                var host = await ports.CreateAsync(run.Context, new NewPort(nic.PortId, server.ProjectId, nic.NetworkId, nic.FixedIp, run.Parameters.SecurityGroupIds, server.Id, owner, place.Host, server.Hostname), run.Cancel);
                // It was made before a crash, for another host.
                if (host == place.Host) { continue; }
            }
            await ports.BindAsync(run.Context, nic.PortId, server.Id, owner, place.Host, run.Cancel);
        }
    }

    private async Task RemovePorts(SagaRun<BuildServer> run)
    {
        foreach (var nic in (await ReadAsync(run)).Nics) { await FreeAsync(run.Context, ports, run.Parameters.ServerId, nic, run.Cancel); }
    }

    /// <summary>Device owner of a server's ports (<c>compute:ZONE</c>).</summary>
    internal static string OwnerOf(string? zone) => "compute:" + (zone ?? Hosts.HostZones.Default);

    /// <summary>Deletes a port that we made; one that was given only comes free.</summary>
    internal static Task FreeAsync(Kernel.Auth.RequestContext context, IPorts ports, string serverId, ServerNic nic, CancellationToken cancel) =>
        nic.Given ? ports.UnbindAsync(context, nic.PortId, serverId, cancel) : ports.DeleteAsync(context, nic.PortId, cancel);

    private async Task MakeGuest(SagaRun<BuildServer> run)
    {
        var place = run.Output<Place>("schedule")!;
        await networks.RefreshAsync([run.Parameters.ServerId], async (db, server) =>
        {
            if (server.TaskState == TaskStates.Deleting) { throw new OperationCanceledException("the server is being deleted"); }
            // After a crash it may be ACTIVE already: the report did not wait for us.
            if (server.VmState != VmStates.Building) { return; }
            (server.Host, server.AvailabilityZone, server.TaskState, server.UpdatedAt) = (place.Host, place.Zone, TaskStates.Spawning, clock.Now());
            await guests.AddAsync(db, place.Host, GuestSpecs.Of(server));
        }, run.Cancel);
    }

    private async Task RemoveGuest(SagaRun<BuildServer> run)
    {
        var id = run.Parameters.ServerId;
        await GuestRemoval.RemoveAsync(store, guests, id, run.Cancel);
        await store.WriteAsync(db => db.Servers.Where(s => s.Id == id).ExecuteUpdateAsync(u => u.SetProperty(s => s.Host, (string?)null)));
    }

    private async Task AwaitRunning(SagaRun<BuildServer> run)
    {
        var guest = await guests.WaitAsync(run.Parameters.ServerId, g => g is null || g.IsSettled, run.Cancel);
        if (guest is null) { throw new InvalidOperationException("The guest is gone from its host."); }
        if (guest.ReportedError is { } error) { throw new InvalidOperationException(error); }
    }

    public override Task UndoneAsync(SagaRun<BuildServer> run, string reason) => store.WriteAsync(async db =>
    {
        var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == run.Parameters.ServerId && !s.Deleted);
        // A delete waits for this saga's end: what it finds is its own business.
        if (server is null || server.TaskState == TaskStates.Deleting) { return; }
        var now = clock.Now();
        var step = await db.SagaSteps.Where(s => s.SagaId == run.SagaId && s.Error != null).Select(s => s.Name).FirstOrDefaultAsync();
        var lines = reason.Split('\n', 2);
        (server.VmState, server.TaskState, server.PowerState, server.UpdatedAt) = (VmStates.Error, null, PowerStates.NoState, now);
        server.Fault = step == "schedule"
            ? new ServerFault(500, Cut(Summary(lines)), reason, now)
            : new ServerFault(500, Cut($"Build of instance {server.Id} aborted: {lines[0]}"), $"step {step}: {reason}", now);
        NetworkCache.Show(server, []);
        await InstanceAction.FinishAsync(db, server.Id, now, reason);
    });

    /// <summary>Upstream's sentence, and the reasons without the names of hosts, which are not the user's business.</summary>
    private static string Summary(string[] lines)
    {
        if (lines.Length == 1) { return lines[0]; }
        var reasons = lines[1].Split('\n').Select(l => l[(l.IndexOf(": ", StringComparison.Ordinal) + 2)..]).Distinct(StringComparer.Ordinal);
        return $"{lines[0]} ({string.Join("; ", reasons)})";
    }

    /// <summary>Length of upstream's column.</summary>
    private static string Cut(string text) => text.Length <= 255 ? text : text[..252] + "...";

    private async Task<Server> ReadAsync(SagaRun<BuildServer> run)
    {
        var id = run.Parameters.ServerId;
        return await store.ReadAsync(db => ServerQueries.Find(db, id), run.Cancel) ?? throw ServerErrors.NotFound(id);
    }
}
