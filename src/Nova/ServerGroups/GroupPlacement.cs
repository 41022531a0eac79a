using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Nova.Quotas;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerGroups;

/// <summary>A server's group as the scheduler sees it: how many other members each host has.</summary>
internal sealed record GroupHosts(ServerGroup Group, IReadOnlyDictionary<string, int> Others)
{
    /// <summary>Why the host may not be taken; null: it may.</summary>
    public string? Refuse(string host) => Group.Policy switch
    {
        GroupPolicies.Affinity when Others.Count > 0 && !Others.ContainsKey(host) => "is not where the other servers of its affinity group are",
        GroupPolicies.AntiAffinity when Others.GetValueOrDefault(host) >= (Group.MaxPerHost ?? 1) => "has a server of its anti-affinity group",
        _ => null,
    };

    /// <summary>The better the host, the greater; zero with hard policies.</summary>
    public int Prefer(string host) => Group.Policy switch
    {
        GroupPolicies.SoftAffinity => Others.GetValueOrDefault(host),
        GroupPolicies.SoftAntiAffinity => -Others.GetValueOrDefault(host),
        _ => 0,
    };
}

/// <summary>
/// Keeps servers of a group where its policy wants them. A host is looked at without a lock and then taken in a transaction that first updates the group's row, so that of
/// two servers of an anti-affinity group, chosen for at the same time, one sees the other.
/// </summary>
internal sealed class GroupPlacement(Store<NovaDb> store)
{
    /// <summary>The server's group; null when it has none.</summary>
    public Task<GroupHosts?> FindAsync(string serverId, CancellationToken cancel) => store.ReadAsync(db => FindAsync(db, serverId), cancel);

    /// <summary>Takes the host for the server, unless others of the group came before; then the reason.</summary>
    public Task<string?> TakeAsync(ServerGroup group, string serverId, string host, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        await db.ServerGroups.Where(g => g.Number == group.Number).ExecuteUpdateAsync(u => u.SetProperty(g => g.Generation, g => g.Generation + 1), cancel);
        // A group deleted meanwhile binds nobody.
        if (await FindAsync(db, serverId) is not { } found) { return null; }
        if (found.Refuse(host) is { } reason) { return reason; }
        await db.ServerGroupMembers.Where(m => m.ServerId == serverId).ExecuteUpdateAsync(u => u.SetProperty(m => m.Host, host), cancel);
        return null;
    }, cancel);

    private static async Task<GroupHosts?> FindAsync(NovaDb db, string serverId)
    {
        var found = await db.ServerGroups.FirstOrDefaultAsync(g => db.ServerGroupMembers.Any(m => m.ServerId == serverId && m.GroupNumber == g.Number));
        if (found is null) { return null; }
        var places = from member in db.ServerGroupMembers
                     join server in db.Servers on member.ServerId equals server.Id
                     where member.GroupNumber == found.Number && member.ServerId != serverId && !server.Deleted
                     select server.Host ?? (server.VmState == VmStates.Building ? member.Host : null);
        var hosts = (await places.ToListAsync()).OfType<string>().CountBy(host => host, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return new GroupHosts(found, hosts);
    }

    /// <summary>The group that the hints of new servers name, with room for so many of them; null when they name none. Upstream's 400 and 403.</summary>
    public static async Task<ServerGroup?> JoinAsync(NovaDb db, string projectId, string? hints, int servers)
    {
        if (IdOf(hints) is not { } id) { return null; }
        var group = await db.ServerGroups.FirstOrDefaultAsync(g => g.Id == id && g.ProjectId == projectId) ?? throw new BadRequestError($"Instance group {id} could not be found.");
        var limit = await QuotaCounts.LimitAsync(db, projectId, "server_group_members");
        var members = await db.ServerGroupMembers.CountAsync(m => m.GroupNumber == group.Number && db.Servers.Any(s => s.Id == m.ServerId && !s.Deleted));
        return limit >= 0 && members + servers > limit ? throw new OverQuotaError("Quota exceeded, too many servers in group") : group;
    }

    /// <summary>Upstream's schema takes a list too, of which the first counts.</summary>
    private static string? IdOf(string? hints)
    {
        if (hints is null) { return null; }
        using var json = JsonDocument.Parse(hints);
        if (!json.RootElement.TryGetProperty("group", out var group)) { return null; }
        if (group.ValueKind == JsonValueKind.Array) { group = group.EnumerateArray().FirstOrDefault(); }
        return group.ValueKind == JsonValueKind.String ? group.GetString() : null;
    }
}
