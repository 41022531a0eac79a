using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Nephos.Kernel.Versions;

namespace Nephos.Kernel.Wire;

/// <summary>
/// JSON as the APIs speak it: snake_case or <see cref="WireNameAttribute"/>, nulls written, members outside the request's microversion omitted.
/// One set of options per microversion in use; a handful at any time, since clients pin versions.
/// </summary>
public static class WireJson
{
    private static readonly ConcurrentDictionary<ApiVersion, JsonSerializerOptions> Cache = new();

    /// <summary>Text stays readable: only what JSON itself demands is escaped.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>Options for a microversion; <see cref="ApiVersion.None"/> for services without.</summary>
    public static JsonSerializerOptions For(ApiVersion version) => Cache.GetOrAdd(version, Make);

    /// <summary>Reads a request's record from a body; collects faults instead of throwing at the first.</summary>
    public static T? Read<T>(JsonElement body, ApiVersion version, IReadOnlyList<string> path, List<WireFault> faults) where T : class
    {
        var before = faults.Count;
        WireSchema.Of(typeof(T)).Check(body, version, [.. path], faults);
        return faults.Count == before ? body.Deserialize<T>(For(version)) : null;
    }

    private static JsonSerializerOptions Make(ApiVersion version)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            NumberHandling = JsonNumberHandling.AllowReadingFromString,
            Encoder = Encoder,
            MaxDepth = 32,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { type => Shape(type, version) } },
        };
        options.Converters.Add(new OptionalConverterFactory());
        options.Converters.Add(new TextConverter());
        options.Converters.Add(new FloatConverter());
        return options;
    }

    private static void Shape(JsonTypeInfo type, ApiVersion version)
    {
        if (type.Kind != JsonTypeInfoKind.Object) { return; }
        for (var i = type.Properties.Count - 1; i >= 0; i--)
        {
            var property = type.Properties[i];
            var attributes = property.AttributeProvider;
            if (attributes is null) { continue; }
            if (One<SinceAttribute>(attributes) is { } since && version != ApiVersion.None && version < since.Version
                || One<UntilAttribute>(attributes) is { } until && version > until.Version)
            {
                type.Properties.RemoveAt(i);
                continue;
            }
            if (One<WireNameAttribute>(attributes) is { } name) { property.Name = name.Name; }
            if (One<RestAttribute>(attributes) is not null) { property.IsExtensionData = true; }
            if (One<LooseBooleanAttribute>(attributes) is not null)
            {
                property.CustomConverter = property.PropertyType == typeof(bool) ? new LooseBooleanConverter() : new LooseNullableBooleanConverter();
            }
            if (One<OmitNullAttribute>(attributes) is not null) { property.ShouldSerialize = static (_, value) => value is not null; }
            if (property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(Optional<>))
            {
                property.ShouldSerialize = static (_, value) => value is IOptional { IsSet: true };
            }
        }
    }

    private static T? One<T>(ICustomAttributeProvider provider) where T : Attribute =>
        provider.GetCustomAttributes(typeof(T), inherit: true) is [T attribute, ..] ? attribute : null;
}

/// <summary>An answer's member that is left out when it is null (upstream leaves most nulls in).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OmitNullAttribute : Attribute;

/// <summary>Whether an optional member was given.</summary>
public interface IOptional
{
    bool IsSet { get; }
}

/// <summary>Text members also take numbers where the schema let them through.</summary>
internal sealed class TextConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Null => null,
        JsonTokenType.True => "True",
        JsonTokenType.False => "False",
        _ => JsonElement.ParseValue(ref reader).GetRawText(),
    };

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString()!;
    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);
}

/// <summary>A whole number of a fractional kind keeps its point, <c>4.0</c>, as upstream's Python writes it; clients that are strict about types tell the two apart.</summary>
internal sealed class FloatConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? double.Parse(reader.GetString()!, CultureInfo.InvariantCulture) : reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsInteger(value) && Math.Abs(value) < 1e16) { writer.WriteRawValue(value.ToString("F1", CultureInfo.InvariantCulture), skipInputValidation: true); }
        else { writer.WriteNumberValue(value); }
    }
}

internal sealed class LooseBooleanConverter : JsonConverter<bool>
{
    public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => WireBoolean.Parse(JsonElement.ParseValue(ref reader)) ?? false;
    public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => writer.WriteBooleanValue(value);
}

internal sealed class LooseNullableBooleanConverter : JsonConverter<bool?>
{
    public override bool? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => WireBoolean.Parse(JsonElement.ParseValue(ref reader));
    public override void Write(Utf8JsonWriter writer, bool? value, JsonSerializerOptions options)
    {
        if (value is { } flag) { writer.WriteBooleanValue(flag); } else { writer.WriteNullValue(); }
    }
}

/// <summary>Upstream's strict boolean conversion.</summary>
public static class WireBoolean
{
    /// <summary>oslo.utils <c>strutils.bool_from_string(strict=True)</c>: 1, t, true, on, y, yes and 0, f, false, off, n, no in any case; null when it is neither.</summary>
    public static bool? Parse(string? text) => text?.Trim().ToLowerInvariant() switch
    {
        "1" or "t" or "true" or "on" or "y" or "yes" => true,
        "0" or "f" or "false" or "off" or "n" or "no" => false,
        _ => null,
    };

    internal static bool? Parse(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Parse(value.GetString()),
        JsonValueKind.Number => Parse(value.GetRawText()),
        _ => null,
    };
}

internal sealed class OptionalConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Optional<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

    private sealed class Converter<T> : JsonConverter<Optional<T>>
    {
        public override bool HandleNull => true;
        public override Optional<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<T>(ref reader, options)!);
        public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Value, options);
    }
}
