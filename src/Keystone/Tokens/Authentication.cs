using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.RoleAssignments;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// From a login to a token: who is it (each method must name the same user), what for (scope), then the token. Upstream: <c>keystone/auth/core.py</c>, <c>keystone/api/_shared/authentication.py</c>.
/// Whatever is wrong (no such user, wrong password, disabled, no such project, no role on it) is the same 401; only a body that makes no sense is 400, and a token that is none 404.
/// </summary>
internal sealed class Authentication(Store<KeystoneDb> store, PasswordLogin passwords, TokenValidator validator, TokenLoader loader, TokenCache cache, FernetKeys keys, KeystoneSettings settings, KeystoneErrors errors)
{
    private sealed record Who(string UserId, IReadOnlyList<string> Methods, DateTime? ExpiresAt, string? ChainId);
    private sealed record Scope(string? ProjectId = null, string? DomainId = null, string? System = null, bool IsUnscoped = false);

    /// <summary>The new token's text and what it stands for.</summary>
    public async Task<(string Text, TokenModel Model)> LoginAsync(RequestContext context, AuthRequest request, CancellationToken cancel)
    {
        var methods = request.Identity.Methods.Distinct(StringComparer.Ordinal).ToList();
        var wanted = ReadScope(request);
        CheckMethods(methods, request.Identity);
        Who? who = null;
        foreach (var method in methods)
        {
            var next = method == "password" ? await ByPasswordAsync(request.Identity.Password!, cancel) : await ByTokenAsync(request.Identity.Token!, cancel);
            if (who is not null && who.UserId != next.UserId) { throw Faults.Unauthorized(); }
            who = who is null ? next : new Who(next.UserId, [.. who.Methods.Union(next.Methods)], who.ExpiresAt ?? next.ExpiresAt, who.ChainId ?? next.ChainId);
        }
        await EnsureFactorsAsync(who!, cancel);
        var scope = wanted is null ? await DefaultScopeAsync(who!.UserId, cancel) : await FindScopeAsync(wanted, cancel);
        return await IssueAsync(context, who!, scope, cancel);
    }

    private async Task<(string Text, TokenModel Model)> IssueAsync(RequestContext context, Who who, Scope scope, CancellationToken cancel)
    {
        var audit = NewAuditId();
        var payload = new TokenPayload
        {
            UserId = who.UserId,
            Methods = TokenPayload.MethodsOf(who.Methods),
            ExpiresAt = who.ExpiresAt ?? context.Now + settings.TokenExpiration,
            AuditIds = who.ChainId is null ? [audit] : [audit, who.ChainId],
            ProjectId = scope.ProjectId,
            DomainId = scope.DomainId,
            System = scope.System,
        };
        var changes = cache.Changes;
        var issuedAt = await loader.IssueTimeAsync(payload, context.Now, cancel);
        var model = await loader.LoadAsync(payload, issuedAt, cancel) ?? throw Faults.Unauthorized();
        var text = keys.Current()[0].Encrypt(payload.Pack(), issuedAt);
        cache.Keep(text, model, changes);
        return (text, model);
    }

    /// <summary>16 random bytes in URL-safe Base64, as upstream's <c>random_urlsafe_str</c>.</summary>
    private static string NewAuditId() => System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    private static void CheckMethods(List<string> methods, AuthIdentity identity)
    {
        foreach (var method in methods)
        {
            if (method == "password" ? identity.Password is null : method == "token" && identity.Token is null) { throw Faults.Expecting(method, "identity"); }
            if (method is not ("password" or "token")) { throw new UnauthorizedError("Attempted to authenticate with an unsupported method."); }
        }
        if (methods.Count == 0) { throw Faults.Unauthorized(); }
    }

    private async Task<Who> ByPasswordAsync(AuthPassword given, CancellationToken cancel)
    {
        var user = given.User ?? throw Faults.Expecting("user", "password");
        if (user.Id is null && user.Name is null) { throw new BadRequestError("Invalid input for field identity/password/user: id or name must be present."); }
        if (user.Id is null && user.Domain is null) { throw Faults.Expecting("domain", "user"); }
        if (user.Domain is { Id: null, Name: null }) { throw new BadRequestError("Invalid input for field identity/password/user/domain: id or name must be present."); }
        if (user.Password is null) { throw Faults.Expecting("password", "user"); }
        return new Who(await passwords.LoginAsync(user.Id, user.Name, user.Domain?.Id, user.Domain?.Name, user.Password, cancel), ["password"], null, null);
    }

    /// <summary>
    /// The user's option <c>multi_factor_auth_rules</c>: the methods that succeeded must hold all of one rule. Methods that this cloud does not offer do not count, and a rule of only such is no rule, as
    /// upstream has it.
    /// </summary>
    private async Task EnsureFactorsAsync(Who who, CancellationToken cancel)
    {
        var text = await store.ReadAsync(db => db.Users.Where(u => u.Id == who.UserId).Select(u => u.Options).FirstOrDefaultAsync(), cancel);
        var options = Extra.Read(text ?? Extra.None);
        if (!options.TryGetValue("multi_factor_auth_rules", out var given) || (options.TryGetValue("multi_factor_auth_enabled", out var enabled) && enabled.ValueKind == System.Text.Json.JsonValueKind.False)) { return; }
        var rules = given.EnumerateArray().Select(rule => rule.EnumerateArray().Select(m => m.GetString()).Where(m => m is "password" or "token").ToList()).Where(rule => rule.Count > 0).ToList();
        if (rules.Count > 0 && !rules.Exists(rule => rule.TrueForAll(m => who.Methods.Contains(m!)))) { throw Faults.Unauthorized(); }
    }

    private async Task<Who> ByTokenAsync(AuthToken given, CancellationToken cancel)
    {
        // 404, as upstream: who brings a token knows it already, so that there is nothing to hide, and clients tell a dead token from a wrong password by it.
        var token = await validator.FindAsync(given.Id, TimeSpan.Zero, cancel) ?? throw new NotFoundError("Failed to validate token");
        // A token made from a token is part of its chain and ends with it.
        return new Who(token.Payload.UserId, [.. token.Payload.MethodList.Union(["token"])], token.Payload.ExpiresAt, token.Payload.ChainId);
    }

    /// <summary>Null when no scope was asked for.</summary>
    private AuthScope? ReadScope(AuthRequest request)
    {
        if (request.Scope is not { } json || json.ValueKind == System.Text.Json.JsonValueKind.Null) { return null; }
        if (json.ValueKind == System.Text.Json.JsonValueKind.String)
        {
            if (json.GetString() == "unscoped") { return new AuthScope { Unscoped = json }; }
            throw Faults.Expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope");
        }
        var faults = new List<WireFault>();
        var scope = WireJson.Read<AuthScope>(json, ApiVersion.None, ["scope"], faults) ?? throw errors.Invalid(faults);
        var named = new object?[] { scope.Project, scope.Domain, scope.System, scope.Unscoped, scope.Trust }.Count(s => s is not null);
        if (named != 1) { throw Faults.Expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope"); }
        foreach (var (name, path) in new[] { (scope.Project, "scope/project"), (scope.Project?.Domain, "scope/project/domain"), (scope.Domain, "scope/domain") })
        {
            if (name is { Id: null, Name: null }) { throw new BadRequestError($"Invalid input for field {path}: id or name must be present."); }
        }
        if (scope.Project is { Name: not null, Id: null, Domain: null }) { throw Faults.Expecting("domain", "project"); }
        return scope;
    }

    private Task<Scope> FindScopeAsync(AuthScope wanted, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        if (wanted.Unscoped is not null) { return new Scope(IsUnscoped: true); }
        if (wanted.System is not null) { return new Scope(System: "all"); }
        if (wanted.Domain is { } domain)
        {
            return new Scope(DomainId: await db.Projects.Where(p => p.IsDomain && (domain.Name != null ? p.Name == domain.Name : p.Id == domain.Id)).Select(p => p.Id).FirstOrDefaultAsync() ?? throw Faults.Unauthorized());
        }
        if (wanted.Project is not { } project) { throw Faults.Unauthorized(); }
        var rows = project is { Name: { } name, Domain: { } of }
            ? db.Projects.Where(p => p.Name == name && !p.IsDomain && (of.Name != null ? db.Projects.Any(d => d.Id == p.DomainId && d.IsDomain && d.Name == of.Name) : p.DomainId == of.Id))
            : db.Projects.Where(p => p.Id == project.Id);
        return new Scope(ProjectId: await rows.Select(p => p.Id).FirstOrDefaultAsync() ?? throw Faults.Unauthorized());
    }, cancel);

    /// <summary>The user's default project, when it is usable; else none. The token is then unscoped rather than refused.</summary>
    private Task<Scope> DefaultScopeAsync(string userId, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var project = await db.Projects.FirstOrDefaultAsync(p => p.Enabled && !p.IsDomain && db.Users.Any(u => u.Id == userId && u.DefaultProjectId == p.Id) && db.Projects.Any(d => d.Id == p.DomainId && d.Enabled));
        return project is not null && (await EffectiveRoles.OnProjectAsync(db, userId, project)).Count > 0 ? new Scope(ProjectId: project.Id) : new Scope(IsUnscoped: true);
    }, cancel);
}
