using System.Collections.Concurrent;
using System.Text.Json;
using Nephos.Kernel.Versions;

namespace Nephos.Kernel.Wire;

/// <summary>
/// What answers show of a resource, as one literal list of its members: name, the microversions that have it, to whom it is shown, and how it is written. One such list serves
/// the answers to create, show and list alike; it writes rows straight into the answer, with nothing made in between, which is what lists of a thousand need.
/// Resources of which few are shown at once are better off with a record and <see cref="WireJson"/>.
/// </summary>
/// <typeparam name="T">A row with what its view needs beside it.</typeparam>
public sealed class WireView<T>
{
    private sealed class Member(string name, Action<Utf8JsonWriter, T> write)
    {
        public readonly JsonEncodedText Name = JsonEncodedText.Encode(name, WireJson.Encoder);
        public readonly Action<Utf8JsonWriter, T> Write = write;
        public ApiVersion? Since, Until;
        public Func<T, bool>? When;

        public bool Exists(ApiVersion version) => version == ApiVersion.None || !(version < Since || version > Until);
    }

    private readonly List<Member> _members = [];
    private readonly ConcurrentDictionary<ApiVersion, Member[]> _inVersion = new();

    public WireView<T> Text(string name, Func<T, string?> get) => Json(name, (writer, row) => writer.WriteStringValue(get(row)));

    public WireView<T> Flag(string name, Func<T, bool> get) => Json(name, (writer, row) => writer.WriteBooleanValue(get(row)));

    public WireView<T> Number(string name, Func<T, long> get) => Json(name, (writer, row) => writer.WriteNumberValue(get(row)));

    /// <summary>A list of text; null is written as null.</summary>
    public WireView<T> Texts(string name, Func<T, IReadOnlyList<string>?> get) => Json(name, (writer, row) => writer.WriteTexts(get(row)));

    /// <summary>To the second: <c>2026-11-22T07:09:25Z</c>.</summary>
    public WireView<T> Seconds(string name, Func<T, DateTime> get) => Json(name, (writer, row) => writer.WriteSeconds(get(row)));

    /// <summary>To the microsecond, without a zone.</summary>
    public WireView<T> Micros(string name, Func<T, DateTime?> get) => Json(name, (writer, row) => writer.WriteMicros(get(row)));

    /// <summary>Any JSON.</summary>
    public WireView<T> Json(string name, Action<Utf8JsonWriter, T> write)
    {
        _members.Add(new Member(name, write));
        return this;
    }

    /// <summary>The last member exists from this microversion on.</summary>
    public WireView<T> Since(string version)
    {
        _members[^1].Since = ApiVersion.Parse(version);
        return this;
    }

    /// <summary>The last member exists up to and including this microversion.</summary>
    public WireView<T> Until(string version)
    {
        _members[^1].Until = ApiVersion.Parse(version);
        return this;
    }

    /// <summary>The last member is left out of rows of which this is not true.</summary>
    public WireView<T> When(Func<T, bool> shown)
    {
        _members[^1].When = shown;
        return this;
    }

    /// <summary>Writes rows as objects, as a microversion has them.</summary>
    public Action<Utf8JsonWriter, T> In(ApiVersion version)
    {
        var members = _inVersion.GetOrAdd(version, v => [.. _members.Where(m => m.Exists(v))]);
        return (writer, row) =>
        {
            writer.WriteStartObject();
            foreach (var member in members)
            {
                if (member.When is { } shown && !shown(row)) { continue; }
                writer.WritePropertyName(member.Name);
                member.Write(writer, row);
            }
            writer.WriteEndObject();
        };
    }
}

/// <summary>Values as the services write them, without a string in between where they have none yet.</summary>
public static class WireWriter
{
    /// <inheritdoc cref="WireTime.Seconds(DateTime)"/>
    public static void WriteSeconds(this Utf8JsonWriter writer, DateTime time)
    {
        Span<char> text = stackalloc char[WireTime.SecondsLength];
        WireTime.FormatSeconds(time, text);
        writer.WriteStringValue(text);
    }

    /// <inheritdoc cref="WireTime.Micros(DateTime)"/>
    public static void WriteMicros(this Utf8JsonWriter writer, DateTime? time)
    {
        if (time is not { } given) { writer.WriteNullValue(); return; }
        Span<char> text = stackalloc char[WireTime.MicrosLength];
        WireTime.FormatMicros(given, text);
        writer.WriteStringValue(text);
    }

    public static void WriteTexts(this Utf8JsonWriter writer, IReadOnlyList<string>? texts)
    {
        if (texts is null) { writer.WriteNullValue(); return; }
        writer.WriteStartArray();
        for (var i = 0; i < texts.Count; i++) { writer.WriteStringValue(texts[i]); }
        writer.WriteEndArray();
    }
}
