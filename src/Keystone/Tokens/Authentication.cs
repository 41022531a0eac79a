using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Auth;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Receipts;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// From a login to a token: who is it (each method must name the same user), what for (scope), then the token. Upstream: <c>keystone/auth/core.py</c>, <c>keystone/api/_shared/authentication.py</c>.
/// Whatever is wrong (no such user, wrong password, disabled, no such project, no role on it) is the same 401; only a body that makes no sense is 400, and a token that is none 404.
/// </summary>
internal sealed class Authentication(IEnumerable<IAuthMethod> methods, FactorRules factors, ScopeFinder scopes, TokenIssuer issuer, KeystoneSettings settings)
{
    private readonly Dictionary<string, IAuthMethod> _methods = methods.Where(m => settings.Auth.Methods.Contains(MappedMethod.Names.Contains(m.Name) ? MappedMethod.Mapped : m.Name)).ToDictionary(m => m.Name, StringComparer.Ordinal);

    /// <summary>The new token's text and what it stands for.</summary>
    public async Task<(string Text, TokenModel Model)> LoginAsync(RequestContext context, HttpRequest http, AuthRequest request, CancellationToken cancel)
    {
        var names = request.Identity.Methods.Distinct(StringComparer.Ordinal).ToList();
        var wanted = scopes.Read(request);
        CheckMethods(names, request.Identity);
        if (wanted is not null && names.Contains("application_credential"))
        {
            throw new AuthPluginError("Error authenticating with application credential: Application credentials cannot request a scope.");
        }
        AuthResult? who = null;
        foreach (var name in names)
        {
            var next = await _methods[name].AuthenticateAsync(new AuthAttempt(context, request, request.Identity.PayloadOf(name), http), cancel);
            next = next with { Methods = [.. next.Methods.Append(name).Distinct()] };
            who = who is null ? next : who.And(next);
        }
        var vouched = factors.MethodsOfReceipt(http.Headers[ReceiptError.Header].FirstOrDefault(), who!.UserId, context.Now);
        return await IssueAsync(context, who with { Methods = [.. who.Methods.Union(vouched)] }, wanted, cancel);
    }

    /// <summary>For whom something has vouched; federated logins by the browser come here.</summary>
    public async Task<(string Text, TokenModel Model)> IssueAsync(RequestContext context, AuthResult who, AuthScope? wanted, CancellationToken cancel)
    {
        context.Notes?.LoginOf(who.UserId);
        await factors.EnsureAsync(context, who.UserId, who.Methods, _methods.Keys, who.UserOptions, cancel);
        return await issuer.IssueAsync(context, who, await ScopeAsync(who, wanted, context.Now, cancel), cancel);
    }

    private async Task<Scope> ScopeAsync(AuthResult who, AuthScope? wanted, DateTime now, CancellationToken cancel)
    {
        if (who.ProjectId is { } only) { return new Scope(ProjectId: only); }
        if (wanted is not null) { return await scopes.FindAsync(wanted, who.UserId, now, cancel); }
        // Of a token that an application credential made: the default project is not what the credential was made for. One of a federated user is not scoped either, as upstream has it.
        return who.ApplicationCredentialId is not null || who.Federation is not null ? new Scope() : await scopes.DefaultAsync(who.UserId, cancel);
    }

    private void CheckMethods(List<string> names, AuthIdentity identity)
    {
        foreach (var name in names)
        {
            if (!identity.Has(name)) { throw Faults.Expecting(name, "identity"); }
        }
        if (names.Exists(name => !_methods.ContainsKey(name)))
        {
            throw new AuthPluginError("Attempted to authenticate with an unsupported method.") { Identity = new Dictionary<string, object> { ["methods"] = settings.Auth.Methods } };
        }
        if (names.Count == 0) { throw Faults.Unauthorized(); }
    }
}
