using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.OAuth1;

/// <summary>Consumers, and the dance from a request token to an access token. Upstream: identity api-ref, "OS-OAUTH1", <c>keystone/api/os_oauth1.py</c>.</summary>
internal static class OAuth1Endpoints
{
    private const string Form = "application/x-www-form-urlencoded";

    public static void Map(ResourceGroup v3)
    {
        var oauth = v3.Group("/OS-OAUTH1");
        oauth.Get("/consumers", ListConsumers).Policy("identity:list_consumers", Policies.AdminOrSystemReader).NotPaged("consumers are few");
        oauth.Post("/consumers", CreateConsumer).Policy("identity:create_consumer", Policies.Admin).Answers(201);
        oauth.Get("/consumers/{consumer_id}", ShowConsumer).Policy("identity:get_consumer", Policies.AdminOrSystemReader);
        oauth.Patch("/consumers/{consumer_id}", UpdateConsumer).Policy("identity:update_consumer", Policies.Admin);
        oauth.Delete("/consumers/{consumer_id}", DeleteConsumer).Policy("identity:delete_consumer", Policies.Admin).Answers(204);
        oauth.Post("/request_token", Request).Public("the signature says who asks").Body(114_688).Answers(201);
        oauth.Put("/authorize/{request_token_id}", Authorize).Policy("identity:authorize_request_token", Policies.Admin);
        oauth.Post("/access_token", Exchange).Public("the signature says who asks").Body(114_688).Answers(201);
        const string tokens = "/users/{user_id}/OS-OAUTH1/access_tokens";
        v3.Get(tokens, List).Policy("identity:list_access_tokens", Policies.Admin).NotPaged("bounded by what one user authorized");
        v3.Get(tokens + "/{access_token_id}", Show).Policy("identity:get_access_token", Policies.Admin);
        v3.Delete(tokens + "/{access_token_id}", Delete).Policy("identity:delete_access_token", Policies.Admin).Answers(204);
        v3.Get(tokens + "/{access_token_id}/roles", Roles).Policy("identity:list_access_token_roles", Policies.Admin).NotPaged("a token has few roles");
        v3.Get(tokens + "/{access_token_id}/roles/{role_id}", Role).Policy("identity:get_access_token_role", Policies.Admin);
    }

    private static async Task<Reply> ListConsumers(Call call) => call.List("consumers", (await call.Get<OAuth1Operations>().ConsumersAsync()).ConvertAll(c => ConsumerView.Of(c, call.V3())));

    private static async Task<Reply> CreateConsumer(Call call)
    {
        var consumer = await call.Get<OAuth1Operations>().CreateConsumerAsync(call.Context, await call.BodyAsync<GivenConsumer>("consumer"));
        return Reply.Member("consumer", ConsumerView.Of(consumer, call.V3()) with { Secret = consumer.Secret });
    }

    private static async Task<Reply> ShowConsumer(Call call) => Reply.Member("consumer", ConsumerView.Of(await call.Get<OAuth1Operations>().ConsumerAsync(call.Route("consumer_id")), call.V3()));

    private static async Task<Reply> UpdateConsumer(Call call) =>
        Reply.Member("consumer", ConsumerView.Of(await call.Get<OAuth1Operations>().UpdateConsumerAsync(call.Context, call.Route("consumer_id"), await call.BodyAsync<GivenConsumer>("consumer")), call.V3()));

    private static async Task<Reply> DeleteConsumer(Call call)
    {
        await call.Get<OAuth1Operations>().DeleteConsumerAsync(call.Context, call.Route("consumer_id"));
        return Reply.Empty();
    }

    private static async Task<Reply> Request(Call call)
    {
        var parameters = OAuth1Signature.Parameters(call.Http.Request);
        var consumer = Need(parameters, "oauth_consumer_key");
        var project = call.Http.Request.Headers["Requested-Project-Id"].FirstOrDefault() is { Length: > 0 } id ? id : throw Faults.Expecting("Requested-Project-Id", "request");
        var token = await call.Get<OAuth1Operations>().RequestAsync(call.Context, consumer, project, secret => OAuth1Signature.Fits(call.Http.Request, Address(call), parameters, secret, "", call.Context.Now));
        return Reply.Text(Text(token.Id, token.RequestSecret, token.ExpiresAt), Form);
    }

    private static async Task<Reply> Authorize(Call call)
    {
        if (Credentials.CredentialEndpoints.Narrowed(call.Context.Who)) { throw Faults.Forbidden(); }
        var body = await call.BodyAsync<AuthorizeRequest>(null);
        var verifier = await call.Get<OAuth1Operations>().AuthorizeAsync(call.Context, call.Route("request_token_id"), body.Roles ?? []);
        return Reply.Member("token", new { oauth_verifier = verifier });
    }

    private static async Task<Reply> Exchange(Call call)
    {
        var parameters = OAuth1Signature.Parameters(call.Http.Request);
        var (consumer, request, verifier) = (Need(parameters, "oauth_consumer_key"), Need(parameters, "oauth_token"), Need(parameters, "oauth_verifier"));
        var token = await call.Get<OAuth1Operations>().ExchangeAsync(call.Context, consumer, request, verifier,
            (consumerSecret, tokenSecret) => OAuth1Signature.Fits(call.Http.Request, Address(call), parameters, consumerSecret, tokenSecret, call.Context.Now));
        return Reply.Text(Text(token.Id, token.AccessSecret, token.ExpiresAt), Form);
    }

    private static async Task<Reply> List(Call call)
    {
        RefuseNarrowed(call.Context.Who);
        return call.List("access_tokens", (await call.Get<OAuth1Operations>().OfUserAsync(call.Route("user_id"))).ConvertAll(t => AccessTokenView.Of(t, call.V3())));
    }

    private static async Task<Reply> Show(Call call)
    {
        RefuseNarrowed(call.Context.Who);
        return Reply.Member("access_token", AccessTokenView.Of(await call.Get<OAuth1Operations>().AccessTokenAsync(call.Route("user_id"), call.Route("access_token_id")), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        RefuseNarrowed(call.Context.Who);
        await call.Get<OAuth1Operations>().DeleteAccessTokenAsync(call.Context, call.Route("user_id"), call.Route("access_token_id"));
        return Reply.Empty();
    }

    private static async Task<Reply> Roles(Call call) => call.List("roles", (await RolesAsync(call)).ConvertAll(r => RoleView.Of(r, call.V3())));

    private static async Task<Reply> Role(Call call) =>
        Reply.Member("role", RoleView.Of((await RolesAsync(call)).Find(r => r.Id == call.Route("role_id")) ?? throw Faults.NotFound("role", call.Route("role_id")), call.V3()));

    private static async Task<List<Role>> RolesAsync(Call call)
    {
        var operations = call.Get<OAuth1Operations>();
        return await operations.RolesAsync(await operations.AccessTokenAsync(call.Route("user_id"), call.Route("access_token_id")));
    }

    private static string Need(Dictionary<string, string> parameters, string name) => parameters.TryGetValue(name, out var value) && value.Length > 0 ? value : throw Faults.Expecting(name, "request");

    private static string Text(string id, string secret, DateTime? end) => $"oauth_token={id}&oauth_token_secret={secret}{(end is { } e ? "&oauth_expires_at=" + WireTime.MicrosZ(e) : "")}";

    /// <summary>As the client sees and signs it.</summary>
    private static string Address(Call call) => $"{call.Http.Request.Scheme}://{call.Http.Request.Host}{call.Http.Request.Path}";

    private static void RefuseNarrowed(Identity who)
    {
        if (Credentials.CredentialEndpoints.Narrowed(who)) { throw Faults.Forbidden(); }
    }
}
