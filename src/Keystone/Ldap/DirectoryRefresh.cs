using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// Asks the directories again about the users and groups that are known here, so that who was disabled, left a group or is gone loses the tokens too, also without a login; so do all users of a domain that has no directory any more. The interval is upstream's
/// <c>[identity] cache_time</c>, which is how long it believes what a directory said. A directory that does not answer changes nothing.
/// </summary>
internal sealed class DirectoryRefresh(Store<KeystoneDb> store, DomainDirectories directories, ShadowRows shadows) : IReconciler
{
    public string Name => "keystone.directories";
    public TimeSpan Interval => TimeSpan.FromMinutes(10);
    public TimeSpan Delay => TimeSpan.FromSeconds(5);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var (users, gone) = (0, 0);
        var silent = new List<string>();
        var domains = await directories.ListAsync(cancel);
        foreach (var domain in domains)
        {
            try
            {
                var (there, missing) = await RefreshAsync(domain, cancel);
                (users, gone) = (users + there, gone + missing);
            }
            catch (ApiError) { silent.Add(domain); } // why is in the log; the others are not to wait for it
        }
        var mapped = await store.ReadAsync(db => db.Set<IdMapping>().Select(m => m.DomainId).Distinct().ToListAsync(cancel), cancel);
        foreach (var domain in mapped.Except(domains, StringComparer.Ordinal)) { gone += await shadows.DisableAllAsync(domain); }
        return $"{domains.Count} domains with a directory: {users} users there, {gone} gone" + (silent.Count > 0 ? $"; no answer for {string.Join(", ", silent)}" : "");
    }

    private async Task<(int There, int Gone)> RefreshAsync(string domain, CancellationToken cancel)
    {
        if (await directories.OfAsync(domain) is not { } directory) { return (0, 0); }
        var known = await store.ReadAsync(db => db.Set<IdMapping>().Where(m => m.DomainId == domain).ToListAsync(cancel), cancel);
        var seen = await directory.UsersByIdAsync(known.Where(m => m.EntityType == IdMapping.User).Select(m => m.LocalId));
        var rows = await shadows.UsersAsync(domain, seen);
        var there = rows.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        var missing = known.Where(m => m.EntityType == IdMapping.User && !there.Contains(m.PublicId)).Select(m => m.PublicId).ToList();
        if (missing.Count > 0) { await shadows.DisableAsync(missing); }
        await MembersAsync(domain, directory, known, there);
        return (rows.Count, missing.Count);
    }

    private async Task MembersAsync(string domain, LdapDirectory directory, List<IdMapping> known, HashSet<string> users)
    {
        var groups = await directory.GroupsByIdAsync(known.Where(m => m.EntityType == IdMapping.Group).Select(m => m.LocalId));
        var rows = await shadows.GroupsAsync(domain, groups);
        var publicIds = known.Where(m => m.EntityType == IdMapping.User).ToDictionary(m => m.LocalId, m => m.PublicId, StringComparer.Ordinal);
        var ofUser = users.ToDictionary(u => u, _ => new List<string>(), StringComparer.Ordinal);
        for (var i = 0; i < groups.Count; i++)
        {
            foreach (var member in await directory.MembersAsync(groups[i]))
            {
                // Members who are not known yet are found when they log in or are listed.
                if (publicIds.TryGetValue(member.LocalId, out var id) && ofUser.TryGetValue(id, out var list)) { list.Add(rows[i].Id); }
            }
        }
        foreach (var (user, list) in ofUser) { await shadows.SetGroupsAsync(user, list); }
    }
}
