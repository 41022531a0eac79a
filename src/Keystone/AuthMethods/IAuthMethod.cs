using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Auth;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.AuthMethods;

/// <summary>
/// One way to say who one is. A login names one or more (<c>auth.identity.methods</c>); each is tried, and all must name the same user. Upstream: <c>keystone/auth/plugins</c>.
/// The list of them is <see cref="AuthMethodList"/>.
/// </summary>
internal interface IAuthMethod
{
    /// <summary>As in <c>methods</c>, and in <see cref="TokenPayload.MethodNames"/>, which gives it its bit in tokens.</summary>
    string Name { get; }

    /// <summary>Who it is. Throws the 401 that all failures share, unless upstream tells more; a body that makes no sense is 400.</summary>
    Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel);
}

/// <summary>A login, as one method sees it.</summary>
/// <param name="Payload">The object under the method's name.</param>
/// <param name="Http">For methods that live in headers.</param>
internal sealed record AuthAttempt(RequestContext Context, AuthRequest Request, JsonElement Payload, HttpRequest Http);

/// <summary>What a method found. Values that two methods both give must be equal, but for the expiry, of which the earliest counts.</summary>
internal sealed record AuthResult(string UserId)
{
    /// <summary>Methods that this one carries on: those of the token that it was given.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];
    /// <summary>The new token ends then, as that which it is made from; null: after the usual time.</summary>
    public DateTime? ExpiresAt { get; init; }
    /// <summary>The new token does not outlive this; null: what it is made with has no end.</summary>
    public DateTime? EndsAt { get; init; }
    /// <summary>The chain of tokens that the new one continues.</summary>
    public string? ChainId { get; init; }
    /// <summary>The only project that the new token may be for.</summary>
    public string? ProjectId { get; init; }
    public string? ApplicationCredentialId { get; init; }
    public string? AccessTokenId { get; init; }
    /// <summary>Of the certificate that the new token is bound to.</summary>
    public string? Thumbprint { get; init; }
    public FederatedPayload? Federation { get; init; }
    /// <summary>The user's options as they are stored, when the method has seen them; saves a query.</summary>
    public string? UserOptions { get; init; }

    /// <summary>This and what the next method found.</summary>
    public AuthResult And(AuthResult next) => new(Same(UserId, next.UserId)!)
    {
        Methods = [.. Methods.Union(next.Methods)],
        ExpiresAt = Earliest(ExpiresAt, next.ExpiresAt),
        EndsAt = Earliest(EndsAt, next.EndsAt),
        ChainId = ChainId ?? next.ChainId,
        ProjectId = Same(ProjectId, next.ProjectId),
        ApplicationCredentialId = Same(ApplicationCredentialId, next.ApplicationCredentialId),
        AccessTokenId = Same(AccessTokenId, next.AccessTokenId),
        Thumbprint = Thumbprint ?? next.Thumbprint,
        Federation = Federation ?? next.Federation,
    };

    private static DateTime? Earliest(DateTime? one, DateTime? other) => one is null || other < one ? other ?? one : one;

    private static string? Same(string? one, string? other) => one is null || other is null || one == other ? one ?? other : throw Faults.Unauthorized();
}
