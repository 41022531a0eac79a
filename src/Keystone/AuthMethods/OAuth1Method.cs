using Nephos.Keystone.OAuth1;

namespace Nephos.Keystone.AuthMethods;

/// <summary>By a request that is signed with an OAuth1 access token. Upstream: <c>keystone/auth/plugins/oauth1.py</c>. The token is for the project and the roles that the user authorized.</summary>
internal sealed class OAuth1Method(OAuth1Operations operations) : IAuthMethod
{
    public string Name => "oauth1";

    public async Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel)
    {
        var parameters = OAuth1Signature.Parameters(attempt.Http);
        if (!parameters.TryGetValue("oauth_token", out var id)) { throw Faults.Expecting("oauth_token", "request"); }
        var (token, secret) = await operations.ForLoginAsync(id) ?? throw OAuth1Operations.NoAccessToken();
        var address = $"{attempt.Http.Scheme}://{attempt.Http.Host}{attempt.Http.Path}";
        if (token.ExpiresAt < attempt.Context.Now || parameters.GetValueOrDefault("oauth_consumer_key") != token.ConsumerId
            || !OAuth1Signature.Fits(attempt.Http, address, parameters, secret, token.AccessSecret, attempt.Context.Now)) { throw Faults.Unauthorized(); }
        return new AuthResult(token.AuthorizingUserId) { AccessTokenId = token.Id, ProjectId = token.ProjectId, EndsAt = token.ExpiresAt };
    }
}
