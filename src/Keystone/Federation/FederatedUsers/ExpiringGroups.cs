using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Federation.FederatedUsers;

/// <summary>The groups that logins through identity providers gave a user and that still count, with their end.</summary>
internal static class ExpiringGroups
{
    public static async Task<Dictionary<string, DateTime>> OfUserAsync(KeystoneDb db, FederationSettings settings, string userId, DateTime now)
    {
        var rows = await db.ExpiringMemberships.Where(m => m.UserId == userId && m.Active).Join(db.IdentityProviders, m => m.IdpId, p => p.Id, (membership, provider) => new { membership, provider }).ToListAsync();
        return rows.Select(r => (r.membership.GroupId, EndsAt: r.membership.LastVerified + settings.TtlOf(r.provider))).Where(r => r.EndsAt > now)
            .GroupBy(r => r.GroupId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Max(r => r.EndsAt), StringComparer.Ordinal);
    }
}
