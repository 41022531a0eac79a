namespace Nephos.Keystone.Federation.Mappings;

/// <summary>What a mapping made of an assertion.</summary>
/// <param name="GroupIds">Groups by id.</param>
/// <param name="Groups">Groups by name and domain.</param>
/// <param name="Projects">Projects to be there, with the user's roles on them.</param>
internal sealed record MappedIdentity(MappedUser User, IReadOnlyList<string> GroupIds, IReadOnlyList<MappedGroup> Groups, IReadOnlyList<MappedProject> Projects);

/// <summary>The user; a local one exists already, another is made when first seen.</summary>
internal sealed record MappedUser(string? Id, string? Name, string? Email, MappedDomain? Domain, bool IsLocal);

internal sealed record MappedGroup(string Name, MappedDomain Domain);
internal sealed record MappedProject(string Name, MappedDomain? Domain, IReadOnlyList<string> Roles);

/// <summary>A domain by id or by name; by id when both are given.</summary>
internal sealed record MappedDomain(string? Id, string? Name);

/// <summary>What an identity provider says of a user: names and values.</summary>
internal sealed class Assertion(IReadOnlyDictionary<string, IReadOnlyList<string>> values)
{
    /// <summary>Null when there is no such attribute, or no value in it.</summary>
    public IReadOnlyList<string>? this[string name] => values.TryGetValue(name, out var found) && found.Count > 0 ? found : null;

    /// <summary>From variables as web servers hand them on: several values in one text, with semicolons between them.</summary>
    public static Assertion OfTexts(IEnumerable<KeyValuePair<string, string>> texts) =>
        new(texts.GroupBy(t => t.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (IReadOnlyList<string>)g.Last().Value.Split(';'), StringComparer.Ordinal));
}

/// <summary>No identity came of it.</summary>
internal sealed class MappingFailure : Exception
{
    private MappingFailure(string message, bool isMappings) : base(message) => IsMappings = isMappings;

    /// <summary>True: the mapping itself cannot work; false: it does not take this assertion.</summary>
    public bool IsMappings { get; }

    public static MappingFailure OfMapping(string message) => new(message, true);
    public static MappingFailure OfAssertion(string message) => new(message, false);
}
