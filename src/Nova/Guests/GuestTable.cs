using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Guests;

/// <summary>Changes what guests shall be, and waits until nodes have made it so.</summary>
internal sealed class GuestTable(Store<NovaDb> store, SignalHub signals, TimeProvider clock)
{
    /// <summary>How long a lost signal may go unnoticed.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private static readonly Func<NovaDb, string, Task<Guest?>> Find = (db, id) => db.Guests.FirstOrDefaultAsync(g => g.ServerId == id);

    /// <summary>Poked whenever a report of the guest was written.</summary>
    public static string Topic(string serverId) => "nova-guest:" + serverId;

    /// <summary>Puts a guest on a host, in the caller's transaction; again for the same server changes nothing.</summary>
    public async Task AddAsync(NovaDb db, string host, GuestSpec spec)
    {
        if (await db.Guests.AnyAsync(g => g.ServerId == spec.Id)) { return; }
        db.Guests.Add(new Guest { ServerId = spec.Id, Host = host, Revision = await NextRevisionAsync(db, host), Generation = 1, Power = spec.Power, Boots = spec.Boots, Spec = spec });
        db.AfterCommit(() => signals.Poke(NodeTopics.Guests(host)));
    }

    /// <summary>Changes a guest's wish, in the caller's transaction. Null when there is no guest.</summary>
    public async Task<Guest?> ChangeAsync(NovaDb db, string serverId, Action<Guest> change)
    {
        var guest = await db.Guests.AsTracking().FirstOrDefaultAsync(g => g.ServerId == serverId);
        if (guest is null) { return null; }
        change(guest);
        guest.Generation++;
        guest.Revision = await NextRevisionAsync(db, guest.Host);
        var host = guest.Host;
        db.AfterCommit(() => signals.Poke(NodeTopics.Guests(host)));
        return guest;
    }

    /// <summary>Waits until the guest is as wanted (null: it is gone). Throws <see cref="HostDownException"/> when its host is not heard of.</summary>
    public async Task<Guest?> WaitAsync(string serverId, Func<Guest?, bool> wanted, CancellationToken cancel)
    {
        while (true)
        {
            var listener = signals.Listen(Topic(serverId));
            var guest = await store.ReadAsync(db => Find(db, serverId), cancel);
            if (wanted(guest)) { return guest; }
            if (!await SignalHub.WaitAsync(listener, LookAgain, clock, cancel) && guest is not null)
            {
                var host = await store.ReadAsync(db => db.Hosts.FirstOrDefaultAsync(h => h.Name == guest.Host, cancel), cancel);
                if (host is null || !host.IsUp(clock.Now())) { throw new HostDownException(guest.Host); }
            }
        }
    }

    /// <summary>The host's row is locked by the update, so that revisions are committed in their order also on PostgreSQL.</summary>
    private static async Task<long> NextRevisionAsync(NovaDb db, string host) => (await db.Database.SqlQuery<long>(
        $"UPDATE compute_hosts SET guest_revision = guest_revision + 1 WHERE name = {host} RETURNING guest_revision AS \"Value\"").ToListAsync()).Single();
}

/// <summary>The host is not heard of, so nobody can say what became of the guest.</summary>
internal sealed class HostDownException(string host) : Exception($"Host {host} does not answer.");
