using System.Text.RegularExpressions;

namespace Nephos.Placement.Traits;

/// <summary>The traits of upstream's os-traits library; sorted by name.</summary>
internal static partial class StandardTraits
{
    /// <summary>A shared provider gives its resources to all in its aggregates.</summary>
    public const string SharesViaAggregate = "MISC_SHARES_VIA_AGGREGATE";

    /// <summary>schemas/common: CUSTOM_TRAIT_PATTERN, at most 255 characters.</summary>
    [GeneratedRegex("^CUSTOM_[A-Z0-9_]+$")]
    public static partial Regex CustomName();

    public static IReadOnlySet<string> All { get; } = Read();

    public static bool IsCustomName(string name) => name.Length <= 255 && CustomName().IsMatch(name);

    private static SortedSet<string> Read()
    {
        using var reader = new StreamReader(typeof(StandardTraits).Assembly.GetManifestResourceStream("standard-traits.txt")!);
        return new SortedSet<string>(reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
    }
}
