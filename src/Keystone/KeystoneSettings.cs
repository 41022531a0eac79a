using Nephos.Kernel.Configuration;

namespace Nephos.Keystone;

/// <summary>What of Keystone can be chosen.</summary>
public sealed record KeystoneSettings
{
    public static readonly ConfigSection Section = ConfigSection.Of<KeystoneSettings>("keystone", "The identity service.");

    [Setting("How long a token is good for. Upstream: [token] expiration.", Minimum = 1)]
    public TimeSpan TokenExpiration { get; init; } = TimeSpan.FromHours(1);

    [Setting("How long after its end a token may still be shown to services that ask with allow_expired. Upstream: [token] allow_expired_window.", Minimum = 0)]
    public TimeSpan AllowExpiredWindow { get; init; } = TimeSpan.FromHours(48);

    [Setting("Work factor of password hashes (bcrypt): each step doubles the time of a login. Upstream: [identity] password_hash_rounds.", Minimum = 4, Maximum = 31)]
    public int PasswordHashRounds { get; init; } = 12;

    [Setting("Most Fernet keys kept in the key repository, the staged and the primary one included. Upstream: [fernet_tokens] max_active_keys.", Minimum = 1)]
    public int FernetMaxActiveKeys { get; init; } = 3;

    [Setting("Longest password in bytes that is taken. Upstream: [identity] max_password_length.", Minimum = 1, Maximum = 4096)]
    public int MaxPasswordLength { get; init; } = 4096;

    [Setting("How limits of projects and of their domains go together: flat takes no notice of the tree; strict_two_level keeps a project's limit below its domain's and trees two deep. Upstream: [unified_limit] enforcement_model.", Allowed = ["flat", "strict_two_level"])]
    public string EnforcementModel { get; init; } = "flat";

    [Setting("Most rows of a list whose request names no limit; the answer says truncated when there are more. None: as many as max_db_limit. Upstream: [DEFAULT] list_limit.", Minimum = 1)]
    public int? ListLimit { get; init; }

    [Setting("Most rows of any list; a greater limit of a request is cut to it. Upstream: [DEFAULT] max_db_limit.", Minimum = 1)]
    public int MaxDbLimit { get; init; } = 1000;

    [Setting("How deep projects may lie below a domain. Upstream: [DEFAULT] max_project_tree_depth.", Minimum = 1, Maximum = 100)]
    public int MaxProjectTreeDepth { get; init; } = 5;
}
