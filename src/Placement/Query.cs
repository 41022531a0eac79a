using System.Globalization;
using System.Text.RegularExpressions;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Versions;

namespace Nephos.Placement;

/// <summary>What a request wants of a provider's traits: of each required set one, of the forbidden none.</summary>
internal sealed record TraitFilter(IReadOnlyList<IReadOnlySet<string>> Required, IReadOnlySet<string> Forbidden)
{
    public static readonly TraitFilter None = new([], new HashSet<string>());
    public IEnumerable<string> Names => Required.SelectMany(r => r).Concat(Forbidden);
    public bool Fits(IReadOnlySet<string> traits) => Required.All(any => any.Any(traits.Contains)) && !Forbidden.Any(traits.Contains);
}

/// <summary>What a request wants of a provider's aggregates, in the same way.</summary>
internal sealed record AggregateFilter(IReadOnlyList<IReadOnlySet<string>> Required, IReadOnlySet<string> Forbidden)
{
    public static readonly AggregateFilter None = new([], new HashSet<string>());
    public bool IsEmpty => Required.Count == 0 && Forbidden.Count == 0;
    public bool HasRequired(IReadOnlySet<string> aggregates) => Required.All(any => any.Any(aggregates.Contains));
    public bool Fits(IReadOnlySet<string> aggregates) => HasRequired(aggregates) && !Forbidden.Any(aggregates.Contains);
}

/// <summary>Reads Placement's small languages in query strings, with upstream's 400 for what is badly formed (placement/util.py).</summary>
internal static partial class Query
{
    [GeneratedRegex("^[A-Z0-9_]+$")]
    public static partial Regex ClassName();

    /// <summary>Names that are not allowed in this microversion.</summary>
    /// <param name="patterns">How names may look where the schema has patterns for them.</param>
    public static void CheckNames(CallQuery query, Func<string, bool> allowed, string? patterns = null)
    {
        foreach (var name in query.Names.Where(n => !allowed(n)))
        {
            throw PlacementErrors.QueryString(patterns is null ? $"Additional properties are not allowed ('{name}' was unexpected)" : $"'{name}' does not match any of the regexes: {patterns}", "additionalProperties");
        }
    }

    /// <summary><c>VCPU:2,MEMORY_MB:1024</c></summary>
    public static IReadOnlyDictionary<string, long> Resources(string text)
    {
        const string form = "Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: ";
        if (text.Trim().Length == 0) { throw new BadRequestError(form + "empty string."); }
        var resources = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var part in text.Split(','))
        {
            if (part.Split(':') is not [var name, var amount]) { throw new BadRequestError($"{form}{part}."); }
            if (!long.TryParse(amount, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number)) { throw new BadRequestError($"Requested resource {name} expected positive integer amount. Got: {amount}."); }
            if (number < 1) { throw new BadRequestError($"Requested resource {name} requires amount >= 1. Got: {number}."); }
            resources[name] = number;
        }
        return resources;
    }

    /// <summary><c>T1,!T2</c> and, from 1.39, <c>in:T3,T4</c>; several values then.</summary>
    public static TraitFilter Traits(IReadOnlyList<string> values, ApiVersion version)
    {
        var anyTraits = version >= new ApiVersion(1, 39);
        var allowForbidden = version >= new ApiVersion(1, 22);
        var required = new List<IReadOnlySet<string>>();
        var forbidden = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in anyTraits ? values : values.TakeLast(1))
        {
            if (value.StartsWith("in:", StringComparison.Ordinal))
            {
                if (!anyTraits) { throw Bad($"The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. Got: {value}"); }
                var any = value[3..].Split(',').Select(t => t.Trim()).ToHashSet(StringComparer.Ordinal);
                if (any.Contains("")) { throw Bad($"Expected 'required' parameter value of the form: in:HW_CPU_X86_VMX,CUSTOM_MAGIC. Got an empty trait in: {value}"); }
                if (any.Any(t => t[0] == '!')) { throw Bad($"The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' does not support forbidden traits. Got: {value}"); }
                required.Add(any);
                continue;
            }
            foreach (var trait in value.Split(',').Select(t => t.Trim()))
            {
                var name = trait.TrimStart('!');
                if (name.Length == 0) { throw Bad($"Expected 'required' parameter value of the form: HW_CPU_X86_VMX,{(allowForbidden ? "!" : "")}CUSTOM_MAGIC. Got an empty trait in: {value}"); }
                if (name.Length == trait.Length) { required.Add(new HashSet<string>(StringComparer.Ordinal) { name }); }
                else if (allowForbidden) { forbidden.Add(name); }
                else { throw Bad($"Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC. Got: {value}"); }
            }
        }
        return new TraitFilter(required, forbidden);
    }

    /// <summary><c>UUID</c>, <c>in:UUID,UUID</c>, and from 1.32 both after <c>!</c>; several values from 1.24.</summary>
    public static AggregateFilter Aggregates(IReadOnlyList<string> values, ApiVersion version, string suffix = "")
    {
        if (version < new ApiVersion(1, 24) && values.Count > 1) { throw new BadRequestError($"Multiple member_of{suffix} parameters are not supported"); }
        var required = new List<IReadOnlySet<string>>();
        var forbidden = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            var isForbidden = value.StartsWith('!');
            var rest = isForbidden ? value[1..] : value;
            var isList = rest.StartsWith("in:", StringComparison.Ordinal);
            if (rest.Contains(',', StringComparison.Ordinal) && !isList)
            {
                throw new BadRequestError($"Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the valid microversion. Got: {value}");
            }
            var ids = (isList ? rest[3..].Split(',') : [rest]).ToHashSet(StringComparer.Ordinal);
            if (ids.FirstOrDefault(id => !NewId.IsUuidLike(id)) is { } bad) { throw Bad($"Expected 'member_of' parameter to contain valid UUID(s). Got: {bad}"); }
            ids = ids.Select(Uuid).ToHashSet(StringComparer.Ordinal);
            if (!isForbidden) { required.Add(ids); }
            else if (version >= new ApiVersion(1, 32)) { forbidden.UnionWith(ids); }
            else { throw new BadRequestError($"Forbidden member_of{suffix} parameters are not supported in the specified microversion"); }
        }
        return new AggregateFilter(required, forbidden);
    }

    public static string InTree(string text) => NewId.IsUuidLike(text.Trim()) ? Uuid(text.Trim()) : throw Bad($"Expected 'in_tree' parameter to be a format of uuid. Got: {text}");

    /// <summary>Dashed and lower case, as ids are stored.</summary>
    public static string Uuid(string text) => Guid.TryParse(text, out var id) ? id.ToString() : text;

    private static BadRequestError Bad(string message) => new("Invalid query string parameters: " + message);
}
