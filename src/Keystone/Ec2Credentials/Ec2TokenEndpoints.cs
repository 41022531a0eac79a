using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Credentials;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Ec2Credentials;

/// <summary>
/// A token for who signed a request to an EC2 or S3 service. Upstream: <c>keystone/api/ec2tokens.py</c>, <c>s3tokens.py</c>. Only services and administrators may ask: else a caught request would be a
/// login.
/// </summary>
internal static class Ec2TokenEndpoints
{
    private const string ServiceOrAdmin = "rule:service_or_admin";

    public static void Map(ResourceGroup v3)
    {
        v3.Post("/ec2tokens", ForEc2).Policy("identity:ec2tokens_validate", ServiceOrAdmin);
        v3.Post("/s3tokens", ForS3).Policy("identity:s3tokens_validate", ServiceOrAdmin);
    }

    private static async Task<Reply> ForEc2(Call call)
    {
        var (text, view) = await IssueAsync(call, FitsEc2);
        return Reply.Member("token", view).With("X-Subject-Token", text);
    }

    private static async Task<Reply> ForS3(Call call) => Reply.Member("token", (await IssueAsync(call, FitsS3)).View);

    private static async Task<(string Text, TokenView View)> IssueAsync(Call call, Func<JsonElement, string, bool> fits)
    {
        call.Context.Notes?.Login(null, null, null, null);
        var given = Given(await call.JsonAsync());
        var access = SignedRequest.Text(given, "access");
        if (access.Length == 0) { throw Faults.Unauthorized(); }
        var found = await call.Get<CredentialOperations>().FindAsync(CredentialOperations.IdOf(access));
        if (found is null || found.Row.Type != CredentialOperations.Ec2) { throw new NotFoundError("EC2 access key not found."); }
        call.Context.Notes?.LoginOf(found.Row.UserId);
        var blob = CredentialOperations.ReadBlob(found.Blob);
        if (!fits(given, blob["secret"]?.ToString() ?? throw Faults.Unauthorized())) { throw Faults.Unauthorized(); }
        EnsureFresh(SignedRequest.Of(given).Timestamp, call);
        var (who, scope) = await BoundsAsync(call, found.Row, blob["trust_id"]?.ToString(), blob["app_cred_id"]?.ToString(), blob["access_token_id"]?.ToString());
        var (text, model) = await call.Get<TokenIssuer>().IssueAsync(call.Context, who, scope, call.Cancel);
        return (text, TokenView.Of(model, await TokenEndpoints.CatalogAsync(call, model)) with { Methods = ["ec2credential"] });
    }

    private static JsonElement Given(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.EnumerateObject().Any()) { throw new BadRequestError("request must include a request body"); }
        foreach (var name in new[] { "credentials", "credential", "ec2Credentials" })
        {
            if (body.TryGetProperty(name, out var given) && given.ValueKind == JsonValueKind.Object) { return given; }
        }
        throw Faults.Unauthorized();
    }

    private static bool FitsEc2(JsonElement given, string secret)
    {
        var signature = SignedRequest.Text(given, "signature");
        if (signature.Length == 0) { return false; }
        var request = SignedRequest.Of(given);
        try
        {
            if (Same(signature, Ec2Signature.Of(request, secret))) { return true; }
            // Some clients leave the port out of what they sign.
            var colon = request.Host.LastIndexOf(':');
            return colon > 0 && Same(signature, Ec2Signature.Of(request with { Host = request.Host[..colon] }, secret));
        }
        catch (FormatException) { return false; } // not signed as it says: as bad as a wrong signature, and told no more
    }

    private static bool FitsS3(JsonElement given, string secret)
    {
        try { return Same(SignedRequest.Text(given, "signature"), Ec2Signature.OfText(Convert.FromBase64String(SignedRequest.Text(given, "token").Replace('-', '+').Replace('_', '/')), secret)); }
        catch (FormatException) { return false; } // likewise
    }

    private static bool Same(string one, string other) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    /// <summary>A request that was signed too long ago may be one that somebody caught. One that does not say when is taken, as upstream does.</summary>
    private static void EnsureFresh(string? timestamp, Call call)
    {
        if (string.IsNullOrEmpty(timestamp)) { return; }
        if (!DateTime.TryParseExact(timestamp, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && !WireTime.TryParse(timestamp, out time)) { throw Faults.Unauthorized(); }
        if (call.Context.Now > time + call.Get<KeystoneSettings>().Auth.CredentialAuthTtl) { throw Faults.Unauthorized(); }
    }

    /// <summary>Keys that a trust or an application credential made give what those give.</summary>
    private static async Task<(AuthResult Who, Scope Scope)> BoundsAsync(Call call, Credential row, string? trustId, string? credentialId, string? accessTokenId)
    {
        var who = new AuthResult(row.UserId) { Methods = ["ec2credential"], ApplicationCredentialId = credentialId, AccessTokenId = accessTokenId };
        var scope = new Scope(ProjectId: row.ProjectId ?? throw Faults.Unauthorized(), TrustId: trustId);
        var store = call.Get<Store<KeystoneDb>>();
        if (trustId is not null)
        {
            var trust = await store.ReadAsync(db => Trusts.TrustOperations.AliveAsync(db, trustId, call.Context.Now), call.Cancel) ?? throw Faults.NotFound("trust", trustId);
            // The keys are the trustor's when the trust shows that user; the token is still the trustee's.
            return (who with { UserId = trust.TrusteeUserId }, scope);
        }
        if (credentialId is not null)
        {
            var credential = await store.ReadAsync(db => db.ApplicationCredentials.FirstOrDefaultAsync(c => c.Id == credentialId), call.Cancel) ?? throw ApplicationCredentials.ApplicationCredentialOperations.NotFound(credentialId);
            if (credential.ProjectId != row.ProjectId) { throw Faults.Unauthorized(); }
            return (who with { EndsAt = credential.ExpiresAt }, scope);
        }
        return (who, scope);
    }
}
