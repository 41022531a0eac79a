using System.Globalization;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;

namespace Nephos.Glance.Metadefs;

/// <summary>Namespaces of metadata definitions (image api-ref v2, "Metadata definition namespaces").</summary>
internal static class NamespaceEndpoints
{
    private static readonly string[] ReadOnly = ["self", "schema", "created_at", "updated_at"];

    public static void Map(ResourceGroup namespaces)
    {
        namespaces.Post("", Create).Policy("add_metadef_namespace", MetadefScope.Admin).Answers(201);
        namespaces.Get("", List).Policy("get_metadef_namespaces", MetadefScope.Reader).Paged();
        namespaces.Get("/{namespace_name}", Show).PolicyOnRow("get_metadef_namespace", MetadefScope.Seen);
        namespaces.Put("/{namespace_name}", Update).PolicyOnRow("modify_metadef_namespace", MetadefScope.Admin);
        namespaces.Delete("/{namespace_name}", Delete).PolicyOnRow("delete_metadef_namespace", MetadefScope.Admin).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "namespace", ReadOnly).ConfigureAwait(false);
        foreach (var (member, rule) in new[]
            { ("resource_type_associations", "add_metadef_resource_type_association"), ("objects", "add_metadef_object"), ("properties", "add_metadef_property"), ("tags", "add_metadef_tag") })
        {
            if (body.TryGetProperty(member, out _)) { call.Enforce(rule, PolicyTarget.Project(call.Context.Who.ProjectId)); }
        }
        var full = MetadefParts.Namespace(body, call.Context.Who.ProjectId, call.Context.Now);
        await call.Get<MetadefOperations>().CreateAsync(call.Context, full, call.Cancel).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(full)).With("Location", "/v2/metadefs/namespaces/" + Uri.EscapeDataString(full.Row.Namespace));
    }

    private static async Task<Reply> List(Call call)
    {
        call.Enforce("list_metadef_resource_types", PolicyTarget.Project(call.Context.Who.ProjectId));
        var query = call.Query;
        var visibility = query["visibility"] is { Length: > 0 } asked ? asked is "public" or "private" ? asked : throw new BadRequestError($"Invalid visibility value: {asked}") : null;
        var limit = Limit(query["limit"]) is { } some ? Math.Min(some, Limits.MaxPage) : Limits.DefaultPage;
        var request = new NamespaceListRequest(visibility, query["resource_types"]?.Split(','), Sorts(query, MetadefOperations.Keys), limit, query["marker"]);
        var rows = await call.Get<MetadefOperations>().ListAsync(call.Context, request, call.Cancel).ConfigureAwait(false);
        var shown = rows.Where(f => MetadefScope.Allows(call, "get_metadef_namespace", f.Row)).ToList();
        var members = new List<(string, object?)>
        {
            ("first", Link(call, null)),
            ("namespaces", shown.ConvertAll(f => MetadefViews.Of(f))),
            ("schema", "/v2/schemas/metadefs/namespaces"),
        };
        if (shown.Count > 0 && rows.Count == limit) { members.Add(("next", Link(call, shown[^1].Row.Namespace))); }
        return Reply.Members(members);
    }

    private static async Task<Reply> Show(Call call)
    {
        var row = await MetadefScope.FindAsync(call, MetadefScope.Long, "list_metadef_resource_types", "get_metadef_objects", "get_metadef_properties", "get_metadef_tags").ConfigureAwait(false);
        var full = await call.Get<MetadefOperations>().FillAsync(row, call.Cancel).ConfigureAwait(false);
        var prefix = call.Query["resource_type"] is { Length: > 0 } type ? full.Associations.FirstOrDefault(a => a.ResourceType == type)?.Prefix : null;
        return Reply.Json(MetadefViews.Of(full, prefix ?? ""));
    }

    private static async Task<Reply> Update(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "namespace", ReadOnly).ConfigureAwait(false);
        var row = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var updated = await call.Get<MetadefOperations>().UpdateAsync(call.Context, row, MetadefShape.Text(body, "namespace")!, r => MetadefParts.Fill(r, body, call.Context.Who.ProjectId), call.Cancel).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(new FullNamespace(updated)));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<MetadefOperations>().DeleteAsync(call.Context, await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false), call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    /// <summary>The rows that a client asks for; null when it does not say.</summary>
    internal static int? Limit(string? text)
    {
        if (text is null) { return null; }
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit)) { throw new BadRequestError("limit param must be an integer"); }
        return limit < 0 ? throw new BadRequestError("limit param must be positive") : (int)Math.Min(limit, int.MaxValue);
    }

    /// <summary>The key of the query, then creation and id in the same direction.</summary>
    internal static IReadOnlyList<Sort<T>> Sorts<T>(CallQuery query, IReadOnlyList<SortKey<T>> keys)
    {
        var descending = (query["sort_dir"] ?? "desc") switch { "asc" => false, "desc" => true, var other => throw new BadRequestError($"Invalid sort direction: {other}") };
        var asked = query["sort_key"] ?? "created_at";
        var key = keys.FirstOrDefault(k => k.Name == asked) ?? throw new BadRequestError($"Invalid sort key: {asked}. It must be one of the following: {string.Join(", ", keys.Select(k => k.Name))}.");
        return [.. new[] { key, keys[0], keys[^1] }.DistinctBy(k => k.Name).Select(k => new Sort<T>(k, descending))];
    }

    private static string Link(Call call, string? marker)
    {
        var parts = call.Query.Names.Where(n => n != "marker").Select(n => $"{Uri.EscapeDataString(n)}={Uri.EscapeDataString(call.Query[n]!)}").ToList();
        if (marker is not null) { parts.Add("marker=" + Uri.EscapeDataString(marker)); }
        return parts.Count == 0 ? "/v2/metadefs/namespaces" : "/v2/metadefs/namespaces?" + string.Join('&', parts);
    }
}
