using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Catalog;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// Tokens: log in, look, revoke. Upstream: identity api-ref, "Authentication and token management".
/// <list type="bullet">
/// <item>A token stands for its user, scope and roles as they are when it is used, not as they were when it was made.</item>
/// <item>It travels in headers: <c>X-Subject-Token</c> is the one that is talked about, <c>X-Auth-Token</c> the caller's.</item>
/// </list>
/// </summary>
internal static class TokenEndpoints
{
    /// <summary>Upstream's <c>[oslo_middleware] max_request_body_size</c>; who has no token yet gets no more.</summary>
    private const int MaxBody = 114_688;
    private const string Subject = "X-Subject-Token";
    private const string CanCheck = "rule:admin_required or (role:reader and system_scope:all) or rule:token_subject";

    public static void Map(ResourceGroup auth)
    {
        auth.Post("/tokens", Issue).Public("whoever logs in has no token yet").Body(MaxBody).Answers(201);
        auth.Get("/tokens", Validate).PolicyOnRow("identity:validate_token", "rule:admin_required or (role:reader and system_scope:all) or rule:service_role or rule:token_subject");
        auth.Head("/tokens", Validate).PolicyOnRow("identity:check_token", CanCheck);
        auth.Delete("/tokens", Revoke).PolicyOnRow("identity:revoke_token", "rule:admin_required or rule:token_subject").Answers(204);
        auth.Get("/tokens/OS-PKI/revoked", _ => throw Faults.Forbidden()).NoPolicy("gone upstream, which answers 403 to everyone");
        auth.Get("/catalog", Catalog).NoPolicy("everyone may see the catalog of their own scope");
    }

    private static async Task<Reply> Issue(Call call)
    {
        call.Context.Notes?.Login(null, null, null, null);
        var request = await call.BodyAsync<AuthRequest>("auth");
        if (request.Identity.Password?.User is { } said) { call.Context.Notes?.Login(said.Id, said.Name, said.Domain?.Id, said.Domain?.Name); }
        var (text, model) = await call.Get<Authentication>().LoginAsync(call.Context, call.Http.Request, request, call.Cancel);
        return (await ViewAsync(call, model)).With(Subject, text).With("Vary", "X-Auth-Token");
    }

    private static async Task<Reply> Validate(Call call)
    {
        var window = WireBoolean.Parse(call.Query["allow_expired"]) is true ? call.Get<KeystoneSettings>().AllowExpiredWindow : TimeSpan.Zero;
        var model = await SubjectAsync(call, window);
        return (await ViewAsync(call, model)).With(Subject, call.Http.Request.Headers[Subject]!).With("Vary", "X-Auth-Token");
    }

    private static async Task<Reply> Revoke(Call call)
    {
        var model = await SubjectAsync(call, TimeSpan.Zero);
        await call.Get<TokenOperations>().RevokeAsync(call.Context, model);
        return Reply.Empty();
    }

    private static async Task<Reply> Catalog(Call call)
    {
        var who = call.Context.Who;
        if (who.ProjectId is null) { throw Faults.Forbidden(); }
        var catalog = await call.Get<CatalogReader>().ReadAsync(who.ProjectId, who.UserId, call.Cancel);
        return Reply.Members([("catalog", catalog), ("links", new SelfLink($"{call.BaseUrl}/v3/auth/catalog"))]);
    }

    /// <summary>The token that is talked about; who may not look at it learns nothing of it, also not whether it is one.</summary>
    private static async ValueTask<TokenModel> SubjectAsync(Call call, TimeSpan window)
    {
        var text = call.Http.Request.Headers[Subject].FirstOrDefault();
        if (string.IsNullOrEmpty(text)) { throw new NotFoundError("No token in the request"); }
        var model = await call.Get<TokenValidator>().FindAsync(text, window, call.Cancel) ?? throw new NotFoundError("Failed to validate token");
        // Who asks for another has to say that it holds to access rules (keystonemiddleware does); else it would let a limited token do anything.
        if (model.Identity.AccessRules is not null && HttpMethods.IsGet(call.Http.Request.Method) && call.Context.Token != text
            && !(double.TryParse(call.Http.Request.Headers["OpenStack-Identity-Access-Rules"].FirstOrDefault(), System.Globalization.CultureInfo.InvariantCulture, out var version) && version >= 1.0))
        {
            throw new NotFoundError("Failed to validate token");
        }
        call.Enforce(call.Endpoint.PolicyName!, new Dictionary<string, object?> { ["target.token.user_id"] = model.Payload.UserId });
        return model;
    }

    /// <summary>What the token's holder sees; null without a scope.</summary>
    internal static async Task<IReadOnlyList<CatalogService>?> CatalogAsync(Call call, TokenModel model) =>
        model.IsScoped ? await call.Get<CatalogReader>().ReadAsync(model.Payload.ProjectId, model.Narrowing.Trust?.TrustorUserId ?? model.Payload.UserId, call.Cancel) : null;

    internal static ValueTask<Reply> ViewAsync(Call call, TokenModel model) => call.Get<TokenRenderer>().ReplyAsync(model, !call.Query.Has("nocatalog"), call.Cancel);
}
