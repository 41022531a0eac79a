using Microsoft.EntityFrameworkCore;

namespace Nephos.Neutron.Ports;

/// <summary>Where a port is plugged: upstream's vif types.</summary>
internal static class Bindings
{
    public const string Unbound = "unbound";
    public const string Bridge = "bridge";
    public const string Failed = "binding_failed";

    /// <summary>Bound on hosts that have reported a network agent; failed on others; unbound without a host.</summary>
    public static async Task<string> VifTypeAsync(NeutronDb db, string host, string vnicType)
    {
        if (host.Length == 0) { return Unbound; }
        // Tap devices on a bridge serve no passed-through hardware.
        return vnicType == "normal" && await db.Agents.AnyAsync(a => a.Host == host).ConfigureAwait(false) ? Bridge : Failed;
    }
}
