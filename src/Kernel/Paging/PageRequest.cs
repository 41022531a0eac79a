using System.Globalization;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Kernel.Paging;

/// <summary>What a client asked of a list: how many, after which, in which order.</summary>
/// <param name="Limit">Rows of the page; null for all.</param>
/// <param name="Marker">Id of the last row of the page before.</param>
/// <param name="Sorts">Keys with their directions; <see cref="Resolve{T}"/> turns them into columns.</param>
public sealed record PageRequest(int? Limit, string? Marker, IReadOnlyList<(string Key, bool Descending)> Sorts, bool Reverse = false)
{
    /// <summary>
    /// Reads <c>limit</c>, <c>marker</c>, <c>sort_key</c>, <c>sort_dir</c> (each sort parameter may come several times, paired by position), and
    /// <c>sort=key:dir,key:dir</c>.
    /// </summary>
    /// <param name="max">Most rows of a page; a larger limit is cut to it, no limit means it. Null: no bound.</param>
    public static PageRequest Of(CallQuery query, int? max, string defaultDirection = "desc")
    {
        int? limit = max;
        if (query["limit"] is { } text)
        {
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var asked)) { throw new BadRequestError("limit param must be an integer"); }
            if (asked < 0) { throw new BadRequestError("limit param must be positive"); }
            limit = max is { } most ? Math.Min(asked, most) : asked;
        }
        var sorts = new List<(string, bool)>();
        if (query["sort"] is { Length: > 0 } sort)
        {
            foreach (var part in sort.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var colon = part.IndexOf(':', StringComparison.Ordinal);
                sorts.Add(colon < 0 ? (part, Direction(defaultDirection)) : (part[..colon], Direction(part[(colon + 1)..])));
            }
        }
        var keys = query.All("sort_key");
        var directions = query.All("sort_dir");
        for (var i = 0; i < keys.Count; i++)
        {
            sorts.Add((keys[i], Direction(i < directions.Count ? directions[i] : directions.Count > 0 ? directions[^1] : defaultDirection)));
        }
        return new PageRequest(limit, query["marker"], sorts);
    }

    private static bool Direction(string text) => text switch
    {
        "asc" => false,
        "desc" => true,
        _ => throw new BadRequestError($"Unknown sort direction, must be one of: asc, desc"),
    };

    /// <summary>The sort columns: the asked keys, or the defaults, always ended by the unique <paramref name="last"/> key. Unknown keys are the caller's 400.</summary>
    public IReadOnlyList<Sort<T>> Resolve<T>(IReadOnlyList<SortKey<T>> keys, IReadOnlyList<Sort<T>> defaults, SortKey<T> last, Func<string, ApiError> unknown)
    {
        var sorts = new List<Sort<T>>();
        foreach (var (name, descending) in Sorts)
        {
            var key = keys.FirstOrDefault(k => k.Name == name) ?? throw unknown(name);
            if (sorts.All(s => s.Key.Name != name)) { sorts.Add(new(key, descending ^ Reverse)); }
        }
        if (sorts.Count == 0) { sorts.AddRange(defaults.Select(d => d with { Descending = d.Descending ^ Reverse })); }
        if (sorts.All(s => s.Key.Name != last.Name)) { sorts.Add(new(last, sorts.Count > 0 ? sorts[^1].Descending : Reverse)); }
        return sorts;
    }
}
