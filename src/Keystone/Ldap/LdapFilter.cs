using System.Text;

namespace Nephos.Keystone.Ldap;

/// <summary>Search filters (RFC 4515).</summary>
internal static class LdapFilter
{
    /// <summary>A value that stands for itself, whatever is in it.</summary>
    public static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            if (c is '*' or '(' or ')' or '\\' or '\0') { text.Append('\\').Append(((int)c).ToString("x2", System.Globalization.CultureInfo.InvariantCulture)); } else { text.Append(c); }
        }
        return text.ToString();
    }

    public static string Equal(string attribute, string value) => $"({attribute}={Escape(value)})";

    /// <summary>Active Directory's rule that follows groups in groups.</summary>
    private const string InChain = "1.2.840.113556.1.4.1941";

    /// <summary>Groups that name the user as a member.</summary>
    public static string GroupsOf(LdapIdentity user, LdapSettings ldap) => ldap.GroupAdNesting ? $"(member:{InChain}:={Escape(user.Dn)})" : Equal(ldap.GroupMemberAttribute, ldap.GroupMembersAreIds ? user.LocalId : user.Dn);

    /// <summary>Users in the group or in a group of it.</summary>
    public static string NestedMembersOf(LdapIdentity group) => $"(memberOf:{InChain}:={Escape(group.Dn)})";

    public static string Any(IEnumerable<string> filters) => $"(|{string.Concat(filters)})";

    /// <summary>
    /// What a list's query says about the name, as a filter of the directory: <c>name=x</c> and <c>name__contains</c> and its like. Most attributes compare without case there; a comparator
    /// that minds it gets its rows checked again afterwards (<see cref="Names"/>).
    /// </summary>
    public static string OfQuery(IEnumerable<(string Key, string Value)> query, string nameAttribute)
    {
        var filter = new StringBuilder();
        foreach (var (key, value) in query)
        {
            var text = Escape(value);
            filter.Append(key switch
            {
                "name" => $"({nameAttribute}={text})",
                "name__contains" or "name__icontains" => $"({nameAttribute}=*{text}*)",
                "name__startswith" or "name__istartswith" => $"({nameAttribute}={text}*)",
                "name__endswith" or "name__iendswith" => $"({nameAttribute}=*{text})",
                _ => "",
            });
        }
        return filter.ToString();
    }

    /// <summary>Whether a name fits the comparators that mind its case.</summary>
    public static bool Names(string name, IEnumerable<(string Key, string Value)> query) => query.All(q => q.Key switch
    {
        "name__contains" => name.Contains(q.Value, StringComparison.Ordinal),
        "name__startswith" => name.StartsWith(q.Value, StringComparison.Ordinal),
        "name__endswith" => name.EndsWith(q.Value, StringComparison.Ordinal),
        _ => true,
    });
}
