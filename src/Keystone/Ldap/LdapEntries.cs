using System.Globalization;

namespace Nephos.Keystone.Ldap;

/// <summary>An entry as the directory gave it: attribute names in lower case.</summary>
internal sealed record LdapEntry(string Dn, IReadOnlyDictionary<string, IReadOnlyList<string>> Attributes)
{
    public string? First(string? attribute) => attribute is not null && Attributes.TryGetValue(attribute.ToLowerInvariant(), out var values) && values.Count > 0 ? values[0] : null;
    public IReadOnlyList<string> All(string attribute) => Attributes.TryGetValue(attribute.ToLowerInvariant(), out var values) ? values : [];
}

/// <summary>A user or a group of a directory, in Keystone's words. <paramref name="Enabled"/> is true for groups.</summary>
internal sealed record LdapIdentity(string LocalId, string Dn, string Name, bool Enabled, string? Description, string? DefaultProjectId, IReadOnlyDictionary<string, string> Extra);

/// <summary>From entries to users and groups: pure. Upstream: <c>keystone/identity/backends/ldap/common.py</c>, <c>_ldap_res_to_model</c>. An entry without an id or a name is none of ours.</summary>
internal static class LdapEntries
{
    public static LdapIdentity? User(LdapEntry entry, LdapSettings ldap)
    {
        if (IdOf(entry, ldap.UserIdAttribute) is not { } id || NameOf(entry, ldap.UserNameAttribute) is not { } name) { return null; }
        bool Shows(string attribute) => !ldap.UserAttributeIgnore.Contains(attribute);
        var extra = More(entry, ldap.UserAdditionalAttributeMapping);
        if (Shows("description") && entry.First(ldap.UserDescriptionAttribute) is { } description) { extra["description"] = description; }
        if (Shows("email") && entry.First(ldap.UserMailAttribute) is { } mail) { extra["email"] = mail; }
        return new(id, entry.Dn, name, IsEnabled(entry, ldap), null, Shows("default_project_id") ? entry.First(ldap.UserDefaultProjectIdAttribute) : null, extra);
    }

    public static LdapIdentity? Group(LdapEntry entry, LdapSettings ldap)
    {
        if (IdOf(entry, ldap.GroupIdAttribute) is not { } id || NameOf(entry, ldap.GroupNameAttribute) is not { } name) { return null; }
        return new(id, entry.Dn, name, true, ldap.GroupAttributeIgnore.Contains("description") ? null : entry.First(ldap.GroupDescAttribute), null, More(entry, ldap.GroupAdditionalAttributeMapping));
    }

    /// <summary>All attributes that a search must ask for.</summary>
    public static string[] UserAttributes(LdapSettings ldap) => Distinct([ldap.UserIdAttribute, ldap.UserNameAttribute, ldap.UserDescriptionAttribute, ldap.UserMailAttribute, ldap.UserEnabledAttribute,
        ldap.UserDefaultProjectIdAttribute, .. Pairs(ldap.UserAdditionalAttributeMapping).Select(p => p.From)]);

    public static string[] GroupAttributes(LdapSettings ldap) => Distinct([ldap.GroupIdAttribute, ldap.GroupNameAttribute, ldap.GroupDescAttribute, .. Pairs(ldap.GroupAdditionalAttributeMapping).Select(p => p.From)]);

    /// <summary>An id has one value; with several, the one in the entry's own name counts.</summary>
    public static string? IdOf(LdapEntry entry, string attribute) => entry.All(attribute) switch
    {
        [var one] => one,
        [] => null,
        _ => DistinguishedName.Parse(entry.Dn) is [var rdn, ..] && rdn.Attribute.Equals(attribute, StringComparison.OrdinalIgnoreCase) ? rdn.Value : entry.First(attribute),
    };

    /// <summary>The bit, the truth, or the lock; with emulation the group says it, not the entry.</summary>
    private static bool IsEnabled(LdapEntry entry, LdapSettings ldap)
    {
        if (ldap.UserEnabledEmulation && ldap.UserEnabledMask == 0) { return true; }
        var text = entry.First(ldap.UserEnabledAttribute) ?? ldap.UserEnabledDefault;
        if (ldap.UserEnabledMask != 0)
        {
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bits) && (bits & ldap.UserEnabledMask) != ldap.UserEnabledMask;
        }
        if (ldap.UserAttributeIgnore.Contains("enabled")) { return true; }
        // Upstream reads whole numbers in an attribute that is called so.
        var isTrue = text.Equals("true", StringComparison.OrdinalIgnoreCase)
            || (ldap.UserEnabledAttribute == "enabled" && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number != 0);
        return isTrue != ldap.UserEnabledInvert;
    }

    private static string? NameOf(LdapEntry entry, string attribute) => entry.First(attribute) is { } name && name.Trim().Length > 0 ? name : null;

    private static Dictionary<string, string> More(LdapEntry entry, IReadOnlyList<string> mapping)
    {
        var extra = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (from, to) in Pairs(mapping))
        {
            if (to is not ("id" or "name" or "domain_id" or "enabled" or "links" or "options" or "password") && entry.First(from) is { } value) { extra[to] = value; }
        }
        return extra;
    }

    private static IEnumerable<(string From, string To)> Pairs(IReadOnlyList<string> mapping) => mapping.Select(m => m.Split(':')).Where(m => m.Length == 2).Select(m => (m[0].Trim(), m[1].Trim()));
    private static string[] Distinct(string?[] names) => [.. names.OfType<string>().Where(n => n.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)];
}
