using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.Trusts;

/// <summary>The trusts from which a trust was made, one after the other. Upstream: <c>get_trust_pedigree</c> and <c>_validate_redelegation</c> in <c>keystone/trust/core.py</c>.</summary>
internal static class TrustChain
{
    /// <summary>A chain is as long as upstream's greatest sensible limit at most; a row that points in a circle ends here.</summary>
    private const int Longest = 64;

    /// <summary>This one first, the one of the first trustor last; null when one of them is gone or over.</summary>
    public static async Task<List<Trust>?> AboveAsync(KeystoneDb db, Trust trust, DateTime now)
    {
        var chain = new List<Trust> { trust };
        while (chain[^1].RedelegatedTrustId is { } id)
        {
            var above = await db.Trusts.FirstOrDefaultAsync(t => t.Id == id && (t.ExpiresAt == null || t.ExpiresAt >= now));
            if (above is null || chain.Count > Longest) { return null; }
            chain.Add(above);
        }
        return chain;
    }

    /// <summary>403 unless all above a new trust let it be: depth left, no later end, no more roles, no impersonation that was not given.</summary>
    public static async Task EnsureFitsAsync(KeystoneDb db, Trust from, Trust trust, List<string> roleIds, int max, DateTime now)
    {
        foreach (var above in await AboveAsync(db, from, now) ?? throw Faults.NotFound("trust", from.RedelegatedTrustId!))
        {
            var allowed = await db.TrustRoles.Where(r => r.TrustId == above.Id).Select(r => r.RoleId).ToListAsync();
            if (above.RedelegationCount is not { } depth || depth <= 0 || depth > max || trust.RemainingUses is not null || above.ExpiresAt < trust.ExpiresAt || roleIds.Except(allowed).Any()
                || (trust.Impersonation && !above.Impersonation)) { throw Faults.Forbidden(); }
            trust.ExpiresAt ??= above.ExpiresAt;
        }
    }

    /// <summary>403 when somebody in the chain is disabled or gone, 404 when a trust of it is.</summary>
    public static async Task EnsureHoldsAsync(KeystoneDb db, Trust trust, DateTime now)
    {
        if (trust.RedelegatedTrustId is null) { return; }
        var chain = await AboveAsync(db, trust, now) ?? throw Faults.NotFound("trust", trust.RedelegatedTrustId);
        if (!await AgentsEnabledAsync(db, chain)) { throw Faults.Forbidden(); }
    }

    public static async Task<bool> AgentsEnabledAsync(KeystoneDb db, List<Trust> chain)
    {
        var agents = chain.Skip(1).Select(t => t.TrusteeUserId).Distinct().ToList();
        return agents.Count == 0 || await db.Users.CountAsync(u => agents.Contains(u.Id) && u.Enabled) == agents.Count;
    }

    /// <summary>The roles of a token of the trust, domain roles among them; null when the first trustor has lost one.</summary>
    public static async Task<List<string>?> RolesAsync(KeystoneDb db, List<Trust> chain, Project project)
    {
        var trustId = chain[0].Id;
        var ids = EffectiveRoles.Close(await db.TrustRoles.Where(r => r.TrustId == trustId).Select(r => r.RoleId).ToListAsync(), await db.ImpliedRoles.ToListAsync());
        var have = await EffectiveRoles.IdsOnProjectAsync(db, chain[^1].TrustorUserId, project);
        return ids.Except(have).Any() ? null : ids;
    }
}
