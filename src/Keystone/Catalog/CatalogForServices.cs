using Nephos.Contracts.Keystone;

namespace Nephos.Keystone.Catalog;

/// <summary>What other services ask of the catalog.</summary>
internal sealed class CatalogForServices(CatalogReader catalog) : IServiceCatalog
{
    public async Task<string?> FindAsync(string type, string region, string interfaceName, CancellationToken cancel) =>
        (await catalog.ReadAsync(null, "", cancel)).Where(s => s.Type == type).SelectMany(s => s.Endpoints).FirstOrDefault(e => e.RegionId == region && e.Interface == interfaceName)?.Url;
}
