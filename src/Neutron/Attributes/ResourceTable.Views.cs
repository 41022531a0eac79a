using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Neutron.Attributes;

/// <summary>Answers: only the asked <c>fields</c>, without what the caller may not see.</summary>
internal sealed partial class ResourceTable<TRow, TView>
{
    /// <summary><c>{"network": {...}}</c>.</summary>
    public Reply Show(TView view, int? status = null) => Answer(status, (call, writer, shown) =>
    {
        writer.WritePropertyName(singular);
        shown.Write(writer, view);
    });

    /// <summary><c>{"networks": [...]}</c> with the links of a page, if any.</summary>
    public Reply ShowMany(IReadOnlyList<TView> views, IReadOnlyList<(string Rel, string Href)>? links = null, int? status = null) => Answer(status, (call, writer, shown) =>
    {
        writer.WriteStartArray(plural);
        foreach (var view in views) { shown.Write(writer, view); }
        writer.WriteEndArray();
        if (links is not { Count: > 0 }) { return; }
        writer.WriteStartArray(plural + "_links");
        foreach (var (rel, href) in links)
        {
            writer.WriteStartObject();
            writer.WriteString("rel", rel);
            writer.WriteString("href", href);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    });

    private Reply Answer(int? status, Action<Call, Utf8JsonWriter, Shown> write) => Reply.Custom(async (call, response) =>
    {
        response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { Encoder = WireJson.For(ApiVersion.None).Encoder, SkipValidation = true });
        writer.WriteStartObject();
        write(call, writer, new Shown(this, call));
        writer.WriteEndObject();
        await writer.FlushAsync(call.Cancel).ConfigureAwait(false);
    }, status);

    /// <summary>What one request shows of each row.</summary>
    private sealed class Shown
    {
        private readonly Call _call;
        private readonly List<(JsonEncodedText Name, Member<TRow, TView> Member)> _members = [];
        private readonly Dictionary<(string, string?), bool> _allowed = [];

        public Shown(ResourceTable<TRow, TView> table, Call call)
        {
            _call = call;
            var fields = call.Query.All("fields").Where(f => f.Length > 0).ToHashSet(StringComparer.Ordinal);
            foreach (var member in table._members)
            {
                if (member.Write is not null && (fields.Count == 0 || fields.Contains(member.Name))) { _members.Add((JsonEncodedText.Encode(member.Name), member)); }
            }
        }

        public void Write(Utf8JsonWriter writer, TView view)
        {
            writer.WriteStartObject();
            foreach (var (name, member) in _members)
            {
                if (member.GetPolicy is { } policy && !Allows(policy, view)) { continue; }
                writer.WritePropertyName(name);
                member.Write!(writer, view);
            }
            writer.WriteEndObject();
        }

        /// <summary>One answer for all rows of a project: upstream asks once for a whole list, on its first row.</summary>
        private bool Allows(string policy, TView view)
        {
            var key = (policy, view.Row.ProjectId);
            if (!_allowed.TryGetValue(key, out var allowed)) { _allowed[key] = allowed = _call.Allows(policy, view.Target); }
            return allowed;
        }
    }
}
