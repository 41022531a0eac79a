using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Store;

namespace Nephos.Glance.Metadefs;

/// <summary>What is asked of the list of namespaces.</summary>
internal sealed record NamespaceListRequest(string? Visibility, IReadOnlyList<string>? ResourceTypes, IReadOnlyList<Sort<MetadefNamespace>> Sorts, int Limit, string? Marker);

/// <summary>What is done to namespaces and what is in them; policy has been asked before.</summary>
internal sealed class MetadefOperations(Store<GlanceDb> store)
{
    private static readonly SortKey<MetadefNamespace> Id = SortKey<MetadefNamespace>.Of("id", n => n.Id);

    public static readonly IReadOnlyList<SortKey<MetadefNamespace>> Keys =
    [
        SortKey<MetadefNamespace>.Of("created_at", n => n.CreatedAt), SortKey<MetadefNamespace>.Of("updated_at", n => n.UpdatedAt), SortKey<MetadefNamespace>.Of("namespace", n => n.Namespace),
        SortKey<MetadefNamespace>.Of("display_name", n => n.DisplayName), SortKey<MetadefNamespace>.Of("description", n => n.Description), SortKey<MetadefNamespace>.Of("visibility", n => n.Visibility),
        SortKey<MetadefNamespace>.Of("protected", n => n.Protected), SortKey<MetadefNamespace>.Of("owner", n => n.Owner), Id,
    ];

    public static readonly IReadOnlyList<SortKey<MetadefTag>> TagKeys =
        [SortKey<MetadefTag>.Of("created_at", t => t.CreatedAt), SortKey<MetadefTag>.Of("updated_at", t => t.UpdatedAt), SortKey<MetadefTag>.Of("name", t => t.Name), SortKey<MetadefTag>.Of("id", t => t.Id)];

    public Task CreateAsync(RequestContext context, FullNamespace full, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        await AddAsync(db, full, cancel).ConfigureAwait(false);
        db.Record(context, "create", "metadef_namespace", full.Row.Id, full.Row.Owner);
    }, cancel);

    /// <summary>Adds a namespace with its parts to a transaction.</summary>
    internal static async Task AddAsync(GlanceDb db, FullNamespace full, CancellationToken cancel, bool system = false)
    {
        var row = full.Row;
        if (await db.MetadefNamespaces.AnyAsync(n => n.Namespace == row.Namespace, cancel).ConfigureAwait(false)) { throw Duplicate(row.Namespace); }
        CheckTwice(full.Objects.Select(o => o.Name), name => MetadefObject.Words.AlreadyThere(name, row));
        CheckTwice(full.Tags.Select(t => t.Name), name => MetadefTag.Words.AlreadyThere(name, row));
        CheckTwice(full.Associations.Select(a => a.ResourceType), name => AssociationExists(name, row.Namespace));
        db.MetadefNamespaces.Add(row);
        db.MetadefAssociations.AddRange(full.Associations);
        db.MetadefProperties.AddRange(full.Properties);
        db.MetadefObjects.AddRange(full.Objects);
        db.MetadefTags.AddRange(full.Tags);
        await AddTypesAsync(db, [.. full.Associations.Select(a => a.ResourceType)], row.CreatedAt, system, cancel).ConfigureAwait(false);
    }

    public Task<List<FullNamespace>> ListAsync(RequestContext context, NamespaceListRequest request, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var query = db.MetadefNamespaces.AsQueryable();
        var project = context.Who.ProjectId;
        if (!context.IsAdmin) { query = query.Where(n => n.Visibility == "public" || (project != null && n.Owner == project)); }
        if (request.Visibility is { } visibility) { query = query.Where(n => n.Visibility == visibility); }
        if (request.ResourceTypes is { } types) { query = query.Where(n => db.MetadefAssociations.Any(a => a.NamespaceId == n.Id && types.Contains(a.ResourceType))); }
        query = query.OrderByKeys(request.Sorts);
        if (request.Marker is { } marker)
        {
            var last = await db.MetadefNamespaces.FirstOrDefaultAsync(n => n.Namespace == marker, cancel).ConfigureAwait(false);
            if (last is null || !MetadefScope.CanSee(context, last)) { throw new NotFoundError(MetadefScope.Long(marker)); }
            query = query.After(request.Sorts, last);
        }
        var rows = await query.Take(request.Limit).ToListAsync(cancel).ConfigureAwait(false);
        var ids = rows.ConvertAll(r => r.Id);
        var associations = (await db.MetadefAssociations.Where(a => ids.Contains(a.NamespaceId)).OrderBy(a => a.ResourceType).ToListAsync(cancel).ConfigureAwait(false)).ToLookup(a => a.NamespaceId, StringComparer.Ordinal);
        return rows.ConvertAll(r => new FullNamespace(r) { Associations = [.. associations[r.Id]] });
    }, cancel);

    public Task<FullNamespace> FillAsync(MetadefNamespace row, CancellationToken cancel) => store.ReadAsync(async db => new FullNamespace(row)
    {
        Associations = await db.MetadefAssociations.Where(a => a.NamespaceId == row.Id).OrderBy(a => a.ResourceType).ToListAsync(cancel).ConfigureAwait(false),
        Properties = await db.MetadefProperties.Where(a => a.NamespaceId == row.Id).OrderBy(p => p.Name).ToListAsync(cancel).ConfigureAwait(false),
        Objects = await db.MetadefObjects.Where(a => a.NamespaceId == row.Id).OrderBy(o => o.Name).ToListAsync(cancel).ConfigureAwait(false),
        Tags = await db.MetadefTags.Where(a => a.NamespaceId == row.Id).OrderBy(t => t.Name).ToListAsync(cancel).ConfigureAwait(false),
    }, cancel);

    /// <summary>Changes a namespace itself.</summary>
    public Task<MetadefNamespace> UpdateAsync(RequestContext context, MetadefNamespace seen, string name, Action<MetadefNamespace> change, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var row = await db.MetadefNamespaces.AsTracking().FirstOrDefaultAsync(n => n.Id == seen.Id, cancel).ConfigureAwait(false) ?? throw new NotFoundError(MetadefScope.Short(seen.Namespace));
        if (name != row.Namespace && await db.MetadefNamespaces.AnyAsync(n => n.Namespace == name, cancel).ConfigureAwait(false))
        {
            throw new ConflictError($"Invalid update. It would result in a duplicate metadata definition namespace with the same name of {name}");
        }
        row.Namespace = name;
        change(row);
        row.UpdatedAt = context.Now;
        db.Record(context, "update", "metadef_namespace", row.Id, row.Owner);
        return row;
    }, cancel);

    public Task DeleteAsync(RequestContext context, MetadefNamespace seen, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        await CheckUnprotectedAsync(db, seen, cancel).ConfigureAwait(false);
        await EmptyAsync(db, seen.Id, cancel).ConfigureAwait(false);
        db.Record(context, "delete", "metadef_namespace", seen.Id, seen.Owner);
    }, cancel);

    /// <summary>Removes a namespace with all that is in it.</summary>
    internal static async Task EmptyAsync(GlanceDb db, string id, CancellationToken cancel)
    {
        await db.MetadefObjects.Where(o => o.NamespaceId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.MetadefProperties.Where(o => o.NamespaceId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.MetadefTags.Where(o => o.NamespaceId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.MetadefAssociations.Where(o => o.NamespaceId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.MetadefNamespaces.Where(n => n.Id == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Removes all parts of one kind.</summary>
    public Task ClearAsync<TPart>(RequestContext context, MetadefNamespace seen, Func<GlanceDb, IQueryable<TPart>> parts, CancellationToken cancel) where TPart : class => store.WriteAsync(async db =>
    {
        await CheckUnprotectedAsync(db, seen, cancel).ConfigureAwait(false);
        await parts(db).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        db.Record(context, "update", "metadef_namespace", seen.Id, seen.Owner);
    }, cancel);

    /// <summary>One change to the parts of a namespace, in a transaction that knows that it is still there.</summary>
    public Task<T> ChangeAsync<T>(RequestContext context, MetadefNamespace seen, Func<GlanceDb, MetadefNamespace, Task<T>> change, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var row = await db.MetadefNamespaces.FirstOrDefaultAsync(n => n.Id == seen.Id, cancel).ConfigureAwait(false) ?? throw new NotFoundError(MetadefScope.Short(seen.Namespace));
        db.Record(context, "update", "metadef_namespace", row.Id, row.Owner);
        return await change(db, row).ConfigureAwait(false);
    }, cancel);

    public Task<T> ReadAsync<T>(Func<GlanceDb, Task<T>> read, CancellationToken cancel) => store.ReadAsync(read, cancel);

    /// <summary>Resource types come into being with the first association that names them.</summary>
    internal static async Task AddTypesAsync(GlanceDb db, IReadOnlyList<string> names, DateTime now, bool system, CancellationToken cancel)
    {
        var known = await db.MetadefResourceTypes.Where(t => names.Contains(t.Name)).Select(t => t.Name).ToListAsync(cancel).ConfigureAwait(false);
        db.MetadefResourceTypes.AddRange(names.Except(known, StringComparer.Ordinal).Select(name => new MetadefResourceType { Name = name, Protected = system, CreatedAt = now, UpdatedAt = now }));
    }

    public static ApiError AssociationExists(string name, string inNamespace) =>
        new ConflictError($"The metadata definition resource-type association of resource-type={name} to namespace={inNamespace} already exists.");

    private static ConflictError Duplicate(string name) => new($"The metadata definition namespace={name} already exists.");

    private static void CheckTwice(IEnumerable<string> names, Func<string, ApiError> error)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (!seen.Add(name)) { throw error(name); }
        }
    }

    private static async Task CheckUnprotectedAsync(GlanceDb db, MetadefNamespace seen, CancellationToken cancel)
    {
        var row = await db.MetadefNamespaces.FirstOrDefaultAsync(n => n.Id == seen.Id, cancel).ConfigureAwait(false) ?? throw new NotFoundError(MetadefScope.Short(seen.Namespace));
        if (row.Protected) { throw new ForbiddenError($"Metadata definition namespace {row.Namespace} is protected and cannot be deleted."); }
    }
}
