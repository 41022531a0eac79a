using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Trusts;

/// <summary>Forgets trusts that are over. Upstream: <c>keystone-manage trust_flush</c>.</summary>
internal sealed class TrustPurge(Store<KeystoneDb> store, TimeProvider clock) : IReconciler
{
    public string Name => "keystone.trusts";
    public TimeSpan Interval => TimeSpan.FromHours(1);
    public TimeSpan Delay => TimeSpan.FromMinutes(1);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var now = clock.Now();
        var gone = await store.WriteAsync(db => db.Trusts.Where(t => t.ExpiresAt < now).ExecuteDeleteAsync(cancel), cancel);
        return $"{gone} purged";
    }
}
