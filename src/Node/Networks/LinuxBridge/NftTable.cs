using System.Text;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>A chain: <paramref name="Hook"/> is the text after <c>{</c> of a base chain, or null for one that is jumped to.</summary>
internal sealed record NftChain(string Name, string? Hook, IReadOnlyList<string> Rules);

/// <summary>A named set, or a map when <paramref name="Map"/>: elements are then <c>key : value</c>.</summary>
/// <param name="Type">As in the declaration: <c>ipv4_addr</c>, <c>ifname : mark</c>.</param>
/// <param name="Interval">Elements may be prefixes. They must not overlap.</param>
internal sealed record NftSet(string Name, bool Map, string Type, bool Interval, IReadOnlyList<string> Elements);

/// <summary>
/// The desired content of one nftables table, and the text that makes it so. The rules are computed whole and written as the difference to what was written
/// last: a changed port costs its own chain and elements, a changed group its chain, and nothing else is touched, without code per kind of change.
/// Replacing a table whole (at start, or after a failure) is one transaction too: no packet meets half a table, and connections stay, because the
/// connection table is not part of it.
/// </summary>
internal sealed class NftTable(string family, string name)
{
    private readonly SortedDictionary<string, NftChain> _chains = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, NftSet> _sets = new(StringComparer.Ordinal);

    public string Family { get; } = family;
    public string Name { get; } = name;
    public IReadOnlyDictionary<string, NftChain> Chains => _chains;
    public IReadOnlyDictionary<string, NftSet> Sets => _sets;
    private string Id => $"{Family} {Name}";

    public void Chain(string chain, string? hook, params IReadOnlyList<string> rules) => _chains.Add(chain, new NftChain(chain, hook, rules));
    public void Set(string set, string type, bool interval, IReadOnlyList<string> elements) => _sets.Add(set, new NftSet(set, false, type, interval, elements));
    public void Map(string map, string type, IReadOnlyList<string> elements) => _sets.Add(map, new NftSet(map, true, type, false, elements));

    /// <summary>Text that removes the table, whether it exists or not.</summary>
    public static string Remove(string family, string name) => $"add table {family} {name}\ndelete table {family} {name}\n";

    /// <summary>Text that makes the table exactly so, whatever was there.</summary>
    public string Replace()
    {
        var text = new StringBuilder(Remove(Family, Name)).Append("add table ").Append(Id).Append('\n');
        WriteNew(text, _chains.Values, _sets.Values);
        foreach (var chain in _chains.Values)
        {
            WriteRules(text, chain);
        }
        foreach (var set in _sets.Values)
        {
            WriteElements(text, "add", set.Name, set.Elements);
        }
        return text.ToString();
    }

    /// <summary>Text that turns <paramref name="old"/> into this table; empty when they are equal.</summary>
    public string ChangeFrom(NftTable old)
    {
        if (_chains.Values.Any(c => old._chains.TryGetValue(c.Name, out var o) && o.Hook != c.Hook)
            || _sets.Values.Any(s => old._sets.TryGetValue(s.Name, out var o) && (o.Map, o.Type, o.Interval) != (s.Map, s.Type, s.Interval)))
        {
            return Replace();
        }
        var text = new StringBuilder();
        // The order lets each line refer to what exists at that moment: new names, then rules, then elements out and in, then names nobody uses any more.
        WriteNew(text, _chains.Values.Where(c => !old._chains.ContainsKey(c.Name)), _sets.Values.Where(s => !old._sets.ContainsKey(s.Name)));
        foreach (var set in _sets.Values)
        {
            if (old._sets.TryGetValue(set.Name, out var before))
            {
                WriteElementChanges(text, before, set);
            }
            else
            {
                WriteElements(text, "add", set.Name, set.Elements);
            }
        }
        foreach (var chain in _chains.Values)
        {
            if (!old._chains.TryGetValue(chain.Name, out var before))
            {
                WriteRules(text, chain);
            }
            else if (!before.Rules.SequenceEqual(chain.Rules))
            {
                text.Append("flush chain ").Append(Id).Append(' ').Append(chain.Name).Append('\n');
                WriteRules(text, chain);
            }
        }
        var gone = old._chains.Keys.Where(c => !_chains.ContainsKey(c)).ToList();
        // Chains that go may jump to each other: empty them all first.
        gone.ForEach(c => text.Append("flush chain ").Append(Id).Append(' ').Append(c).Append('\n'));
        gone.ForEach(c => text.Append("delete chain ").Append(Id).Append(' ').Append(c).Append('\n'));
        foreach (var set in old._sets.Values.Where(s => !_sets.ContainsKey(s.Name)))
        {
            text.Append("delete ").Append(set.Map ? "map " : "set ").Append(Id).Append(' ').Append(set.Name).Append('\n');
        }
        return text.ToString();
    }

    private void WriteNew(StringBuilder text, IEnumerable<NftChain> chains, IEnumerable<NftSet> sets)
    {
        foreach (var chain in chains)
        {
            text.Append("add chain ").Append(Id).Append(' ').Append(chain.Name);
            text.Append(chain.Hook is null ? "" : $" {{ {chain.Hook} }}").Append('\n');
        }
        foreach (var set in sets)
        {
            text.Append("add ").Append(set.Map ? "map " : "set ").Append(Id).Append(' ').Append(set.Name);
            text.Append(" { type ").Append(set.Type).Append(set.Interval ? "; flags interval; }\n" : "; }\n");
        }
    }

    private void WriteRules(StringBuilder text, NftChain chain)
    {
        foreach (var rule in chain.Rules)
        {
            text.Append("add rule ").Append(Id).Append(' ').Append(chain.Name).Append(' ').Append(rule).Append('\n');
        }
    }

    private void WriteElementChanges(StringBuilder text, NftSet before, NftSet after)
    {
        if (before.Elements.SequenceEqual(after.Elements))
        {
            return;
        }
        if (after.Interval)
        {
            // Deleting one interval next to another has failed in too many versions of nft; emptying and filling is as atomic.
            text.Append("flush set ").Append(Id).Append(' ').Append(after.Name).Append('\n');
            WriteElements(text, "add", after.Name, after.Elements);
            return;
        }
        WriteElements(text, "delete", after.Name, before.Elements.Except(after.Elements, StringComparer.Ordinal).ToList());
        WriteElements(text, "add", after.Name, after.Elements.Except(before.Elements, StringComparer.Ordinal).ToList());
    }

    private void WriteElements(StringBuilder text, string verb, string set, IReadOnlyList<string> elements)
    {
        if (elements.Count > 0)
        {
            text.Append(verb).Append(" element ").Append(Id).Append(' ').Append(set).Append(" { ").AppendJoin(", ", elements).Append(" }\n");
        }
    }
}
