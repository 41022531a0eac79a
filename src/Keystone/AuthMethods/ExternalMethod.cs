using Nephos.Keystone.Bootstrap;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.AuthMethods;

/// <summary>
/// By what a proxy in front of the cloud found out, told in a header (upstream: the web server's <c>REMOTE_USER</c>, <c>keystone/auth/plugins/external.py</c>). Off unless the header's name is
/// configured, since without such a proxy anybody could send it.
/// </summary>
internal sealed class ExternalMethod(UserFinder users, KeystoneSettings settings) : IAuthMethod
{
    public string Name => "external";

    public async Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel)
    {
        if (settings.Auth.ExternalUserHeader is not { Length: > 0 } header || attempt.Http.Headers[header].FirstOrDefault() is not { Length: > 0 } name) { throw Faults.Unauthorized(); }
        var domain = settings.Auth.ExternalDomainHeader is { Length: > 0 } other && attempt.Http.Headers[other].FirstOrDefault() is { Length: > 0 } given ? new AuthName { Name = given } : new AuthName { Id = FirstStart.DefaultDomain };
        return new AuthResult(await users.FindAsync(new AuthUser { Name = name, Domain = domain }, cancel) ?? throw Faults.Unauthorized());
    }
}
