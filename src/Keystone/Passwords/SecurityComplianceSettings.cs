using System.Text.RegularExpressions;
using Nephos.Kernel.Configuration;

namespace Nephos.Keystone.Passwords;

/// <summary>
/// The rules of passwords and accounts. Names and meanings are those of upstream's section <c>[security_compliance]</c> (<c>keystone/conf/security_compliance.py</c>); all are off by default,
/// and all are about users in Nephos's own database: a directory has rules of its own.
/// </summary>
public sealed record SecurityComplianceSettings
{
    [Setting("After so many failed logins by password an account is locked. None: never.", Minimum = 1)]
    public int? LockoutFailureAttempts { get; init; }

    [Setting("How long it stays locked. 0: until an administrator enables the user again.", Minimum = 0)]
    public TimeSpan LockoutDuration { get; init; } = TimeSpan.FromSeconds(1800);

    [Setting("Days after which a new password expires; passwords that are there keep their end. None: never.", Minimum = 1)]
    public int? PasswordExpiresDays { get; init; }

    [Setting("How many of their last passwords users may not choose again, the present one included. An administrator may set any. 0: no history is kept.", Minimum = 0)]
    public int UniqueLastPasswordCount { get; init; }

    [Setting("Days that users must keep a password they chose, lest they run through the history on one day.", Minimum = 0)]
    public int MinimumPasswordAge { get; init; }

    [Setting("Regular expression that new passwords must match, from their beginning.", Example = @"^(?=.*\d)(?=.*[a-zA-Z]).{7,}$")]
    public string? PasswordRegex { get; init; }

    [Setting("What the expression asks for, in words: told to users whose password does not match.", Example = "at least 7 characters with a letter and a digit")]
    public string? PasswordRegexDescription { get; init; }

    [Setting("Passwords that an administrator set expire at once, so that the user has to choose another before anything else.")]
    public bool ChangePasswordUponFirstUse { get; init; }

    [Setting("Days without a login after which a user counts as disabled. None: never.", Minimum = 1)]
    public int? DisableUserAccountDaysInactive { get; init; }

    internal IEnumerable<(string Key, string Message)> Check()
    {
        if (PasswordRegex is { } pattern && !IsPattern(pattern)) { yield return ("password_regex", "is no regular expression"); }
        if (PasswordExpiresDays is { } days && MinimumPasswordAge >= days) { yield return ("minimum_password_age", "must be less than password_expires_days, or a password expires before it may be changed"); }
    }

    private static bool IsPattern(string pattern)
    {
        try { return new Regex(pattern) is not null; }
        catch (ArgumentException) { return false; }
    }
}
