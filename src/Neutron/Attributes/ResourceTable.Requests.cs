using System.Globalization;
using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Attributes;

/// <summary>Bodies: upstream's <c>prepare_request_body</c>, and its rules per attribute.</summary>
internal sealed partial class ResourceTable<TRow, TView>
{
    /// <summary>The one or, under the plural key, many resources that a POST wants.</summary>
    public async Task<(IReadOnlyList<Values> Items, bool Bulk)> ReadCreateAsync(Call call)
    {
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != JsonValueKind.Object) { throw NeutronErrors.Bad("Body contains invalid data"); }
        if (body.TryGetProperty(plural, out var many))
        {
            if (many.ValueKind != JsonValueKind.Array) { throw NeutronErrors.Bad($"Object '{plural}' contains invalid data"); }
            if (many.GetArrayLength() == 0) { throw NeutronErrors.Bad("Resources required"); }
            return ([.. many.EnumerateArray().Select(item => Create(call, item))], true);
        }
        return ([Create(call, Inner(body))], false);
    }

    /// <summary>The changes that a PUT wants.</summary>
    public async Task<Values> ReadUpdateAsync(Call call)
    {
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != JsonValueKind.Object) { throw NeutronErrors.Bad("Body contains invalid data"); }
        var item = Inner(body);
        CheckProject(call, item);
        CheckKnown(item);
        var values = new Values();
        foreach (var given in item.EnumerateObject())
        {
            var member = Known(given.Name);
            if (member.Field is not { InPut: true } field) { throw NeutronErrors.Bad($"Cannot update read-only attribute {given.Name}"); }
            values.SetRaw(field, field.Read(given.Value));
        }
        return values;
    }

    private JsonElement Inner(JsonElement body)
    {
        if (!body.TryGetProperty(singular, out var item)) { throw NeutronErrors.Bad($"Unable to find '{singular}' in request body"); }
        return item.ValueKind == JsonValueKind.Object ? item : throw NeutronErrors.Bad($"Object '{singular}' contains invalid data");
    }

    private Values Create(Call call, JsonElement item)
    {
        // Upstream takes {"networks": [{"network": {...}}]} as well.
        if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty(singular, out var nested) && nested.ValueKind == JsonValueKind.Object) { item = nested; }
        if (item.ValueKind != JsonValueKind.Object) { throw NeutronErrors.Bad($"Object '{singular}' contains invalid data"); }
        var project = CheckProject(call, item) ?? call.Context.Who.ProjectId
            ?? throw NeutronErrors.Bad("Running without keystone AuthN requires that project_id is specified");
        CheckKnown(item);
        var values = new Values { ProjectId = project };
        foreach (var given in item.EnumerateObject())
        {
            if (given.Name is "project_id" or "tenant_id") { continue; }
            if (given.Name == "tags") { values.Tags = Tag.Read(given.Value); continue; }
            var member = Known(given.Name);
            if (member.Field is not { InPost: true }) { throw NeutronErrors.Bad($"Attribute '{given.Name}' not allowed in POST"); }
        }
        foreach (var member in _members)
        {
            if (member.Field is not { InPost: true } field) { continue; }
            if (item.TryGetProperty(member.Name, out var value)) { values.SetRaw(field, field.Read(value)); }
            else if (field.Required) { throw NeutronErrors.Bad($"Failed to parse request. Required attribute '{member.Name}' not specified"); }
        }
        return values;
    }

    /// <summary>project_id and tenant_id are one; only admins may name another project.</summary>
    private static string? CheckProject(Call call, JsonElement item)
    {
        string? project = null;
        foreach (var name in (ReadOnlySpan<string>)["project_id", "tenant_id"])
        {
            if (!item.TryGetProperty(name, out var value)) { continue; }
            var text = Field.CheckedText(value, name, Limits.ProjectIdLength);
            if (project is not null && project != text) { throw NeutronErrors.Bad("'project_id' and 'tenant_id' do not match"); }
            project = text;
        }
        if (project is not null && project != call.Context.Who.ProjectId && !call.Context.IsAdmin && !call.Context.Who.Roles.Contains("service", StringComparer.OrdinalIgnoreCase))
        {
            throw NeutronErrors.Bad("Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin privileges");
        }
        return project;
    }

    private void CheckKnown(JsonElement item)
    {
        var unknown = item.EnumerateObject().Select(p => p.Name).Where(n => !_byName.TryGetValue(n, out var m) || (m.Write is null && m.Field is null)).ToList();
        if (unknown.Count > 0) { throw NeutronErrors.Bad($"Unrecognized attribute(s) '{string.Join(", ", unknown)}'"); }
    }

    private Member<TRow, TView> Known(string name) => _byName[name];

    /// <summary><c>create_X</c>, and <c>create_X:attribute</c> for guarded attributes that differ from their default.</summary>
    public void EnforceCreate(Call call, Values values, IReadOnlyDictionary<string, object?> target)
    {
        List<string>? asked = null;
        foreach (var member in _members)
        {
            if (member is { CreatePolicy: { } policy, Field: { } field } && values.Differs(field)) { (asked ??= []).Add(policy); }
        }
        Enforce(call, "create_" + singular, asked, target);
    }

    /// <summary><c>update_X</c> and the rules of the given attributes. Who may not see it gets 404.</summary>
    public void EnforceUpdate(Call call, Values values, TView current)
    {
        EnforceVisible(call, current);
        CheckRevision(call, current.Row);
        List<string>? asked = null;
        foreach (var member in _members)
        {
            if (member is { UpdatePolicy: { } policy, Field: { } field } && values.Has(field)) { (asked ??= []).Add(policy); }
        }
        Enforce(call, "update_" + singular, asked, With(current.Target, values));
    }

    /// <summary><c>delete_X</c>. Who may not see it gets 404.</summary>
    public void EnforceDelete(Call call, TView current)
    {
        EnforceVisible(call, current);
        CheckRevision(call, current.Row);
        Enforce(call, "delete_" + singular, null, current.Target);
    }

    /// <summary>404 in the resource's words unless <c>get_X</c> lets the caller see it.</summary>
    public void EnforceVisible(Call call, TView current)
    {
        if (!call.Allows("get_" + singular, current.Target)) { throw notFound(current.Row.Id); }
    }

    /// <summary>A check of one further rule.</summary>
    public static void Enforce(Call call, string rule, IReadOnlyList<string>? attributes, IReadOnlyDictionary<string, object?> target)
    {
        if (call.Allows(rule, target) && (attributes is null || attributes.All(a => call.Allows(a, target)))) { return; }
        throw NeutronErrors.Disallowed(attributes is null ? $"rule:{rule}" : $"(rule:{rule} and {string.Join(" and ", attributes.Select(a => "rule:" + a))})");
    }

    private static Dictionary<string, object?> With(IReadOnlyDictionary<string, object?> target, Values values)
    {
        var merged = new Dictionary<string, object?>(target, StringComparer.Ordinal);
        foreach (var name in values.Names)
        {
            if (values.TryGet(name, out var value) && value is string or bool or int) { merged[name] = value; }
        }
        return merged;
    }

    /// <summary><c>If-Match: revision_number=N</c>: 412 unless the row still has it.</summary>
    private void CheckRevision(Call call, TRow row)
    {
        const string Key = "revision_number=";
        foreach (var line in call.Http.Request.Headers.IfMatch)
        {
            foreach (var part in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var tag = part.Trim('"');
                if (!tag.StartsWith(Key, StringComparison.Ordinal)) { continue; }
                if (!long.TryParse(tag.AsSpan(Key.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted))
                {
                    throw NeutronErrors.BadRequest("if-match", "Revision number etag must be in the format of revision_number=<int>");
                }
                if (wanted != row.Revision)
                {
                    throw new ApiError(412, $"Constrained to {wanted}, but current revision is {row.Revision}", "RevisionNumberConstraintFailed");
                }
            }
        }
    }
}
