using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Ldap;

namespace Nephos.Keystone.DomainConfigs;

/// <summary>Which options a domain may have of its own: upstream's lists (<c>keystone/resource/core.py</c>, <c>DomainConfigManager</c>), written out so that a new setting is not open by itself.</summary>
internal static class ConfigOptions
{
    public const string Identity = "identity", Ldap = "ldap", Sql = "sql", SecurityCompliance = "security_compliance";

    private static readonly Dictionary<string, IReadOnlyList<string>> Open = new(StringComparer.Ordinal)
    {
        [Identity] = ["driver", "list_limit"],
        [Ldap] =
        [
            "url", "user", "suffix", "query_scope", "page_size", "alias_dereferencing", "debug_level", "chase_referrals", "user_tree_dn", "user_filter", "user_objectclass", "user_id_attribute",
            "user_name_attribute", "user_mail_attribute", "user_description_attribute", "user_pass_attribute", "user_enabled_attribute", "user_enabled_invert", "user_enabled_mask",
            "user_enabled_default", "user_attribute_ignore", "user_default_project_id_attribute", "user_enabled_emulation", "user_enabled_emulation_dn",
            "user_enabled_emulation_use_group_config", "user_additional_attribute_mapping", "group_tree_dn", "group_filter", "group_objectclass", "group_id_attribute", "group_name_attribute",
            "group_members_are_ids", "group_member_attribute", "group_desc_attribute", "group_attribute_ignore", "group_additional_attribute_mapping", "tls_cacertfile", "tls_cacertdir", "use_tls",
            "tls_req_cert", "use_pool", "pool_size", "pool_retry_max", "pool_retry_delay", "pool_connection_timeout", "pool_connection_lifetime", "use_auth_pool", "auth_pool_size",
            "auth_pool_connection_lifetime",
        ],
    };

    private static readonly Dictionary<string, IReadOnlyList<string>> Sensitive = new(StringComparer.Ordinal) { [Identity] = [], [Ldap] = ["password"] };
    private static readonly string[] Readable = ["password_regex", "password_regex_description"];

    public static bool IsSensitive(string group, string option) => Sensitive.TryGetValue(group, out var options) && options.Contains(option);

    public static void EnsureSupported(string? group, string? option)
    {
        if (group is null) { return; }
        if (!Open.TryGetValue(group, out var open)) { throw Invalid($"Group {group} is not supported for domain specific configurations"); }
        if (option is not null && !open.Contains(option) && !IsSensitive(group, option)) { throw Invalid($"Option {option} in group {group} is not supported for domain specific configurations"); }
    }

    /// <summary>What holds for domains that say nothing: the program's configuration.</summary>
    public static object Defaults(KeystoneSettings settings, string? group, string? option)
    {
        EnsureSupported(group, option);
        if (option is not null)
        {
            return Open[group!].Contains(option) ? new Dictionary<string, object?> { [option] = Default(settings, group!, option) }
                : throw Invalid($"Reading the default for option {option} in group {group} is not supported");
        }
        return Open.Where(g => group is null || g.Key == group).ToDictionary(g => g.Key, g => g.Value.ToDictionary(o => o, o => Default(settings, g.Key, o)));
    }

    /// <summary>What users may know of the rules of passwords, to choose one that fits. Upstream keeps them with the default domain.</summary>
    public static object PasswordRules(KeystoneSettings settings, string domainId, string? option)
    {
        if (domainId != Bootstrap.FirstStart.DefaultDomain) { throw Invalid("Reading security compliance information for any domain other than the default domain is not allowed or supported."); }
        if (option is not null && !Readable.Contains(option)) { throw Invalid("Reading security compliance values other than password_regex and password_regex_description is not allowed."); }
        var (regex, description) = (settings.SecurityCompliance.PasswordRegex, settings.SecurityCompliance.PasswordRegexDescription);
        if (option is not null) { return new Dictionary<string, string?> { [option] = option == Readable[0] ? regex : description }; }
        return new Dictionary<string, object> { [SecurityCompliance] = new Dictionary<string, string?> { [Readable[0]] = regex, [Readable[1]] = description } };
    }

    public static ForbiddenError Invalid(string reason) => new($"Invalid domain specific configuration: {reason}.");

    public static NotFoundError Missing(string domainId, string? group, string? option) =>
        new($"Could not find {(option is not null ? $"option {option} in group {group}" : group is not null ? $"group {group}" : "any options")} in domain configuration for domain {domainId}.");

    private static object? Default(KeystoneSettings settings, string group, string option) => (group, option) switch
    {
        (Identity, "driver") => settings.IdentityDriver,
        (Identity, _) => null,
        _ => Property(option)!.GetValue(settings.Ldap),
    };

    /// <summary>The setting that an option of the group <c>ldap</c> is.</summary>
    public static System.Reflection.PropertyInfo? Property(string option) => Properties.GetValueOrDefault(option);

    private static readonly Dictionary<string, System.Reflection.PropertyInfo> Properties = typeof(LdapSettings).GetProperties().Where(p => p.CanWrite).ToDictionary(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name), StringComparer.Ordinal);
}
