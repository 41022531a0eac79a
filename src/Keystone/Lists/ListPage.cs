using System.Linq.Expressions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;

namespace Nephos.Keystone.Lists;

/// <summary>Rows of a page; <see cref="IsFull"/> when there may be more.</summary>
internal sealed record ListPage<T>(List<T> Rows, bool IsFull);

/// <summary>
/// Pages of lists: <c>limit</c> and <c>marker</c>, by id or name. A request without a limit gets <see cref="KeystoneSettings.ListLimit"/> rows, and no limit
/// is more than <see cref="KeystoneSettings.MaxDbLimit"/>; an answer that is cut says <c>truncated</c> and links to the rest, also where upstream cuts it silently.
/// </summary>
internal static class ListPages
{
    /// <param name="capped">Upstream's users, groups and projects: no request gets more than the greatest limit, and a page with as many rows as were asked for counts as cut, without a look whether there are more.</param>
    public static async Task<ListPage<T>> PageAsync<T>(this IQueryable<T> rows, CallQuery query, KeystoneSettings settings, Expression<Func<T, string>> id, Expression<Func<T, string>> name, bool capped = false) where T : class
    {
        var page = PageRequest.Of(query, null, "asc");
        var byId = SortKey<T>.Of("id", id);
        var sorts = page.Resolve([SortKey<T>.Of("name", name), byId], [new Sort<T>(byId, false)], byId, key => new BadRequestError($"Sort key {key} is not known."));
        var ordered = rows.OrderByKeys(sorts);
        if (page.Marker is { } marker)
        {
            var isMarker = Expression.Lambda<Func<T, bool>>(Expression.Equal(id.Body, Expression.Constant(marker)), id.Parameters);
            ordered = ordered.After(sorts, await rows.FirstOrDefaultAsync(isMarker) ?? throw NoMarker(marker));
        }
        if ((Limit(page, settings) ?? (capped ? settings.MaxDbLimit : null)) is not { } limit) { return new(await ordered.ToListAsync(), false); }
        var found = await ordered.Take(limit + 1).ToListAsync();
        var isFull = found.Count > limit || (capped && page.Limit is not null && found.Count == limit);
        if (found.Count > limit) { found.RemoveAt(limit); }
        return new(found, isFull);
    }

    /// <summary>A page of a short list that is in memory already.</summary>
    public static ListPage<T> Page<T>(this IEnumerable<T> rows, CallQuery query, KeystoneSettings settings, Func<T, string> id)
    {
        var page = PageRequest.Of(query, null, "asc");
        var all = rows.ToList();
        if (page.Marker is { } marker)
        {
            var at = all.FindIndex(row => id(row) == marker);
            all.RemoveRange(0, at < 0 ? throw NoMarker(marker) : at + 1);
        }
        return Limit(page, settings) is { } limit && all.Count > limit ? new(all[..limit], true) : new(all, false);
    }

    /// <summary>A page of views with its links.</summary>
    public static Reply Page<TRow, TView>(this Call call, string name, ListPage<TRow> page, Func<TRow, TView> view, Func<TRow, string> id)
    {
        string? next = null;
        if (page is { IsFull: true, Rows.Count: > 0 })
        {
            var query = call.Query.Names.Where(n => n != "marker").ToDictionary(n => n, n => call.Query[n]);
            query["marker"] = id(page.Rows[^1]);
            query.TryAdd("limit", page.Rows.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
            next = QueryHelpers.AddQueryString(call.BaseUrl + call.Http.Request.Path.Value![call.Endpoint.Api.Prefix.Length..], query);
        }
        return Reply.Members([(name, page.Rows.ConvertAll(row => view(row))), ("links", new ListLinks(next, call.Asked(), null)), ("truncated?", page.IsFull ? true : null)]);
    }

    private static int? Limit(PageRequest page, KeystoneSettings settings) => (page.Limit ?? settings.ListLimit) is { } limit ? Math.Min(limit, settings.MaxDbLimit) : null;

    private static NotFoundError NoMarker(string marker) => new($"Marker {marker} could not be found.");
}
