using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Neutron.Attributes;

namespace Nephos.Neutron.Networks;

/// <summary>What a network is on the wire: its type, physical network and segmentation id.</summary>
internal static class Segments
{
    public const string Vxlan = "vxlan";
    public const string Flat = "flat";

    /// <summary>As asked (admins only), or a vxlan with the next free VNI.</summary>
    public static async Task<(string Type, string Physical, int Id)> ChooseAsync(NeutronDb db, Values values)
    {
        var (type, physical, id) = (values.Get(NetworkTable.NetworkType), values.Get(NetworkTable.PhysicalNetwork), values.Get(NetworkTable.SegmentationId));
        switch (type)
        {
            case null when physical is not null || id is not null:
                throw NeutronErrors.InvalidInput("network_type required");
            case null:
                return (Vxlan, "", await FreeVniAsync(db).ConfigureAwait(false));
            case Flat:
                if (id is not null) { throw NeutronErrors.InvalidInput("segmentation_id prohibited for flat provider network"); }
                if (string.IsNullOrEmpty(physical)) { throw NeutronErrors.InvalidInput("physical_network required for flat provider network"); }
                if (await TakenAsync(db, Flat, physical, 0).ConfigureAwait(false)) { throw NetworkErrors.FlatNetworkInUse(physical); }
                return (Flat, physical, 0);
            case Vxlan:
                if (physical is not null) { throw NeutronErrors.InvalidInput("provider:physical_network specified for vxlan network"); }
                if (id is not { } vni) { return (Vxlan, "", await FreeVniAsync(db).ConfigureAwait(false)); }
                if (vni is < Limits.VniMin or > Limits.VniMax)
                {
                    throw NeutronErrors.InvalidInput(string.Create(CultureInfo.InvariantCulture, $"segmentation id must be between {Limits.VniMin} and {Limits.VniMax}"));
                }
                if (await TakenAsync(db, Vxlan, "", vni).ConfigureAwait(false)) { throw NetworkErrors.TunnelIdInUse(vni); }
                return (Vxlan, "", vni);
            default:
                throw NeutronErrors.InvalidInput($"network_type value '{type}' not supported");
        }
    }

    /// <summary>The greatest MTU of the type when none (or zero, upstream's word for none) is asked; a greater one is 400.</summary>
    public static int Mtu(string type, int? asked)
    {
        var most = type == Vxlan ? Limits.UnderlayMtu - Limits.VxlanOverhead : Limits.UnderlayMtu;
        if (asked is null or 0) { return most; }
        return asked <= most ? asked.Value
            : throw new BadRequestError(string.Create(CultureInfo.InvariantCulture, $"Invalid input for operation: Requested MTU is too big, maximum is {most}."), "InvalidInput");
    }

    /// <summary>One above the highest in use; from the bottom when the top is taken.</summary>
    private static async Task<int> FreeVniAsync(NeutronDb db)
    {
        await db.LockAsync("vni").ConfigureAwait(false);
        var tunnels = db.Networks.Where(n => n.NetworkType == Vxlan && n.PhysicalNetwork == "");
        var highest = await tunnels.MaxAsync(n => (int?)n.SegmentationId).ConfigureAwait(false) ?? Limits.VniMin - 1;
        if (highest < Limits.VniMax) { return highest + 1; }
        if (!await TakenAsync(db, Vxlan, "", Limits.VniMin).ConfigureAwait(false)) { return Limits.VniMin; }
        var below = await tunnels.Where(n => n.SegmentationId < Limits.VniMax && !db.Networks.Any(m => m.NetworkType == Vxlan && m.PhysicalNetwork == "" && m.SegmentationId == n.SegmentationId + 1))
            .OrderBy(n => n.SegmentationId).Select(n => (int?)n.SegmentationId).FirstOrDefaultAsync().ConfigureAwait(false);
        return below + 1 ?? throw NetworkErrors.NoNetworkAvailable();
    }

    private static Task<bool> TakenAsync(NeutronDb db, string type, string physical, int id) =>
        db.Networks.AnyAsync(n => n.NetworkType == type && n.PhysicalNetwork == physical && n.SegmentationId == id);
}
