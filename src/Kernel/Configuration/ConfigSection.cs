using System.Reflection;
using System.Text.Json;

namespace Nephos.Kernel.Configuration;

/// <summary>
/// Declares a property as a key of the configuration file. The key is the property's name in snake case; its default is the property's
/// initial value. A property whose type has settings of its own is a group: a mapping inside the mapping. A map of names to such a type is any number of groups.
/// </summary>
/// <param name="doc">What it does, the unit, and what null or zero means; goes into docs/configuration.md and the example file.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string doc) : Attribute
{
    public string Doc { get; } = doc;

    /// <summary>The smallest number, or seconds of a duration; NaN for no limit.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>The largest number, or seconds of a duration; NaN for no limit.</summary>
    public double Maximum { get; init; } = double.NaN;

    /// <summary>The only values of a text, or of a list's elements; empty for any. Enums list theirs by themselves.</summary>
    public string[] Allowed { get; init; } = [];

    /// <summary>What happens without a value, for a default that depends on the machine: shown in documents in place of "none".</summary>
    public string? DefaultText { get; init; }

    /// <summary>A value for the example file where the default shows nothing.</summary>
    public string? Example { get; init; }

    /// <summary>Never printed.</summary>
    public bool Secret { get; init; }
}

/// <summary>A part of the configuration file: the settings of one service, or, with an empty name, the keys at the top of the file.</summary>
public sealed record ConfigSection(string Name, Type Type, string Doc)
{
    public static ConfigSection Of<T>(string name, string doc)
        where T : class, new() => new(name, typeof(T), doc);
}

/// <summary>Settings with rules that one key alone cannot break.</summary>
public interface ICheckedSettings
{
    /// <summary>What is wrong with the values together. The key is as in the file, below the section: <c>public_network.gateway</c>.</summary>
    IEnumerable<(string Key, string Message)> Check();
}

/// <summary>A key with all that is known of it.</summary>
internal sealed record ConfigKey(string Name, PropertyInfo Property, SettingAttribute Setting)
{
    /// <summary>The type of the value without <c>?</c>.</summary>
    public Type Type { get; } = Nullable.GetUnderlyingType(Property.PropertyType) ?? Property.PropertyType;

    public bool IsGroup => Of(Type).Count > 0;

    /// <summary>The type of the groups of a map of groups; null for other keys.</summary>
    public Type? GroupsOf => Type.Name.StartsWith("IReadOnlyDictionary", StringComparison.Ordinal) && ConfigValue.ElementOf(Type) is { } element && Of(element).Count > 0 ? element : null;

    /// <summary>The keys of a settings type in the order of declaration.</summary>
    public static IReadOnlyList<ConfigKey> Of(Type type) =>
    [
        .. from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
           let setting = property.GetCustomAttribute<SettingAttribute>()
           where setting is not null
           orderby property.MetadataToken
           select new ConfigKey(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property, setting),
    ];
}
