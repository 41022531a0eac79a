using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.FederatedUsers;

/// <summary>Ends group memberships whose time has passed since the login that gave them. Times are whole minutes upstream, so that a minute's delay is as exact as the setting.</summary>
internal sealed class ExpiringMembershipReconciler(Store<KeystoneDb> store, TokenInvalidation tokens, FederationSettings settings, TimeProvider clock) : IReconciler
{
    public string Name => "keystone.expiring-memberships";
    public TimeSpan Interval => TimeSpan.FromMinutes(1);
    public TimeSpan Delay => TimeSpan.FromSeconds(5);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var now = clock.Now();
        var providers = await store.ReadAsync(db => db.IdentityProviders.Where(p => db.ExpiringMemberships.Any(m => m.IdpId == p.Id && m.Active)).ToListAsync(cancel), cancel);
        var ended = 0;
        foreach (var provider in providers)
        {
            var limit = now - settings.TtlOf(provider);
            if (!await store.ReadAsync(db => db.ExpiringMemberships.AnyAsync(m => m.IdpId == provider.Id && m.Active && m.LastVerified <= limit, cancel), cancel)) { continue; }
            ended += await store.WriteAsync(async db =>
            {
                var count = await db.ExpiringMemberships.Where(m => m.IdpId == provider.Id && m.Active && m.LastVerified <= limit).ExecuteUpdateAsync(u => u.SetProperty(m => m.Active, false), cancel);
                await tokens.RecheckAllAsync(db);
                return count;
            }, cancel);
        }
        return $"{ended} ended";
    }
}
