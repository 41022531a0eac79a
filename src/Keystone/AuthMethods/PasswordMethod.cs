using Nephos.Keystone.Passwords;

namespace Nephos.Keystone.AuthMethods;

/// <summary>By name and password. Upstream: <c>keystone/auth/plugins/password.py</c>.</summary>
internal sealed class PasswordMethod(PasswordLogin passwords) : IAuthMethod
{
    public string Name => "password";

    public async Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel)
    {
        var user = UserFinder.Check(attempt.Request.Identity.Password?.User, Name);
        if (user.Password is null) { throw Faults.Expecting("password", "user"); }
        return new AuthResult(await passwords.LoginAsync(user.Name is null ? user.Id : null, user.Name, user.Domain?.Id, user.Domain?.Name, user.Password, cancel));
    }
}
