using System.Globalization;
using System.Linq.Expressions;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Neutron.Attributes;

/// <summary>Lists: filters on every attribute with a column (a repeated name means any of its values), sorting, keyset pages with links in both directions.</summary>
internal sealed partial class ResourceTable<TRow, TView>
{
    private static readonly string[] NotFilters = ["fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"];

    private Dictionary<string, SortKey<TRow>> SortKeys => field ??= _members.Where(m => m.Column is not null).ToDictionary(m => m.Name, m => new SortKey<TRow>(m.Name, m.Column!), StringComparer.Ordinal);

    /// <param name="scope">The rows that may concern the caller: all for admins, else own and shared ones.</param>
    /// <param name="load">One query per joined table for all rows of the page.</param>
    public async Task<Reply> ListAsync(
        Call call, Store<NeutronDb> store, Func<NeutronDb, IQueryable<TRow>> scope, Func<NeutronDb, IReadOnlyList<TRow>, Task<IReadOnlyList<TView>>> load)
    {
        var sorts = Sorts(call.Query);
        var (limit, marker) = Limit(call.Query);
        var reverse = call.Query["page_reverse"] is { } text && text.Equals("true", StringComparison.OrdinalIgnoreCase);
        if (reverse) { sorts = [.. sorts.Select(s => s with { Descending = !s.Descending })]; }
        var views = await store.ReadAsync(async db =>
        {
            var query = Filtered(db, scope(db), call.Query).OrderByKeys(sorts);
            if (marker is not null)
            {
                var row = await scope(db).FirstOrDefaultAsync(r => r.Id == marker, call.Cancel).ConfigureAwait(false) ?? throw notFound(marker);
                query = query.After(sorts, row);
            }
            if (limit is { } most) { query = query.Take(most); }
            var rows = await query.ToListAsync(call.Cancel).ConfigureAwait(false);
            if (reverse) { rows.Reverse(); }
            return rows.Count == 0 ? [] : await load(db, rows).ConfigureAwait(false);
        }, call.Cancel).ConfigureAwait(false);
        var visible = views.Where(v => call.Allows("get_" + singular, v.Target)).ToList();
        return ShowMany(call, visible, limit is { } page ? Links(call, views, page, reverse) : null);
    }

    private static (int? Limit, string? Marker) Limit(CallQuery query)
    {
        if (query["limit"] is not { } text) { return (null, null); }
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit))
        {
            throw NeutronErrors.BadRequest("limit", $"Limit must be an integer 0 or greater and not '{text}'");
        }
        return limit == 0 ? (null, null) : (limit, query["marker"] is { Length: > 0 } marker ? marker : null);
    }

    private List<Sort<TRow>> Sorts(CallQuery query)
    {
        var keys = query.All("sort_key").Where(k => k.Length > 0).ToList();
        var directions = query.All("sort_dir").Where(k => k.Length > 0).ToList();
        if (keys.Count != directions.Count) { throw NeutronErrors.Bad("The number of sort_keys and sort_dirs must be same"); }
        var unknown = keys.Where(k => !SortKeys.ContainsKey(k)).ToList();
        if (unknown.Count > 0) { throw NeutronErrors.Bad($"{Python(unknown)} is invalid attribute for sort_keys"); }
        var wrong = directions.Where(d => d is not ("asc" or "desc")).ToList();
        if (wrong.Count > 0) { throw NeutronErrors.Bad($"{Python(wrong)} is invalid value for sort_dirs, valid value is 'asc' and 'desc'"); }
        var sorts = keys.Select((key, i) => new Sort<TRow>(SortKeys[key], directions[i] == "desc")).DistinctBy(s => s.Key.Name).ToList();
        if (sorts.All(s => s.Key.Name != "id")) { sorts.Add(new(SortKeys["id"], false)); }
        return sorts;
    }

    private IQueryable<TRow> Filtered(NeutronDb db, IQueryable<TRow> query, CallQuery asked)
    {
        if (asked.Has("project_id") && asked.Has("tenant_id") && asked["project_id"] != asked["tenant_id"])
        {
            throw NeutronErrors.Bad("Both tenant_id and project_id passed as filters.");
        }
        List<string>? unknown = null;
        foreach (var name in asked.Names)
        {
            if (NotFilters.Contains(name, StringComparer.Ordinal)) { continue; }
            if (!_byName.TryGetValue(name, out var member) || (member.Filter ?? (object?)member.Column) is null) { (unknown ??= []).Add(name); continue; }
            var values = asked.All(name);
            if (values.Count == 0) { continue; }
            query = member.Filter is { } filter ? filter(db, query, values) : query.Where(OneOf(member.Column!, values));
        }
        return unknown is null ? query : throw NeutronErrors.Bad($"{Python(unknown)} is invalid attribute for filtering");
    }

    /// <summary>The column is one of the values, which are captured as a parameter so that the query's plan is reused.</summary>
    private static Expression<Func<TRow, bool>> OneOf(LambdaExpression column, IReadOnlyList<string> values)
    {
        var type = column.ReturnType;
        return type == typeof(string) ? In(column, values.ToArray())
            : type == typeof(bool) ? In(column, values.Select(v => Field.ConvertedFlag(v) ?? throw Field.Inconvertible($"'{v}' cannot be converted to boolean")).ToArray())
            : type == typeof(int) ? In(column, values.Select(v => (int)Whole(v)).ToArray())
            : type == typeof(int?) ? In(column, values.Select(v => (int?)Whole(v)).ToArray())
            : type == typeof(long) ? In(column, values.Select(Whole).ToArray())
            : type == typeof(DateTime) ? In(column, values.Select(v => WireTime.TryParse(v, out var time) ? time : throw NeutronErrors.InvalidInput($"{v} is not a valid timestamp")).ToArray())
            : throw new InvalidOperationException($"no filter for columns of {type}");
    }

    private static long Whole(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Field.Inconvertible($"'{text}' is not an integer");

    private static Expression<Func<TRow, bool>> In<T>(LambdaExpression column, T[] values)
    {
        var held = Expression.Field(Expression.Constant(new Held<T> { Values = [.. values], First = values[0] }), values.Length == 1 ? nameof(Held<T>.First) : nameof(Held<T>.Values));
        Expression test = values.Length == 1
            ? Expression.Equal(column.Body, held)
            : Expression.Call(held, typeof(List<T>).GetMethod(nameof(List<T>.Contains))!, column.Body);
        return Expression.Lambda<Func<TRow, bool>>(test, column.Parameters);
    }

    private sealed class Held<T>
    {
        public required List<T> Values;
        public required T First;
    }

    /// <summary>Upstream's rule: a next link unless the page came out short going forward, a previous link unless it did going back.</summary>
    private static List<PageLink> Links(Call call, IReadOnlyList<TView> page, int limit, bool reverse)
    {
        var links = new List<PageLink>();
        if (reverse || page.Count >= limit) { links.Add(new("next", Link(call, page.Count > 0 ? page[^1].Row.Id : null, false))); }
        if (!reverse || page.Count >= limit) { links.Add(new("previous", Link(call, page.Count > 0 ? page[0].Row.Id : null, true))); }
        return links;
    }

    private static string Link(Call call, string? marker, bool reverse)
    {
        var query = new QueryBuilder();
        foreach (var name in call.Query.Names.Where(n => n is not ("marker" or "page_reverse"))) { query.Add(name, call.Query.All(name)); }
        if (marker is not null) { query.Add("marker", marker); }
        if (reverse) { query.Add("page_reverse", "True"); }
        return call.BaseUrl + call.Http.Request.Path.Value![call.Endpoint.Api.Prefix.Length..] + query;
    }

    private static string Python(IEnumerable<string> items) => $"[{string.Join(", ", items.Select(i => $"'{i}'"))}]";
}
