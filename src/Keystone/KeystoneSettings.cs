using Nephos.Kernel.Configuration;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Passwords;

namespace Nephos.Keystone;

/// <summary>What of Keystone can be chosen.</summary>
public sealed record KeystoneSettings : ICheckedSettings
{
    public static readonly ConfigSection Section = ConfigSection.Of<KeystoneSettings>("keystone", "The identity service.");

    [Setting("How long a token is good for. Upstream: [token] expiration.", Minimum = 1)]
    public TimeSpan TokenExpiration { get; init; } = TimeSpan.FromHours(1);

    [Setting("How long after its end a token may still be shown to services that ask with allow_expired. Upstream: [token] allow_expired_window.", Minimum = 0)]
    public TimeSpan AllowExpiredWindow { get; init; } = TimeSpan.FromHours(48);

    [Setting("How new passwords are hashed. Hashes of the other kinds stay good. Upstream: [identity] password_hash_algorithm.")]
    public PasswordHashAlgorithm PasswordHashAlgorithm { get; init; }

    [Setting("Work factor of password hashes: for bcrypt and bcrypt_sha256 each step (4 to 31) doubles the time of a login, for pbkdf2_sha512 it is the number of rounds, scrypt has its own. Upstream: [identity] password_hash_rounds.",
        DefaultText = "12 for bcrypt, 25000 for pbkdf2_sha512", Minimum = 4, Example = "12")]
    public int? PasswordHashRounds { get; init; }

    [Setting("Bytes of salt in scrypt and pbkdf2_sha512. Upstream: [identity] salt_bytesize.", Minimum = 8, Maximum = 96)]
    public int SaltBytesize { get; init; } = 16;

    [Setting("scrypt's block size r; its cost is 2^16. Upstream: [identity] scrypt_block_size.", Minimum = 1, Maximum = 32)]
    public int ScryptBlockSize { get; init; } = 8;

    [Setting("scrypt's parallelism p. Upstream: [identity] scrypt_parallelism.", Minimum = 1, Maximum = 16)]
    public int ScryptParallelism { get; init; } = 1;

    [Setting("Most Fernet keys kept in the key repository, the staged and the primary one included. Upstream: [fernet_tokens] max_active_keys.", Minimum = 1)]
    public int FernetMaxActiveKeys { get; init; } = 3;

    [Setting("Bytes of a password that count; bcrypt takes no more than 72. What is longer is cut, or refused with strict_password_check. Upstream: [identity] max_password_length.", Minimum = 1, Maximum = 4096)]
    public int MaxPasswordLength { get; init; } = 4096;

    [Setting("How limits of projects and of their domains go together: flat takes no notice of the tree; strict_two_level keeps a project's limit below its domain's and trees two deep. Upstream: [unified_limit] enforcement_model.", Allowed = ["flat", "strict_two_level"])]
    public string EnforcementModel { get; init; } = "flat";

    [Setting("Most rows of a list whose request names no limit; the answer says truncated when there are more. None: as many as max_db_limit. Upstream: [DEFAULT] list_limit.", Minimum = 1)]
    public int? ListLimit { get; init; }

    [Setting("Most rows of any list; a greater limit of a request is cut to it. Upstream: [DEFAULT] max_db_limit.", Minimum = 1)]
    public int MaxDbLimit { get; init; } = 1000;

    [Setting("Refuse project names that have characters with a meaning in URLs. Upstream: [resource] project_name_url_safe; its strict, which also refuses logging in to such projects, is not offered.", Allowed = ["off", "new"])]
    public string ProjectNameUrlSafe { get; init; } = "off";

    [Setting("The same for names of domains. Upstream: [resource] domain_name_url_safe.", Allowed = ["off", "new"])]
    public string DomainNameUrlSafe { get; init; } = "off";

    [Setting("How deep projects may lie below a domain. Upstream: [DEFAULT] max_project_tree_depth.", Minimum = 1, Maximum = 100)]
    public int MaxProjectTreeDepth { get; init; } = 5;

    [Setting("Refuse new passwords that are longer than what counts. Upstream: [DEFAULT] strict_password_check.")]
    public bool StrictPasswordCheck { get; init; }

    [Setting("Rules of passwords and accounts. Upstream: [security_compliance].")]
    public SecurityComplianceSettings SecurityCompliance { get; init; } = new();

    [Setting("Ways to log in, and what they need.")]
    public AuthSettings Auth { get; init; } = new();

    [Setting("Users of other identity providers; see docs/federation.md.")]
    public Federation.FederationSettings Federation { get; init; } = new();

    [Setting("Where the default domain has its users and groups, unless its own configuration says otherwise: here (`sql`), or in the directory under `ldap`. Upstream: [identity] driver.", Allowed = ["sql", "ldap"])]
    public string IdentityDriver { get; init; } = DomainConfigs.ConfigOptions.Sql;

    [Setting("Folder with a file `keystone.DOMAIN_NAME.conf` for each domain whose users are in a directory; a domain's configuration through the API comes before it. Upstream: [identity] domain_config_dir.", Example = "/etc/keystone/domains")]
    public string? DomainConfigDir { get; init; }

    [Setting("What domains with the identity driver ldap start from, and the directory of the default domain. Upstream: [ldap].")]
    public LdapSettings Ldap { get; init; } = new();

    [Setting("OpenID Connect; see docs/federation.md.")]
    public Federation.Oidc.OidcSettings Oidc { get; init; } = new();

    [Setting("SAML2, as service provider and as identity provider; see docs/federation.md.")]
    public Federation.Saml.SamlSettings Saml { get; init; } = new();

    public IEnumerable<(string Key, string Message)> Check()
    {
        if (PasswordHashAlgorithm is PasswordHashAlgorithm.Bcrypt or PasswordHashAlgorithm.BcryptSha256 && PasswordHashRounds is < 4 or > 31) { yield return ("password_hash_rounds", "is 4 to 31 for bcrypt"); }
        if (IdentityDriver == DomainConfigs.ConfigOptions.Ldap)
        {
            var fault = "";
            try
            {
                if (!new LdapLibrary().IsThere) { throw new FormatException(LdapLibrary.Advice); }
                DomainDirectories.Check(DomainDirectories.Apply(Ldap, new Dictionary<string, System.Text.Json.JsonElement>()));
            }
            catch (FormatException error) { fault = error.Message; }
            if (fault.Length > 0) { yield return ("identity_driver", fault); }
        }
        foreach (var (id, provider) in Oidc.Providers.Where(p => p.Value.CaFile is { } file && !File.Exists(file))) { yield return ($"oidc.providers.{id}.ca_file", $"there is no file {provider.CaFile}"); }
        foreach (var (key, message) in SecurityCompliance.Check()) { yield return ("security_compliance." + key, message); }
    }
}
