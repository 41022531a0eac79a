using System.Text.RegularExpressions;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Passwords;

/// <summary>What the section <c>security_compliance</c> says about one account or one password, in upstream's words. Pure: who asks brings rows and the clock's reading.</summary>
internal sealed class AccountRules(KeystoneSettings settings)
{
    /// <summary>No password is worth more; a pattern that takes longer is a wrong one. Far from what a pause of the machine may add to a good one.</summary>
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    private readonly SecurityComplianceSettings _rules = settings.SecurityCompliance;
    // re.match of Python: from the beginning, not necessarily to the end.
    private readonly Regex? _pattern = settings.SecurityCompliance.PasswordRegex is { Length: > 0 } pattern ? new Regex(@"\A(?:" + pattern + ")", RegexOptions.CultureInvariant, PatternTimeout) : null;

    /// <summary>Rows of the history to keep beside a new password.</summary>
    public int KeptPasswords => Math.Max(_rules.UniqueLastPasswordCount, 1);
    /// <summary>How many of the newest passwords, the present one included, a user's new one must differ from.</summary>
    public int UniquePasswords => _rules.UniqueLastPasswordCount;
    public bool CountsFailures => _rules.LockoutFailureAttempts is not null;

    /// <summary>Enabled, and seen lately enough.</summary>
    public bool IsEnabled(User user, DateTime now) => user.Enabled
        && (user.Source is not null || _rules.DisableUserAccountDaysInactive is not { } days || (now.Date - (user.LastActiveAt ?? user.CreatedAt).Date).TotalDays < days || Options.IsSet(user.Options, "ignore_user_inactivity"));

    public bool IsLocked(string options, int failures, DateTime? failedAt, DateTime now) => _rules.LockoutFailureAttempts is { } most && failures >= most && !Options.IsSet(options, "ignore_lockout_failure_attempts")
        && (_rules.LockoutDuration == TimeSpan.Zero || failedAt + _rules.LockoutDuration > now);

    /// <summary>For an account that is not locked: its count is that of a lockout which is over.</summary>
    public bool IsLockoutOver(int failures) => failures >= _rules.LockoutFailureAttempts;

    public static bool IsExpired(string options, DateTime? expiresAt, DateTime now) => expiresAt <= now && !Options.IsSet(options, "ignore_password_expiry");

    /// <summary>When a password that is made now ends. One that an administrator sets may end at once.</summary>
    public DateTime? ExpiryOf(string options, bool byAdministrator, DateTime now)
    {
        if (byAdministrator && _rules.ChangePasswordUponFirstUse && !Options.IsSet(options, "ignore_change_password_upon_first_use")) { return now; }
        if (_rules.PasswordExpiresDays is not { } days || Options.IsSet(options, "ignore_password_expiry")) { return null; }
        var end = now.AddDays(days);
        return new DateTime(end.Ticks - end.Ticks % TimeSpan.TicksPerSecond, DateTimeKind.Utc);
    }

    /// <summary>Whether a password may be one at all.</summary>
    public void EnsureFits(string? password, int maxLength)
    {
        if (_pattern is not null)
        {
            if (password is null) { throw Invalid("Password must be a string type"); }
            if (!Matches(_pattern, password)) { throw new BadRequestError($"The password does not match the requirements: {_rules.PasswordRegexDescription ?? "None"}."); }
        }
        if (password is null) { return; }
        if (settings.StrictPasswordCheck && System.Text.Encoding.UTF8.GetByteCount(password) > maxLength)
        {
            throw new ForbiddenError($"The password length must be less than or equal to {maxLength}. The server could not comply with the request because the password is invalid.");
        }
        if (password.Contains('\0', StringComparison.Ordinal)) { throw Invalid("a password cannot hold the character NUL"); }
    }

    /// <summary>Whether users may change their own password now. <paramref name="newest"/> is the present one.</summary>
    public void EnsureMayChange(string options, Password newest, DateTime now)
    {
        if (Options.IsSet(options, "lock_password"))
        {
            throw new BadRequestError("You cannot change your password at this time due to password policy disallowing password changes. Please contact your administrator to reset your password.");
        }
        var until = newest.CreatedAt.AddDays(_rules.MinimumPasswordAge);
        if (newest.SelfService && now < until)
        {
            throw new BadRequestError($"You cannot change your password at this time due to the minimum password age. Once you change your password, it must be used for {_rules.MinimumPasswordAge} day(s) before it can be changed. "
                + $"Please try again in {(until - now).Days} day(s) or contact your administrator to reset your password.");
        }
    }

    public BadRequestError UsedBefore() => new($"The new password cannot be identical to a previous password. The total number which includes the new password must be unique is {_rules.UniqueLastPasswordCount}.");

    private static BadRequestError Invalid(string detail) => new($"Password validation error: {detail}.");

    private static bool Matches(Regex pattern, string password)
    {
        try { return pattern.IsMatch(password); }
        catch (RegexMatchTimeoutException) { throw Invalid("Unable to validate password due to invalid configuration"); }
    }
}
