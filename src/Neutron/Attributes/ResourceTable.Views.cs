using System.Text.Json;
using Nephos.Kernel.Api;

namespace Nephos.Neutron.Attributes;

/// <summary>Answers: only the asked <c>fields</c>, without what the caller may not see.</summary>
internal sealed partial class ResourceTable<TRow, TView>
{
    /// <summary><c>{"network": {...}}</c>.</summary>
    public Reply Show(TView view, int? status = null) => Reply.Written((call, writer) =>
    {
        writer.WritePropertyName(singular);
        new Shown(this, call).Write(writer, view);
    }, status);

    /// <summary><c>{"networks": [...]}</c> with the links of a page, if any.</summary>
    public Reply ShowMany(Call call, IReadOnlyList<TView> views, IReadOnlyList<PageLink>? links = null, int? status = null) =>
        Reply.Rows(plural, views, new Shown(this, call).Write, [(plural + "_links?", links is { Count: > 0 } ? links : null)], status);

    /// <summary>What one request shows of each row.</summary>
    private sealed class Shown
    {
        private readonly Call _call;
        private readonly List<Member<TRow, TView>> _members = [];
        private readonly Dictionary<(string, string?), bool> _allowed = [];

        public Shown(ResourceTable<TRow, TView> table, Call call)
        {
            _call = call;
            var fields = call.Query.All("fields").Where(f => f.Length > 0).ToHashSet(StringComparer.Ordinal);
            foreach (var member in table._members)
            {
                if (member.Write is not null && (fields.Count == 0 || fields.Contains(member.Name))) { _members.Add(member); }
            }
        }

        public void Write(Utf8JsonWriter writer, TView view)
        {
            writer.WriteStartObject();
            foreach (var member in _members)
            {
                if (member.GetPolicy is { } policy && !Allows(policy, view)) { continue; }
                writer.WritePropertyName(member.Encoded);
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

/// <summary>A link to another page.</summary>
internal sealed record PageLink(string Rel, string Href);
