using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Metadefs;

/// <summary>A part of a namespace with a name of its own in it: an object, a property, a tag.</summary>
public interface IMetadefPart
{
    string NamespaceId { get; }
    string Name { get; set; }
    DateTime UpdatedAt { get; set; }

    /// <summary>How upstream speaks of this kind.</summary>
    static abstract PartWords Words { get; }
}

/// <param name="Kind">object, property, tag.</param>
/// <param name="Same">The words before "name" where an update would make two of one name.</param>
/// <param name="Exists">What is said when a name, in a namespace, is there already.</param>
public sealed record PartWords(string Kind, string Same, Func<string, string, string> Exists)
{
    internal NotFoundError Missing(string name, MetadefNamespace row) => new($"The metadata definition {Kind} with name={name} was not found in namespace={row.Namespace}.");
    internal ConflictError AlreadyThere(string name, MetadefNamespace row) => new(Exists(name, row.Namespace));
    internal ForbiddenError IsProtected(string name) => new($"Metadata definition {Kind} {name} is protected and cannot be deleted.");
    internal ConflictError WouldBeTwo(string name, MetadefNamespace row) => new($"Invalid update. It would result in a duplicate metadata definition {Kind} with {Same} name={name} in namespace={row.Namespace}.");
}

/// <summary>What is done alike to all kinds of parts; the caller has been asked whether he may.</summary>
internal static class PartOperations
{
    public static Task<TPart> CreatePartAsync<TPart>(this Call call, MetadefNamespace seen, Func<MetadefNamespace, TPart> make) where TPart : class, IMetadefPart =>
        call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            var made = make(row);
            if (await Named<TPart>(db, row, made.Name).AnyAsync(call.Cancel).ConfigureAwait(false)) { throw TPart.Words.AlreadyThere(made.Name, row); }
            db.Add(made);
            return made;
        }, call.Cancel);

    public static async Task<TPart> FindPartAsync<TPart>(this Call call, MetadefNamespace seen, string name) where TPart : class, IMetadefPart =>
        await call.Get<MetadefOperations>().ReadAsync(db => Named<TPart>(db, seen, name).FirstOrDefaultAsync(call.Cancel), call.Cancel).ConfigureAwait(false) ?? throw TPart.Words.Missing(name, seen);

    /// <param name="name">Its name from now on.</param>
    /// <param name="fill">Sets what else there is.</param>
    public static Task<TPart> UpdatePartAsync<TPart>(this Call call, MetadefNamespace seen, string old, string name, Action<TPart> fill) where TPart : class, IMetadefPart =>
        call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            var found = await Named<TPart>(db, row, old).AsTracking().FirstOrDefaultAsync(call.Cancel).ConfigureAwait(false) ?? throw TPart.Words.Missing(old, row);
            if (name != old && await Named<TPart>(db, row, name).AnyAsync(call.Cancel).ConfigureAwait(false)) { throw TPart.Words.WouldBeTwo(name, row); }
            (found.Name, found.UpdatedAt) = (name, call.Context.Now);
            fill(found);
            return found;
        }, call.Cancel);

    public static async Task<Reply> DeletePartAsync<TPart>(this Call call, MetadefNamespace seen, string name) where TPart : class, IMetadefPart
    {
        await call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            if (!await Named<TPart>(db, row, name).AnyAsync(call.Cancel).ConfigureAwait(false)) { throw TPart.Words.Missing(name, row); }
            if (row.Protected) { throw TPart.Words.IsProtected(name); }
            return await Named<TPart>(db, row, name).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    public static async Task<Reply> DeletePartsAsync<TPart>(this Call call, MetadefNamespace seen) where TPart : class, IMetadefPart
    {
        await call.Get<MetadefOperations>().ClearAsync(call.Context, seen, db => db.Set<TPart>().Where(p => p.NamespaceId == seen.Id), call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static IQueryable<TPart> Named<TPart>(GlanceDb db, MetadefNamespace row, string name) where TPart : class, IMetadefPart => db.Set<TPart>().Where(p => p.NamespaceId == row.Id && p.Name == name);
}
