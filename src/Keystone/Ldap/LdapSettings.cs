using Nephos.Kernel.Configuration;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// How to read a directory. Names, defaults and meanings are those of upstream's section <c>[ldap]</c> (<c>keystone/conf/ldap.py</c>). The configuration file has what all domains start from; a
/// domain's own file or its configuration through the API goes over it, option by option. Nothing is ever written to a directory.
/// </summary>
public sealed record LdapSettings
{
    [Setting("URLs of the directory's servers, separated by commas or spaces: the first that answers is used. `ldap://`, `ldaps://`, or `ldapi://` with the escaped path of a socket.")]
    public string Url { get; init; } = "ldap://localhost";
    [Setting("Begin with another of the URLs in each process.")]
    public bool RandomizeUrls { get; init; }
    [Setting("DN to bind with for searches. None: anonymous.", Example = "cn=keystone,ou=Services,dc=example,dc=org")]
    public string? User { get; init; }
    [Setting("Its password.", Secret = true)]
    public string? Password { get; init; }
    [Setting("The directory's suffix, below which users and groups are when their own tree is not said.")]
    public string Suffix { get; init; } = "cn=example,cn=com";
    [Setting("Entries right below the tree (`one`) or anywhere below it (`sub`).", Allowed = ["one", "sub"])]
    public string QueryScope { get; init; } = "one";
    [Setting("Entries asked for at a time when listing. 0: all at once.", Minimum = 0)]
    public int PageSize { get; init; }
    [Setting("When aliases are followed; `default` leaves it to libldap's own configuration.", Allowed = ["never", "searching", "always", "finding", "default"])]
    public string AliasDereferencing { get; init; } = "default";
    [Setting("libldap's debug level, a bit mask, on standard error. None: off.", Minimum = -1)]
    public int? DebugLevel { get; init; }
    [Setting("Whether referrals to other servers are followed. None: as libldap's own configuration says.")]
    public bool? ChaseReferrals { get; init; }

    [Setting("Where users are.", DefaultText = "`ou=Users` below the suffix", Example = "ou=People,dc=example,dc=org")]
    public string? UserTreeDn { get; init; }
    [Setting("A filter that users must fit besides their class.", Example = "(memberOf=cn=cloud,ou=Groups,dc=example,dc=org)")]
    public string? UserFilter { get; init; }
    [Setting("Class of users.")]
    public string UserObjectclass { get; init; } = "inetOrgPerson";
    [Setting("Attribute that identifies a user for good; must have one value.")]
    public string UserIdAttribute { get; init; } = "cn";
    [Setting("Attribute with the name that users log in by; unique in the tree.")]
    public string UserNameAttribute { get; init; } = "sn";
    [Setting("Attribute with the description.")]
    public string? UserDescriptionAttribute { get; init; } = "description";
    [Setting("Attribute with the mail address.")]
    public string? UserMailAttribute { get; init; } = "mail";
    [Setting("Attribute with the password; upstream's option, not used since passwords are checked by a bind.")]
    public string? UserPassAttribute { get; init; } = "userPassword";
    [Setting("Attribute that says whether a user is enabled. For Active Directory `userAccountControl`, with a mask of 2 and a default of 512.")]
    public string? UserEnabledAttribute { get; init; } = "enabled";
    [Setting("The attribute says that a user is locked: true is disabled. No effect with a mask or with emulation.")]
    public bool UserEnabledInvert { get; init; }
    [Setting("The bit of the attribute that is set for disabled users. 0: the attribute is true or false.", Minimum = 0)]
    public int UserEnabledMask { get; init; }
    [Setting("What users without the attribute count as: True, False, or a number with a mask.")]
    public string UserEnabledDefault { get; init; } = "True";
    [Setting("Attributes of users that are left out: default_project_id, email, description, enabled.")]
    public IReadOnlyList<string> UserAttributeIgnore { get; init; } = ["default_project_id"];
    [Setting("Attribute with the id of the default project.")]
    public string? UserDefaultProjectIdAttribute { get; init; }
    [Setting("Users are enabled when they are members of one group, whatever their attributes.")]
    public bool UserEnabledEmulation { get; init; }
    [Setting("That group.", DefaultText = "`cn=enabled_users` below the users' tree", Example = "cn=enabled,ou=Groups,dc=example,dc=org")]
    public string? UserEnabledEmulationDn { get; init; }
    [Setting("Look for its members as in other groups (group_member_attribute, group_members_are_ids), not by DN in `member`.")]
    public bool UserEnabledEmulationUseGroupConfig { get; init; }
    [Setting("Further attributes to show, each `LDAP_ATTRIBUTE:USER_ATTRIBUTE`.")]
    public IReadOnlyList<string> UserAdditionalAttributeMapping { get; init; } = [];

    [Setting("Where groups are.", DefaultText = "`ou=UserGroups` below the suffix", Example = "ou=Groups,dc=example,dc=org")]
    public string? GroupTreeDn { get; init; }
    [Setting("A filter that groups must fit besides their class.", Example = "(cn=cloud-*)")]
    public string? GroupFilter { get; init; }
    [Setting("Class of groups.")]
    public string GroupObjectclass { get; init; } = "groupOfNames";
    [Setting("Attribute that identifies a group for good; must have one value.")]
    public string GroupIdAttribute { get; init; } = "cn";
    [Setting("Attribute with the name.")]
    public string GroupNameAttribute { get; init; } = "ou";
    [Setting("Attribute of a group that names a member.")]
    public string GroupMemberAttribute { get; init; } = "member";
    [Setting("Members are named by the users' id attribute, as in posixGroup, not by DN.")]
    public bool GroupMembersAreIds { get; init; }
    [Setting("Attribute with the description.")]
    public string? GroupDescAttribute { get; init; } = "description";
    [Setting("Attributes of groups that are left out: description.")]
    public IReadOnlyList<string> GroupAttributeIgnore { get; init; } = [];
    [Setting("Further attributes to show, each `LDAP_ATTRIBUTE:GROUP_ATTRIBUTE`.")]
    public IReadOnlyList<string> GroupAdditionalAttributeMapping { get; init; } = [];
    [Setting("Members of groups in groups count too, by Active Directory's matching rule.")]
    public bool GroupAdNesting { get; init; }

    [Setting("File of the authorities that may sign the servers' certificates (PEM); comes before the directory.", Example = "/etc/ssl/certs/ca-certificates.crt")]
    public string? TlsCacertfile { get; init; }
    [Setting("Directory of such files, with names by hash.", Example = "/etc/ssl/certs")]
    public string? TlsCacertdir { get; init; }
    [Setting("Begin TLS on an `ldap://` connection before anything else; refused with `ldaps://`.")]
    public bool UseTls { get; init; }
    [Setting("What a server's certificate must be: signed by an authority (`demand`), anything (`allow`, `never`).", Allowed = ["demand", "never", "allow"])]
    public string TlsReqCert { get; init; } = "demand";
    [Setting("Seconds to wait for a connection, and for each answer. -1: 30.", Minimum = -1)]
    public int ConnectionTimeout { get; init; } = -1;
    [Setting("Keep connections for further searches.")]
    public bool UsePool { get; init; } = true;
    [Setting("Most connections for searches in a process.", Minimum = 1, Maximum = 1000)]
    public int PoolSize { get; init; } = 10;
    [Setting("How often a connection is tried before the request fails.", Minimum = 1)]
    public int PoolRetryMax { get; init; } = 3;
    [Setting("Seconds between the tries.", Minimum = 0)]
    public double PoolRetryDelay { get; init; } = 0.1;
    [Setting("Seconds to wait for a connection of the pool, and for each answer on it. -1: as connection_timeout.", Minimum = -1)]
    public int PoolConnectionTimeout { get; init; } = -1;
    [Setting("Seconds after which a connection is made anew.", Minimum = 1)]
    public int PoolConnectionLifetime { get; init; } = 600;
    [Setting("Keep connections for further logins.")]
    public bool UseAuthPool { get; init; } = true;
    [Setting("Most connections for logins in a process.", Minimum = 1, Maximum = 1000)]
    public int AuthPoolSize { get; init; } = 100;
    [Setting("Seconds after which a connection for logins is made anew.", Minimum = 1)]
    public int AuthPoolConnectionLifetime { get; init; } = 60;

    public string UserTree => UserTreeDn ?? "ou=Users," + Suffix;
    public string GroupTree => GroupTreeDn ?? "ou=UserGroups," + Suffix;
    public string EnabledGroup => UserEnabledEmulationDn ?? "cn=enabled_users," + UserTree;
}
