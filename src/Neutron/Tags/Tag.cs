using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Neutron.Tags;

/// <summary>A label on a resource of any kind (extension <c>standard-attr-tag</c>).</summary>
internal sealed class Tag
{
    public required string ResourceId { get; set; }
    public required string Name { get; set; }

    public static void Map(ModelBuilder model) => model.Entity<Tag>(tag =>
    {
        tag.ToTable("tags");
        tag.HasKey(t => new { t.ResourceId, t.Name });
        tag.HasIndex(t => t.Name).HasDatabaseName("tags_by_name");
        tag.Property(t => t.Name).HasColumnName("tag");
    });

    /// <summary>The tags of a body, each once. extensions/tagging: a list of text, 1 to 255 characters, at most 50.</summary>
    public static IReadOnlyList<string> Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) { throw Invalid($"Invalid input for operation: Invalid tags body."); }
        var tags = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String) { throw Invalid($"Invalid input for operation: {WireSchema.Show(item)} is not a valid string."); }
            var tag = item.GetString()!;
            Check(tag);
            if (!tags.Contains(tag, StringComparer.Ordinal)) { tags.Add(tag); }
        }
        return tags.Count <= Limits.TagsPerResource ? tags : throw Invalid($"Invalid input for operation: A maximum of {Limits.TagsPerResource} tags can be set.");
    }

    public static void Check(string tag)
    {
        if (tag.Trim().Length == 0) { throw Invalid($"Invalid input for operation: '{tag}' Blank strings are not permitted."); }
        if (tag.Length > Limits.TagLength) { throw Invalid($"Invalid input for operation: '{tag}' exceeds maximum length of {Limits.TagLength}."); }
    }

    private static BadRequestError Invalid(string message) => new(message, "InvalidInput");

    /// <summary>Tags of many resources, one query.</summary>
    public static async Task<ILookup<string, string>> OfAsync(NeutronDb db, IReadOnlyCollection<string> ids) =>
        (await db.Tags.Where(t => ids.Contains(t.ResourceId)).OrderBy(t => t.Name).ToListAsync().ConfigureAwait(false)).ToLookup(t => t.ResourceId, t => t.Name);

    /// <summary>Labels a new resource.</summary>
    public static void Add(NeutronDb db, string id, IReadOnlyList<string>? tags)
    {
        foreach (var tag in tags ?? []) { db.Tags.Add(new Tag { ResourceId = id, Name = tag }); }
    }

    /// <summary>Takes all labels from resources that go.</summary>
    public static Task RemoveAsync(NeutronDb db, params IReadOnlyCollection<string> ids) => db.Tags.Where(t => ids.Contains(t.ResourceId)).ExecuteDeleteAsync();
}

/// <summary>The four tag filters; each value is a list with commas.</summary>
internal static class TagFilters
{
    public static IQueryable<T> All<T>(NeutronDb db, IQueryable<T> query, IReadOnlyList<string> values) where T : StandardRow
    {
        foreach (var tag in Split(values)) { query = query.Where(r => db.Tags.Any(t => t.ResourceId == r.Id && t.Name == tag)); }
        return query;
    }

    public static IQueryable<T> Any<T>(NeutronDb db, IQueryable<T> query, IReadOnlyList<string> values) where T : StandardRow
    {
        var tags = Split(values);
        return query.Where(r => db.Tags.Any(t => t.ResourceId == r.Id && tags.Contains(t.Name)));
    }

    public static IQueryable<T> NotAll<T>(NeutronDb db, IQueryable<T> query, IReadOnlyList<string> values) where T : StandardRow
    {
        var tags = Split(values);
        return query.Where(r => db.Tags.Count(t => t.ResourceId == r.Id && tags.Contains(t.Name)) < tags.Count);
    }

    public static IQueryable<T> NotAny<T>(NeutronDb db, IQueryable<T> query, IReadOnlyList<string> values) where T : StandardRow
    {
        var tags = Split(values);
        return query.Where(r => !db.Tags.Any(t => t.ResourceId == r.Id && tags.Contains(t.Name)));
    }

    private static List<string> Split(IReadOnlyList<string> values) => [.. values.SelectMany(v => v.Split(',')).Distinct(StringComparer.Ordinal)];
}
