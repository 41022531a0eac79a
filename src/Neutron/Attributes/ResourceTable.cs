using System.Linq.Expressions;
using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Attributes;

/// <summary>A resource with what its JSON needs from other tables.</summary>
internal interface IView<out TRow> where TRow : StandardRow
{
    TRow Row { get; }
    IReadOnlyList<string> Tags { get; }
    /// <summary>What policy rules may name: <c>project_id</c>, <c>network:project_id</c>, <c>shared</c>, ...</summary>
    IReadOnlyDictionary<string, object?> Target { get; }
}

/// <summary>One line of a resource's table: an attribute as it is read, shown, filtered, sorted and guarded.</summary>
internal sealed class Member<TRow, TView>(string name)
{
    public string Name { get; } = name;
    public JsonEncodedText Encoded { get; } = JsonEncodedText.Encode(name, WireJson.Encoder);
    public Field? Field { get; set; }
    public Action<Utf8JsonWriter, TView>? Write { get; init; }
    /// <summary>Column for filters and sorting; null when there is none.</summary>
    public LambdaExpression? Column { get; init; }
    /// <summary>A filter that is more than "the column is one of these values".</summary>
    public Func<NeutronDb, IQueryable<TRow>, IReadOnlyList<string>, IQueryable<TRow>>? Filter { get; set; }
    /// <summary>Names of the attribute-level rules; null when only the resource's own rule counts.</summary>
    public string? GetPolicy { get; set; }
    public string? CreatePolicy { get; set; }
    public string? UpdatePolicy { get; set; }
}

/// <summary>
/// All attributes of a resource in one literal list, as upstream's RESOURCE_ATTRIBUTE_MAP with its extensions merged: bodies are read by it
/// (<c>ResourceTable.Requests.cs</c>), answers written (<c>.Views.cs</c>), lists filtered, sorted and paged (<c>.Lists.cs</c>), and attribute-level
/// rules like <c>create_network:shared</c> enforced. What a caller may not see is left out, what a body may not say is 400 before policy is asked,
/// as upstream orders it.
/// </summary>
/// <param name="singular">Upstream's word: <c>network</c>, <c>security_group</c>.</param>
/// <param name="plural">The collection's key in bodies: <c>networks</c>, <c>security_groups</c>.</param>
internal sealed partial class ResourceTable<TRow, TView>(string singular, string plural, Func<string, ApiError> notFound)
    where TRow : StandardRow where TView : IView<TRow>
{
    private readonly List<Member<TRow, TView>> _members = [];
    private readonly Dictionary<string, Member<TRow, TView>> _byName = new(StringComparer.Ordinal);
    private readonly List<(string Name, string Rule)> _policies = [];

    public string Singular => singular;
    public string Plural => plural;
    public ApiError NotFound(string id) => notFound(id);
    public IReadOnlyList<Member<TRow, TView>> Members => _members;

    private Member<TRow, TView> Last => _members[^1];

    public ResourceTable<TRow, TView> Text(string name, Func<TView, string?> get, Expression<Func<TRow, string?>>? column = null) =>
        Add(new(name) { Column = column, Write = (writer, view) => writer.WriteStringValue(get(view)) });

    public ResourceTable<TRow, TView> Flag(string name, Func<TView, bool> get, Expression<Func<TRow, bool>>? column = null) =>
        Add(new(name) { Column = column, Write = (writer, view) => writer.WriteBooleanValue(get(view)) });

    public ResourceTable<TRow, TView> Number(string name, Func<TView, long?> get, LambdaExpression? column = null) =>
        Add(new(name) { Column = column, Write = (writer, view) => { if (get(view) is { } number) { writer.WriteNumberValue(number); } else { writer.WriteNullValue(); } } });

    public ResourceTable<TRow, TView> Time(string name, Func<TView, DateTime> get, Expression<Func<TRow, DateTime>>? column = null) =>
        Add(new(name) { Column = column, Write = (writer, view) => writer.WriteSeconds(get(view)) });

    /// <summary>A list of text.</summary>
    public ResourceTable<TRow, TView> Texts(string name, Func<TView, IEnumerable<string>> get) => Json(name, (writer, view) =>
    {
        writer.WriteStartArray();
        foreach (var item in get(view)) { writer.WriteStringValue(item); }
        writer.WriteEndArray();
    });

    /// <summary>Any JSON.</summary>
    public ResourceTable<TRow, TView> Json(string name, Action<Utf8JsonWriter, TView> write) => Add(new(name) { Write = write });

    /// <summary>Not shown: only filtered by, or only taken.</summary>
    public ResourceTable<TRow, TView> Unseen(string name) => Add(new(name));

    /// <summary>The last attribute may be given in bodies.</summary>
    public ResourceTable<TRow, TView> Takes(Field field) { Last.Field = field; return this; }

    /// <summary>The last attribute is filtered by in its own way.</summary>
    public ResourceTable<TRow, TView> FilteredBy(Func<NeutronDb, IQueryable<TRow>, IReadOnlyList<string>, IQueryable<TRow>> filter) { Last.Filter = filter; return this; }

    /// <summary>The last attribute has rules of its own: <c>get_port:binding:host_id</c>, ...; null: it has none for that operation.</summary>
    public ResourceTable<TRow, TView> Guarded(string? get = null, string? create = null, string? update = null)
    {
        var name = Last.Name;
        if (get is not null) { _policies.Add((Last.GetPolicy = $"get_{singular}:{name}", get)); }
        if (create is not null) { _policies.Add((Last.CreatePolicy = $"create_{singular}:{name}", create)); }
        if (update is not null) { _policies.Add((Last.UpdatePolicy = $"update_{singular}:{name}", update)); }
        return this;
    }

    /// <summary>A rule beyond the attributes': <c>create_port:fixed_ips:ip_address</c>.</summary>
    public ResourceTable<TRow, TView> Rule(string name, string rule) { _policies.Add((name, rule)); return this; }

    /// <summary>id, project_id with its older name, description, times, revision and tags.</summary>
    public ResourceTable<TRow, TView> Standard() =>
        Text("id", v => v.Row.Id, r => r.Id)
        .Text("project_id", v => v.Row.ProjectId, r => r.ProjectId)
        .Text("tenant_id", v => v.Row.ProjectId, r => r.ProjectId)
        .Text("description", v => v.Row.Description, r => r.Description).Takes(StandardFields.Description)
        .Time("created_at", v => v.Row.CreatedAt, r => r.CreatedAt)
        .Time("updated_at", v => v.Row.UpdatedAt, r => r.UpdatedAt)
        .Number("revision_number", v => v.Row.Revision, (Expression<Func<TRow, long>>)(r => r.Revision))
        .Texts("tags", v => v.Tags).FilteredBy(TagFilters.All)
        .Unseen("tags-any").FilteredBy(TagFilters.Any)
        .Unseen("not-tags").FilteredBy(TagFilters.NotAll)
        .Unseen("not-tags-any").FilteredBy(TagFilters.NotAny)
        .Unseen("changed_since").FilteredBy((_, query, values) =>
        {
            if (!WireTime.TryParse(values[^1], out var since)) { throw NeutronErrors.InvalidInput($"{values[^1]} is not a valid timestamp"); }
            return query.Where(r => r.UpdatedAt >= since);
        });

    /// <summary>Declares the attribute-level rules.</summary>
    public void Declare(ServiceApi api) => _policies.ForEach(p => api.Declare(p.Name, p.Rule));

    private ResourceTable<TRow, TView> Add(Member<TRow, TView> member)
    {
        _members.Add(member);
        _byName.Add(member.Name, member);
        return this;
    }
}

/// <summary>Attributes that all resources take.</summary>
internal static class StandardFields
{
    /// <summary>Null reads as empty (standardattrdescription: <c>default ''</c>).</summary>
    public static readonly Field<string> Description = Field.Text("description", Limits.DescriptionLength);
}
