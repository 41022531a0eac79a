using System.Text.Json.Nodes;
using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>Cards of a guest that has a process.</summary>
internal sealed partial class QemuDriver
{
    /// <summary>How long a guest may take to let go of a card. One that boots, or has no driver for it, never does (upstream: device_detach_timeout = 20 s).</summary>
    private static readonly TimeSpan UnplugLimit = TimeSpan.FromSeconds(20);

    public async Task ReshapeAsync(GuestSpec spec, CancellationToken cancel)
    {
        if (await FindAsync(spec.Id, cancel).ConfigureAwait(false) is not { } guest
            || guest.Launch.Nics.Select(nic => nic.PortId).ToHashSet(StringComparer.Ordinal).SetEquals(spec.Nics.Select(nic => nic.PortId)))
        {
            return;
        }
        try
        {
            // Asked, not remembered: an earlier call may have been cut off in the middle.
            var cards = await guest.CardsAsync(cancel).ConfigureAwait(false);
            guest.Launch = guest.Launch with { Nics = cards };
            foreach (var card in cards.Where(card => spec.Nics.All(nic => nic.PortId != card.PortId)))
            {
                await UnplugAsync(guest, card.PortId, cancel).ConfigureAwait(false);
            }
            foreach (var nic in spec.Nics.Where(nic => cards.All(card => card.PortId != nic.PortId)))
            {
                await PlugAsync(guest, nic, cancel).ConfigureAwait(false);
            }
        }
        catch (QmpClosedException)
        {
            return; // It went down meanwhile; its next start has the right cards.
        }
        finally
        {
            await RefreshCardsAsync(guest).ConfigureAwait(false);
        }
    }

    private async Task PlugAsync(QemuGuest guest, GuestNic nic, CancellationToken cancel)
    {
        var slot = -1;
        if (guest.Launch.HasSlots)
        {
            var taken = guest.Launch.Nics.Select(card => card.Slot).ToHashSet();
            slot = Enumerable.Range(QemuLaunch.FirstNicSlot, QemuLaunch.Slots - QemuLaunch.FirstNicSlot).FirstOrDefault(free => !taken.Contains(free), QemuLaunch.Slots);
        }
        var added = new LaunchNic(nic.PortId, nic.Mac, nic.Mtu, slot);
        var card = QemuCommandLine.Card(guest.Launch, added);
        // Before it is there: QEMU can say later that a card exists, but not with which MAC and MTU it was asked for, which a suspend needs.
        Record(guest, [.. guest.Launch.Nics, added]);
        // A backend without a card is what a cut off call leaves.
        await RemoveBackendAsync(guest, nic.PortId, cancel).ConfigureAwait(false);
        try
        {
            await guest.Qmp.ExecuteAsync("netdev_add", QemuCommandLine.Backend(nic.PortId), cancel: cancel).ConfigureAwait(false);
            await plug.PlugAsync(nic.PortId, TapNames.Of(nic.PortId), cancel).ConfigureAwait(false);
            await guest.Qmp.ExecuteAsync("device_add", card, cancel: cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not QmpClosedException)
        {
            await RemoveBackendAsync(guest, nic.PortId, CancellationToken.None).ConfigureAwait(false);
            if (e is QmpException refused)
            {
                throw new GuestException($"The network card could not be attached: {refused.Description}", e);
            }
            throw;
        }
    }

    private async Task UnplugAsync(QemuGuest guest, string portId, CancellationToken cancel)
    {
        var id = QemuCommandLine.CardId(portId);
        var deleted = guest.Qmp.NextAsync(message => message.Name == "DEVICE_DELETED" && message.Body.TryGetProperty("device", out var device) && device.GetString() == id);
        try
        {
            await guest.Qmp.ExecuteAsync("device_del", new JsonObject { ["id"] = id }, cancel: cancel).ConfigureAwait(false);
        }
        catch (QmpException e) when (e.Kind == "DeviceNotFound" || e.Description.Contains("already in the process of unplug", StringComparison.Ordinal))
        {
            // Asked for before; what counts is whether it goes.
        }
        try
        {
            await deleted.WaitAsync(UnplugLimit, time, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            if ((await guest.CardsAsync(cancel).ConfigureAwait(false)).Any(card => card.PortId == portId))
            {
                throw new GuestException("The guest did not let go of the network card", e);
            }
        }
        await RemoveBackendAsync(guest, portId, cancel).ConfigureAwait(false);
    }

    private static async Task RemoveBackendAsync(QemuGuest guest, string portId, CancellationToken cancel)
    {
        try
        {
            await guest.Qmp.ExecuteAsync("netdev_del", new JsonObject { ["id"] = QemuCommandLine.NetId(portId) }, cancel: cancel).ConfigureAwait(false);
        }
        catch (QmpException)
        {
            // There is none.
        }
    }

    /// <summary>Brings the record to what is, also after a failure or a cancellation.</summary>
    private async Task RefreshCardsAsync(QemuGuest guest)
    {
        try
        {
            Record(guest, await guest.CardsAsync(CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception e) when (e is QmpClosedException or TimeoutException)
        {
            LogNoAnswer(guest.Launch.Id, e.Message);
        }
    }

    private static void Record(QemuGuest guest, IReadOnlyList<LaunchNic> nics)
    {
        guest.Launch = guest.Launch with { Nics = nics };
        SaveLaunch(guest.Files, guest.Launch);
    }
}
