using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Keystone.EndpointAssociations;

namespace Nephos.Keystone.Catalog;

/// <summary>A service in the catalog as tokens carry it.</summary>
public sealed record CatalogService(IReadOnlyList<CatalogEndpoint> Endpoints, string Type, string Id, string Name);

/// <summary>One of its addresses; <c>region</c> is the older name of <c>region_id</c>.</summary>
public sealed record CatalogEndpoint(string Id, string Interface, string? RegionId, string Url, string? Region);

/// <summary>The catalog: enabled endpoints of enabled services, with the addresses filled in for whom it is shown to.</summary>
internal sealed class CatalogReader(Store<KeystoneDb> store)
{
    public async Task<IReadOnlyList<CatalogService>> ReadAsync(string? projectId, string userId, CancellationToken cancel)
    {
        var (services, endpoints, restricted) = await store.ReadAsync(async db =>
        {
            var all = await db.ServiceEndpoints.OrderBy(e => e.Id).ToListAsync();
            var own = projectId is null ? [] : await ProjectEndpointOperations.OfProjectAsync(db, projectId, all);
            return (await db.Services.Where(s => s.Enabled).OrderBy(s => s.Type).ThenBy(s => s.Id).ToListAsync(), (own.Count > 0 ? own : all).FindAll(e => e.Enabled), own.Count > 0);
        }, cancel);
        var byService = endpoints.ToLookup(e => e.ServiceId);
        // Services without endpoints are shown, unless the project is restricted to some: as upstream.
        return [.. services.Where(s => !restricted || byService.Contains(s.Id)).Select(s => new CatalogService(
            [.. byService[s.Id].Select(e => (Row: e, Url: Fill(e.Url, projectId, userId))).Where(e => e.Url is not null).Select(e => new CatalogEndpoint(e.Row.Id, e.Row.Interface, e.Row.RegionId, e.Url!, e.Row.RegionId))],
            s.Type, s.Id, Extra.Read(s.Extra).TryGetValue("name", out var name) && name.ValueKind == System.Text.Json.JsonValueKind.String ? name.GetString()! : ""))];
    }

    /// <summary>Fills <c>$(project_id)s</c>, <c>%(tenant_id)s</c> and the like; null when the address needs a project and there is none, or names something unknown: upstream leaves such out.</summary>
    internal static string? Fill(string url, string? projectId, string userId)
    {
        if (!url.Contains('(', StringComparison.Ordinal)) { return url; }
        foreach (var (name, value) in new[] { ("project_id", projectId), ("tenant_id", projectId), ("user_id", userId) })
        {
            foreach (var mark in new[] { $"$({name})s", $"%({name})s" })
            {
                if (!url.Contains(mark, StringComparison.Ordinal)) { continue; }
                if (value is null) { return null; }
                url = url.Replace(mark, value, StringComparison.Ordinal);
            }
        }
        return url.Contains("$(", StringComparison.Ordinal) || url.Contains("%(", StringComparison.Ordinal) ? null : url;
    }
}
