using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Paging;

namespace Nephos.Glance.Images;

/// <summary>What is asked of the list of images.</summary>
internal sealed record ImageListRequest(ImageFilter Filter, IReadOnlyList<Sort<Image>> Sorts, int Limit, string? Marker);

/// <summary>Reads images: one query for the images, one each for their properties, tags and places.</summary>
internal static class ImageQueries
{
    private static readonly SortKey<Image> Id = SortKey<Image>.Of("id", i => i.Id);
    private static readonly SortKey<Image> CreatedAt = SortKey<Image>.Of("created_at", i => i.CreatedAt);

    /// <summary>Upstream's sort keys, in the order of its error message.</summary>
    public static readonly IReadOnlyList<SortKey<Image>> Keys =
    [
        SortKey<Image>.Of("name", i => i.Name), SortKey<Image>.Of("status", i => i.Status), SortKey<Image>.Of("container_format", i => i.ContainerFormat),
        SortKey<Image>.Of("disk_format", i => i.DiskFormat), SortKey<Image>.Of("size", i => i.Size), Id, CreatedAt, SortKey<Image>.Of("updated_at", i => i.UpdatedAt),
    ];

    /// <summary>The given keys, then creation and id, which make the order total.</summary>
    public static IReadOnlyList<Sort<Image>> Complete(List<Sort<Image>> sorts)
    {
        var descending = sorts.Count == 0 || sorts[0].Descending;
        foreach (var key in new[] { CreatedAt, Id })
        {
            if (sorts.TrueForAll(s => s.Key != key)) { sorts.Add(new(key, descending)); }
        }
        return sorts;
    }

    public static async Task<FullImage?> FindAsync(GlanceDb db, string id, CancellationToken cancel) =>
        await db.Images.FirstOrDefaultAsync(i => i.Id == id, cancel).ConfigureAwait(false) is { } row ? (await FillAsync(db, [row], cancel).ConfigureAwait(false))[0] : null;

    public static async Task<List<FullImage>> FillAsync(GlanceDb db, IReadOnlyList<Image> rows, CancellationToken cancel)
    {
        var ids = rows.Select(r => r.Id).ToArray();
        var properties = await db.Properties.Where(p => ids.Contains(p.ImageId)).ToListAsync(cancel).ConfigureAwait(false);
        var tags = await db.Tags.Where(t => ids.Contains(t.ImageId)).OrderBy(t => t.Tag).ToListAsync(cancel).ConfigureAwait(false);
        var locations = await db.Locations.Where(l => ids.Contains(l.ImageId)).OrderBy(l => l.Position).ToListAsync(cancel).ConfigureAwait(false);
        var locationsOf = locations.ToLookup(l => l.ImageId, StringComparer.Ordinal);
        var propertiesOf = properties.ToLookup(p => p.ImageId, StringComparer.Ordinal);
        var tagsOf = tags.ToLookup(t => t.ImageId, t => t.Tag, StringComparer.Ordinal);
        return [.. rows.Select(r => new FullImage(r, propertiesOf[r.Id].OrderBy(p => p.Name, StringComparer.Ordinal).ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal), [.. tagsOf[r.Id]]) { Locations = [.. locationsOf[r.Id]] })];
    }

    /// <summary>Images in the caller's list: his own, public ones, those offered to his project with the member status, and community ones only when asked for.</summary>
    public static IQueryable<Image> Visible(GlanceDb db, RequestContext context, string? visibility, string memberStatus)
    {
        var images = db.Images.AsQueryable();
        var project = context.Who.ProjectId;
        if (!context.IsAdmin)
        {
            var anyStatus = memberStatus == "all";
            images = images.Where(i => i.Visibility == ImageVisibility.Public || i.Visibility == ImageVisibility.Community || (project != null && i.Owner == project)
                || (i.Visibility == ImageVisibility.Shared && db.Members.Any(m => m.ImageId == i.Id && m.MemberId == project && (anyStatus || m.Status == memberStatus))));
        }
        return visibility switch
        {
            "all" => images,
            not null => images.Where(i => i.Visibility == visibility),
            null => images.Where(i => i.Visibility != ImageVisibility.Community || (project != null && i.Owner == project)),
        };
    }
}
