using System.Linq.Expressions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;

namespace Nephos.Keystone.Lists;

/// <summary>Rows of a page; <see cref="IsFull"/> when there may be more.</summary>
internal sealed record ListPage<T>(List<T> Rows, bool IsFull);

/// <summary>Pages of lists: <c>limit</c> and <c>marker</c>, by id or name. Without a limit upstream answers all, and so do we.</summary>
internal static class ListPages
{
    public static async Task<ListPage<T>> PageAsync<T>(this IQueryable<T> rows, CallQuery query, Expression<Func<T, string>> id, Expression<Func<T, string>> name) where T : class
    {
        var page = PageRequest.Of(query, null, "asc");
        var byId = SortKey<T>.Of("id", id);
        var sorts = page.Resolve([SortKey<T>.Of("name", name), byId], [new Sort<T>(byId, false)], byId, key => new BadRequestError($"Sort key {key} is not known."));
        var ordered = rows.OrderByKeys(sorts);
        if (page.Marker is { } marker)
        {
            var isMarker = Expression.Lambda<Func<T, bool>>(Expression.Equal(id.Body, Expression.Constant(marker)), id.Parameters);
            ordered = ordered.After(sorts, await rows.FirstOrDefaultAsync(isMarker) ?? throw new NotFoundError($"Marker {marker} could not be found."));
        }
        var found = await (page.Limit is { } limit ? ordered.Take(limit) : ordered).ToListAsync();
        return new(found, page.Limit is { } most && found.Count >= most && found.Count > 0);
    }

    /// <summary>A page of views with its links.</summary>
    public static Reply Page<TRow, TView>(this Call call, string name, ListPage<TRow> page, Func<TRow, TView> view, Func<TRow, string> id)
    {
        string? next = null;
        if (page.IsFull)
        {
            var query = call.Query.Names.Where(n => n != "marker").ToDictionary(n => n, n => call.Query[n]);
            query["marker"] = id(page.Rows[^1]);
            next = QueryHelpers.AddQueryString(call.BaseUrl + call.Http.Request.Path.Value![call.Endpoint.Api.Prefix.Length..], query);
        }
        return Reply.Members([(name, page.Rows.ConvertAll(row => view(row))), ("links", new ListLinks(next, call.Asked(), null)), ("truncated?", page.IsFull ? true : null)]);
    }
}
