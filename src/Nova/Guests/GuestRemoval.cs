using Nephos.Contracts.Node;
using Nephos.Kernel.Store;

namespace Nephos.Nova.Guests;

/// <summary>Has a node remove a guest, and waits for its word. A host that does not answer is not waited for: it finds the wish when it is back.</summary>
internal static class GuestRemoval
{
    public static async Task RemoveAsync(Store<NovaDb> store, GuestTable guests, string serverId, CancellationToken cancel)
    {
        var wish = await store.WriteAsync(db => guests.ChangeAsync(db, serverId, guest => guest.Power = GuestPower.Absent), cancel);
        if (wish is null) { return; }
        try
        {
            var left = await guests.WaitAsync(serverId, g => g is null || (g.IsSettled && g.ReportedError is not null), cancel);
            if (left?.ReportedError is { } error) { throw new InvalidOperationException(error); }
        }
        catch (HostDownException) when (!cancel.IsCancellationRequested)
        {
            return;
        }
    }
}
