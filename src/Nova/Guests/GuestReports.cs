using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Signals;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Servers;

namespace Nephos.Nova.Guests;

/// <summary>
/// Turns what a node reports into states of the server, in one transaction: the end of a build and of every power action is here, so that a crash between report and
/// state cannot happen. Deciding (<see cref="Decide"/>) is pure; its table:
/// <list type="bullet">
/// <item>an older generation than the wish: only the power state is shown;</item>
/// <item>an error: a power action ends, the server is what was found; a build's error is left to its saga;</item>
/// <item>the wish came true: a build or power action ends;</item>
/// <item>nobody wished anything: a guest that went down by itself is stopped, recorded as upstream's power sync does it; one that its hypervisor halted (the host's disk is full) is paused and still
/// wished to run, and goes on when it can. Both are written into the server's actions: the reason is the message of a <c>pause</c> that nobody asked for.</item>
/// </list>
/// </summary>
internal sealed class GuestReports(Store<NovaDb> store, SignalHub signals, TimeProvider clock)
{
    public async Task TakeAsync(string host, GuestReport report, CancellationToken cancel)
    {
        await store.WriteAsync(async db =>
        {
            var guest = await db.Guests.AsTracking().FirstOrDefaultAsync(g => g.ServerId == report.Id && g.Host == host, cancel);
            if (guest is null || report.Generation < guest.ReportedGeneration) { return; }
            var now = clock.Now();
            db.AfterCommit(() => signals.Poke(GuestTable.Topic(report.Id)));
            if (guest.Power == GuestPower.Absent && report is { Power: GuestPower.Absent, Error: null } && report.Generation >= guest.Generation)
            {
                db.Guests.Remove(guest);
                return;
            }
            var halted = guest.Halted;
            guest.Halted = report.Halted;
            (guest.ReportedGeneration, guest.ReportedPower, guest.ReportedError, guest.ReportedAt) = (report.Generation, report.Power, report.Error, now);
            var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == report.Id && !s.Deleted, cancel);
            if (server is null || guest.Power == GuestPower.Absent) { return; }
            await ApplyAsync(db, server, guest, report, Decide(server, guest, report), halted, now);
        }, cancel);
    }

    internal enum Outcome { ShowPower, Failed, Reached, WentDown, Found }

    internal static Outcome Decide(Server server, Guest guest, GuestReport report)
    {
        if (report.Generation < guest.Generation || server.TaskState == TaskStates.Deleting) { return Outcome.ShowPower; }
        var building = server.VmState == VmStates.Building;
        if (report.Error is not null) { return building ? Outcome.ShowPower : Outcome.Failed; }
        if (building) { return server.TaskState == TaskStates.Spawning && report.Power != GuestPower.Absent ? Outcome.Reached : Outcome.ShowPower; }
        if (server.TaskState is not null) { return Outcome.Reached; }
        if (report.Power == GuestPower.Absent) { return Outcome.Failed; }
        if (server.VmState == VmStates.Of(report.Power) || server.VmState == VmStates.Error) { return Outcome.ShowPower; }
        return report.Power == GuestPower.Stopped ? Outcome.WentDown : Outcome.Found;
    }

    private static async Task ApplyAsync(NovaDb db, Server server, Guest guest, GuestReport report, Outcome outcome, string? halted, DateTime now)
    {
        server.PowerState = PowerStates.Of(report.Power);
        if (outcome == Outcome.ShowPower) { return; }
        server.UpdatedAt = now;
        server.Generation++;
        server.VmState = VmStates.Of(report.Power);
        switch (outcome)
        {
            case Outcome.Failed:
                server.TaskState = null;
                var why = report.Error ?? "The guest is gone from its host.";
                server.Fault = new ServerFault(500, why, null, now);
                await InstanceAction.FinishAsync(db, server.Id, now, why, guest.Host);
                break;
            case Outcome.Reached:
                server.TaskState = null;
                server.LaunchedAt ??= now;
                // It may have powered itself off at once.
                guest.Power = report.Power == GuestPower.Absent ? guest.Power : report.Power;
                await InstanceAction.FinishAsync(db, server.Id, now, host: guest.Host);
                break;
            case Outcome.WentDown:
                // The wish follows without a new generation: the next change of anything else must not start it behind the user's back.
                guest.Power = GuestPower.Stopped;
                InstanceAction.Done(db, Ours(server, now), server.Id, "stop", now, "compute_stop_instance", guest.Host);
                break;
            case Outcome.Found when report.Halted is { } reason:
                // The wish stays: it shall run.
                InstanceAction.Done(db, Ours(server, now), server.Id, "pause", now, "compute_pause_instance", guest.Host, reason);
                break;
            case Outcome.Found:
                if (halted is not null && report.Power == GuestPower.Running) { InstanceAction.Done(db, Ours(server, now), server.Id, "unpause", now, "compute_unpause_instance", guest.Host); }
                guest.Power = report.Power;
                break;
        }
    }

    /// <summary>Who did what nobody asked for.</summary>
    private static RequestContext Ours(Server server, DateTime now)
    {
        var context = RequestContext.ForService("nova", now);
        return context with { Identity = context.Who with { ProjectId = server.ProjectId } };
    }
}
