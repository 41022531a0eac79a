using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;

namespace Nephos.Placement.ResourceProviders;

/// <summary>What the list of providers is narrowed by.</summary>
internal sealed record ProviderFilter
{
    public string? Id { get; init; }
    public string? Name { get; init; }
    public string? InTree { get; init; }
    public IReadOnlyDictionary<string, long>? Resources { get; init; }
    public TraitFilter Traits { get; init; } = TraitFilter.None;
    public AggregateFilter Aggregates { get; init; } = AggregateFilter.None;
}

/// <summary>Providers and the trees they form.</summary>
internal sealed class ResourceProviderOperations(Store<PlacementDb> store)
{
    public Task<ResourceProvider> FindAsync(string id, CancellationToken cancel) => store.ReadAsync(db => FindAsync(db, id, cancel), cancel);

    public static async Task<ResourceProvider> FindAsync(PlacementDb db, string id, CancellationToken cancel) =>
        await db.Providers.FirstOrDefaultAsync(p => p.Id == id, cancel).ConfigureAwait(false) ?? throw PlacementErrors.ProviderNotFound(id);

    /// <summary>Raises the generation from the one that was seen; 409 when it is no longer that. The first statement of every change of what a provider has.</summary>
    public static async Task<long> StepAsync(PlacementDb db, string id, long seen, DateTime now, Func<ApiError> conflict, CancellationToken cancel)
    {
        var stepped = await db.Providers.Where(p => p.Id == id && p.Generation == seen).ExecuteUpdateAsync(u => u.SetProperty(p => p.Generation, p => p.Generation + 1).SetProperty(p => p.Revision, p => p.Revision + 1).SetProperty(p => p.UpdatedAt, now), cancel).ConfigureAwait(false);
        return stepped == 1 ? seen + 1 : throw conflict();
    }

    public Task<ResourceProvider> CreateAsync(RequestContext context, string id, string name, string? parentId, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var duplicates = new List<string>();
        if (await db.Providers.AnyAsync(p => p.Id == id, cancel).ConfigureAwait(false)) { duplicates.Add($"uuid: {id}"); }
        if (await db.Providers.AnyAsync(p => p.Name == name, cancel).ConfigureAwait(false)) { duplicates.Add($"name: {name}"); }
        if (duplicates.Count > 0) { throw new ConflictError($"Conflicting resource provider {string.Join(", ", duplicates)} already exists.", PlacementErrors.DuplicateName); }
        ApiError Bad(string reason) => new BadRequestError($"Unable to create resource provider \"{name}\", {id}: Object action create failed because: {reason}");
        if (parentId == id) { throw Bad("parent provider UUID cannot be same as UUID. Please set parent provider UUID to None if there is no parent."); }
        var parent = parentId is null ? null : await db.Providers.FirstOrDefaultAsync(p => p.Id == parentId, cancel).ConfigureAwait(false) ?? throw Bad("parent provider UUID does not exist.");
        var provider = new ResourceProvider { Id = id, Name = name, ParentId = parentId, RootId = parent?.RootId ?? id, CreatedAt = context.Now, UpdatedAt = context.Now };
        db.Providers.Add(provider);
        db.Record(context, "create", "resource_provider", id);
        return provider;
    }, cancel);

    /// <param name="reparent">Whether a parent is given at all; null then takes the provider out of its tree.</param>
    /// <param name="mayMove">From 1.37 on, a provider that has a parent may get another or none.</param>
    public Task<ResourceProvider> UpdateAsync(RequestContext context, string id, string name, bool reparent, string? parentId, bool mayMove, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var provider = await db.Providers.AsTracking().FirstOrDefaultAsync(p => p.Id == id, cancel).ConfigureAwait(false) ?? throw PlacementErrors.ProviderNotFound(id);
        if (await db.Providers.AnyAsync(p => p.Name == name && p.Id != id, cancel).ConfigureAwait(false)) { throw new ConflictError($"Conflicting resource provider {name} already exists.", PlacementErrors.DuplicateName); }
        provider.Name = name;
        provider.UpdatedAt = context.Now;
        provider.Revision++;
        if (reparent && parentId != provider.ParentId) { await MoveAsync(db, provider, parentId, mayMove, cancel).ConfigureAwait(false); }
        db.Record(context, "update", "resource_provider", id);
        return provider;
    }, cancel);

    public Task DeleteAsync(RequestContext context, string id, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        if (await db.Providers.AnyAsync(p => p.ParentId == id, cancel).ConfigureAwait(false))
        {
            throw new ConflictError($"Unable to delete parent resource provider {id}: It has child resource providers.", PlacementErrors.CannotDeleteParent);
        }
        if (await db.Allocations.AnyAsync(a => a.ProviderId == id, cancel).ConfigureAwait(false))
        {
            throw new ConflictError($"Unable to delete resource provider {id}: Resource provider has allocations.", PlacementErrors.ProviderInUse);
        }
        await db.Inventories.Where(i => i.ProviderId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.ProviderTraits.Where(t => t.ProviderId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.ProviderAggregates.Where(a => a.ProviderId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        if (await db.Providers.Where(p => p.Id == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false) == 0) { throw new NotFoundError($"No resource provider with uuid {id} found for delete"); }
        db.Record(context, "delete", "resource_provider", id);
    }, cancel);

    public Task<List<ResourceProvider>> ListAsync(ProviderFilter filter, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        if (filter.Resources is { } resources) { await Names.CheckClassesAsync(db, resources.Keys, cancel).ConfigureAwait(false); }
        await Names.CheckTraitsAsync(db, filter.Traits.Names, "Invalid trait(s) in \"required\" parameter: ", cancel).ConfigureAwait(false);
        var query = db.Providers.AsQueryable();
        if (filter.Id is { } id) { query = query.Where(p => p.Id == id); }
        if (filter.Name is { } name) { query = query.Where(p => p.Name == name); }
        if (filter.InTree is { } tree) { query = query.Where(p => p.RootId == db.Providers.Where(t => t.Id == tree).Select(t => t.RootId).FirstOrDefault()); }
        foreach (var (resourceClass, amount) in filter.Resources ?? new Dictionary<string, long>())
        {
            query = query.Where(p => db.Inventories.Any(i => i.ProviderId == p.Id && i.ResourceClass == resourceClass && i.Used + amount <= (i.Total - i.Reserved) * i.AllocationRatio
                && i.MinUnit <= amount && i.MaxUnit >= amount && amount % i.StepSize == 0));
        }
        foreach (var any in filter.Traits.Required) { query = query.Where(p => db.ProviderTraits.Any(t => t.ProviderId == p.Id && any.Contains(t.Trait))); }
        if (filter.Traits.Forbidden is { Count: > 0 } forbidden) { query = query.Where(p => !db.ProviderTraits.Any(t => t.ProviderId == p.Id && forbidden.Contains(t.Trait))); }
        foreach (var any in filter.Aggregates.Required) { query = query.Where(p => db.ProviderAggregates.Any(a => a.ProviderId == p.Id && any.Contains(a.AggregateId))); }
        if (filter.Aggregates.Forbidden is { Count: > 0 } none) { query = query.Where(p => !db.ProviderAggregates.Any(a => a.ProviderId == p.Id && none.Contains(a.AggregateId))); }
        return await query.OrderBy(p => p.CreatedAt).ThenBy(p => p.Id).ToListAsync(cancel).ConfigureAwait(false);
    }, cancel);

    private static async Task MoveAsync(PlacementDb db, ResourceProvider provider, string? parentId, bool mayMove, CancellationToken cancel)
    {
        ApiError Bad(string reason) => new BadRequestError($"Unable to save resource provider {provider.Id}: Object action update failed because: {reason}");
        if (parentId is null && !mayMove) { throw Bad("un-parenting a provider is not currently allowed."); }
        var parent = parentId is null ? null : await db.Providers.FirstOrDefaultAsync(p => p.Id == parentId, cancel).ConfigureAwait(false) ?? throw Bad("parent provider UUID does not exist.");
        if (provider.ParentId is not null && !mayMove) { throw Bad("re-parenting a provider is not currently allowed."); }
        var tree = await db.Providers.AsTracking().Where(p => p.RootId == provider.RootId).ToListAsync(cancel).ConfigureAwait(false);
        var below = Subtree(tree, provider.Id);
        if (parentId is not null && below.Contains(parentId)) { throw Bad("creating loop in the provider tree is not allowed."); }
        provider.ParentId = parentId;
        foreach (var moved in tree.Where(p => below.Contains(p.Id))) 
        {
            moved.RootId = parent?.RootId ?? provider.Id;
            moved.Revision++;
        }
    }

    /// <summary>The provider and all below it.</summary>
    public static HashSet<string> Subtree(IReadOnlyCollection<ResourceProvider> tree, string id)
    {
        var children = tree.ToLookup(p => p.ParentId, p => p.Id, StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([id]);
        while (open.TryPop(out var next))
        {
            if (!found.Add(next)) { continue; }
            foreach (var child in children[next]) { open.Push(child); }
        }
        return found;
    }
}
