using Nephos.Kernel.Versions;

namespace Nephos.Kernel.Wire;

/// <summary>The field exists from this microversion on. Earlier requests may not name it, earlier answers omit it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SinceAttribute(string version) : Attribute
{
    public ApiVersion Version { get; } = ApiVersion.Parse(version);
}

/// <summary>The field exists up to and including this microversion.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UntilAttribute(string version) : Attribute
{
    public ApiVersion Version { get; } = ApiVersion.Parse(version);
}

/// <summary>The field must be given; with a version, from that one on.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RequiredFieldAttribute(string? since = null) : Attribute
{
    public ApiVersion Since { get; } = since is null ? ApiVersion.None : ApiVersion.Parse(since);
}

/// <summary>The member's name on the wire when it is not the property's in snake_case.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WireNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>Limits of text. <see cref="Pattern"/> is an anchored .NET regular expression, run with a time limit.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TextAttribute : Attribute
{
    public int Min { get; init; }
    public int Max { get; init; } = int.MaxValue;
    public string? Pattern { get; init; }
    /// <summary>uuid, date-time, uri, ipv4, ipv6: as JSON schema's <c>format</c>.</summary>
    public string? Format { get; init; }
    public string[]? OneOf { get; init; }
    /// <summary>A number is taken too, as its text (Nova's <c>flavorRef</c>).</summary>
    public bool AllowNumber { get; init; }
    /// <summary>For a map of texts: the pattern of its keys (JSON schema's <c>patternProperties</c>).</summary>
    public string? KeyPattern { get; init; }
}

/// <summary>Limits of a number; text that holds a number is taken when <see cref="AllowText"/> is set, as Nova does.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NumberAttribute : Attribute
{
    public long Min { get; init; } = long.MinValue;
    public long Max { get; init; } = long.MaxValue;
    public bool AllowText { get; init; }
}

/// <summary>Limits of a list.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ItemsAttribute : Attribute
{
    public int Min { get; init; }
    public int Max { get; init; } = int.MaxValue;
    public bool Unique { get; init; }
}

/// <summary>The field may be null.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NullableFieldAttribute : Attribute;

/// <summary>A flag that is also taken as text or number, as upstream's strict boolean conversion does (<c>"true"</c>, <c>"on"</c>, <c>1</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LooseBooleanAttribute : Attribute;

/// <summary>Members that the record does not name are taken and ignored (upstream's schema has <c>additionalProperties</c>).</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AllowsUnknownAttribute : Attribute;

/// <summary>The object has at least one member (JSON schema's <c>minProperties: 1</c>).</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NotEmptyAttribute : Attribute;

/// <summary>On a <c>Dictionary&lt;string, JsonElement&gt;</c>: takes the members that the record does not name.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RestAttribute : Attribute;

/// <summary>A field that tells absent from null: <c>Optional&lt;string?&gt;</c>.</summary>
public readonly record struct Optional<T>(T Value) : IOptional
{
    public bool IsSet { get; } = true;
    public static implicit operator Optional<T>(T value) => new(value);
    /// <summary>The given value, or another when the field was absent.</summary>
    public T Or(T other) => IsSet ? Value : other;
}

/// <summary>What is wrong with one member.</summary>
public enum WireFaultKind
{
    Type, Required, Unknown, TooShort, TooLong, Pattern, Format, OneOf, TooSmall, TooLarge, TooFewItems, TooManyItems, NotUnique, Key, TooFewMembers,
}

/// <summary>One fault of a body: where, what, and the value as it was given.</summary>
/// <param name="Path">Member names from the root, list positions as numbers: <c>server.networks.0.uuid</c>.</param>
/// <param name="Value">The offending value as JSON text, cut at 200 characters.</param>
/// <param name="Wanted">The type or limit that was wanted.</param>
public sealed record WireFault(WireFaultKind Kind, IReadOnlyList<string> Path, string Value, string Wanted)
{
    public string Field => Path.Count > 0 ? Path[^1] : "";

    /// <summary>The fault in the words of upstream's JSON schema library.</summary>
    public string Sentence => Kind switch
    {
        WireFaultKind.Type => $"{Value} is not of type {Wanted}",
        WireFaultKind.Required => $"'{Wanted}' is a required property",
        WireFaultKind.Unknown => $"Additional properties are not allowed ({Wanted} was unexpected)",
        WireFaultKind.TooShort => $"{Value} is too short",
        WireFaultKind.TooLong => $"{Value} is too long",
        WireFaultKind.Key => $"{Value} does not match any of the regexes: '{Wanted}'",
        WireFaultKind.Pattern => $"{Value} does not match '{Wanted}'",
        WireFaultKind.Format => $"{Value} is not a '{Wanted}'",
        WireFaultKind.OneOf => $"{Value} is not one of [{Wanted}]",
        WireFaultKind.TooSmall => $"{Value} is less than the minimum of {Wanted}",
        WireFaultKind.TooLarge => $"{Value} is greater than the maximum of {Wanted}",
        WireFaultKind.TooFewItems => $"{Value} is too short",
        WireFaultKind.TooFewMembers => $"{Value} does not have enough properties",
        WireFaultKind.TooManyItems => $"{Value} is too long",
        _ => $"{Value} has non-unique elements",
    };
}
