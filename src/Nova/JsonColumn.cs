using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Nephos.Kernel.Wire;

namespace Nephos.Nova;

/// <summary>
/// Columns that hold a small tree as JSON text: read and written whole, never searched. A change is a new value: nobody changes one in place, which EF would not see, since it keeps the value itself to
/// compare with. (Keeping a copy made reading a server for a change cost nine times reading and writing JSON.)
/// </summary>
internal static class JsonColumn
{
    public static PropertyBuilder<T> HasJson<T>(this PropertyBuilder<T> property) where T : class? =>
        property.HasConversion(
            value => JsonSerializer.Serialize(value, JsonSerializerOptions.Default),
            text => JsonSerializer.Deserialize<T>(text, JsonSerializerOptions.Default)!,
            new ValueComparer<T>(
                (a, b) => ReferenceEquals(a, b) || JsonSerializer.Serialize(a, JsonSerializerOptions.Default) == JsonSerializer.Serialize(b, JsonSerializerOptions.Default),
                value => JsonSerializer.Serialize(value, JsonSerializerOptions.Default).GetHashCode(StringComparison.Ordinal),
                value => value));

    /// <summary>Maps the field that holds a column's tree unread (<see cref="Json{T}"/>), behind the property that reads it.</summary>
    public static void HasJson<TRow, T>(this EntityTypeBuilder<TRow> row, string field, string column, bool nullable = false) where TRow : class where T : class =>
        row.Property<Json<T>>(field).HasColumnName(column).IsRequired(!nullable).HasConversion(
            value => value.Text,
            text => Json<T>.Of(text),
            new ValueComparer<Json<T>>((a, b) => (a == null ? null : a.Text) == (b == null ? null : b.Text), value => value.Text.GetHashCode(StringComparison.Ordinal), value => Json<T>.Of(value.Text)));
}

/// <summary>
/// A small tree of a JSON column, read when it is first asked for. Most rows that are read are asked for few of their trees: a list writes them into its answer as they are,
/// and what looks for changes compares texts.
/// </summary>
internal sealed class Json<T> where T : class
{
    private string? _text;
    private T? _value;

    private Json(string? text, T? value) => (_text, _value) = (text, value);

    public static Json<T> Of(string text) => new(text, null);

    public static Json<T> Of(T value) => new(null, value);

    public T Value => _value ??= JsonSerializer.Deserialize<T>(_text!, JsonTrees.Options)!;

    public void WriteTo(Utf8JsonWriter writer) => writer.WriteRawValue(Text, skipInputValidation: true);

    /// <summary>The tree as it is now: whoever has it may have changed it.</summary>
    public string Text => _value is null ? _text! : _text = JsonSerializer.Serialize(_value, JsonTrees.Options);
}

internal static class JsonTrees
{
    /// <summary>Texts are written as answers have them, so that they can be put into one as they are.</summary>
    public static readonly JsonSerializerOptions Options = new(JsonSerializerOptions.Default) { Encoder = WireJson.Encoder };
}
