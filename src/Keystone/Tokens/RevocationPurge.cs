using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Tokens;

/// <summary>Forgets revocations that no living token can meet any more.</summary>
internal sealed class RevocationPurge(Store<KeystoneDb> store, TimeProvider clock) : IReconciler
{
    public string Name => "keystone.revocations";
    public TimeSpan Interval => TimeSpan.FromHours(1);
    public TimeSpan Delay => TimeSpan.FromMinutes(1);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var now = clock.Now();
        var gone = await store.WriteAsync(db => db.Revocations.Where(r => r.PurgeAt < now).ExecuteDeleteAsync(cancel), cancel);
        return $"{gone} purged";
    }
}
