using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Placement.ResourceClasses;
using Nephos.Placement.Traits;

namespace Nephos.Placement;

/// <summary>Whether names are known: standard ones are in the program, custom ones in the database.</summary>
internal static class Names
{
    /// <summary>The first name that is no resource class, or null.</summary>
    public static async Task<string?> UnknownClassAsync(PlacementDb db, IEnumerable<string> names, CancellationToken cancel)
    {
        var custom = names.Where(n => !StandardResourceClasses.All.Contains(n)).Distinct(StringComparer.Ordinal).ToArray();
        if (custom.Length == 0) { return null; }
        var known = await db.CustomResourceClasses.Where(c => custom.Contains(c.Name)).Select(c => c.Name).ToListAsync(cancel).ConfigureAwait(false);
        return custom.Except(known, StringComparer.Ordinal).FirstOrDefault();
    }

    /// <summary>The names that are no traits, in order.</summary>
    public static async Task<IReadOnlyList<string>> UnknownTraitsAsync(PlacementDb db, IEnumerable<string> names, CancellationToken cancel)
    {
        var custom = names.Where(n => !StandardTraits.All.Contains(n)).Distinct(StringComparer.Ordinal).ToArray();
        if (custom.Length == 0) { return []; }
        var known = await db.CustomTraits.Where(t => custom.Contains(t.Name)).Select(t => t.Name).ToListAsync(cancel).ConfigureAwait(false);
        return [.. custom.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    public static async Task CheckClassesAsync(PlacementDb db, IEnumerable<string> names, CancellationToken cancel)
    {
        if (await UnknownClassAsync(db, names, cancel).ConfigureAwait(false) is { } name) { throw new BadRequestError($"Invalid resource class in resources parameter: No such resource class {name}."); }
    }

    public static async Task CheckTraitsAsync(PlacementDb db, IEnumerable<string> names, string prefix, CancellationToken cancel)
    {
        var unknown = await UnknownTraitsAsync(db, names, cancel).ConfigureAwait(false);
        if (unknown.Count > 0) { throw new BadRequestError($"{prefix}No such trait(s): {string.Join(", ", unknown)}."); }
    }
}
