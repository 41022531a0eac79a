using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.OAuth1;

/// <summary>Reads and writes of consumers and their tokens. Upstream: <c>keystone/oauth1</c>. A signature is checked with the secrets of the rows by who has the request.</summary>
internal sealed class OAuth1Operations(Store<KeystoneDb> store, TokenInvalidation tokens, KeystoneSettings settings)
{
    public Task<List<Consumer>> ConsumersAsync() => store.ReadAsync(db => db.Consumers.OrderBy(c => c.Id).ToListAsync());

    public async Task<Consumer> ConsumerAsync(string id) => await store.ReadAsync(db => db.Consumers.FirstOrDefaultAsync(c => c.Id == id)) ?? throw NoConsumer();

    public Task<Consumer> CreateConsumerAsync(RequestContext context, GivenConsumer given) => store.WriteAsync(db =>
    {
        var consumer = new Consumer { Id = NewId.Hex(), Secret = NewId.Hex(), Description = given.Description.Value, Extra = Extra.Write(WithoutOurs(given)) };
        db.Consumers.Add(consumer);
        db.Record(context, "create", "OS-OAUTH1:consumer", consumer.Id);
        return Task.FromResult(consumer);
    });

    public Task<Consumer> UpdateConsumerAsync(RequestContext context, string id, GivenConsumer given)
    {
        if (given.Extra?.ContainsKey("secret") is true) { throw new BadRequestError("Invalid input for field 'consumer': 'secret' can not be updated"); }
        if (!given.Description.IsSet && given.Extra is not { Count: > 0 }) { throw new BadRequestError("Invalid input for field 'consumer': {} should be non-empty"); }
        if (given.Extra is { } extra && extra.TryGetValue("id", out var other) && other.ToString() != id) { throw new BadRequestError("Cannot change ID"); }
        return store.WriteAsync(async db =>
        {
            var consumer = await db.Consumers.AsTracking().FirstOrDefaultAsync(c => c.Id == id) ?? throw NoConsumer();
            consumer.Description = given.Description.Or(consumer.Description);
            consumer.Extra = Extra.Merge(consumer.Extra, WithoutOurs(given));
            db.Record(context, "update", "OS-OAUTH1:consumer", id);
            return consumer;
        });
    }

    /// <summary>With all its tokens.</summary>
    public Task DeleteConsumerAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.Consumers.Where(c => c.Id == id).ExecuteDeleteAsync() == 0) { throw NoConsumer(); }
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "OS-OAUTH1:consumer", id);
    });

    public async Task<RequestToken> RequestAsync(RequestContext context, string consumerId, string projectId, Func<string, bool> signed)
    {
        if (!await store.ReadAsync(db => db.Projects.AnyAsync(p => p.Id == projectId))) { throw Faults.NotFound("project", projectId); }
        if (!signed((await ConsumerAsync(consumerId)).Secret)) { throw Faults.Unauthorized(); }
        var token = new RequestToken { Id = NewId.Hex(), RequestSecret = NewId.Hex(), ConsumerId = consumerId, RequestedProjectId = projectId, ExpiresAt = End(context.Now, settings.Auth.Oauth1RequestTokenDuration) };
        await store.WriteAsync(async db =>
        {
            // What nobody authorized in time goes when the next is made.
            await db.RequestTokens.Where(t => t.ExpiresAt < context.Now).ExecuteDeleteAsync();
            db.RequestTokens.Add(token);
        });
        return token;
    }

    /// <summary>The verifier, which the user hands to the consumer.</summary>
    public Task<string> AuthorizeAsync(RequestContext context, string id, IReadOnlyList<RoleReference> given) => store.WriteAsync(async db =>
    {
        var token = await db.RequestTokens.AsTracking().FirstOrDefaultAsync(t => t.Id == id) ?? throw new NotFoundError("Request token not found");
        if (token.ExpiresAt < context.Now) { throw Faults.Unauthorized(); }
        var roles = await RoleReferences.FindAsync(db, given);
        var project = await db.Projects.FirstOrDefaultAsync(p => p.Id == token.RequestedProjectId) ?? throw Faults.NotFound("project", token.RequestedProjectId);
        var have = await EffectiveRoles.OnProjectAsync(db, context.UserId, project);
        if (roles.Except(have.Select(r => r.Id)).Any()) { throw Faults.Unauthorized(); }
        token.AuthorizingUserId = context.UserId;
        token.RoleIds = string.Join(',', roles);
        token.Verifier = RandomNumberGenerator.GetString("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 8);
        db.Record(context, "authorize", "OS-OAUTH1:request_token", id, token.RequestedProjectId);
        return token.Verifier;
    });

    /// <summary>An access token for an authorized request token, which is used up by it.</summary>
    public Task<AccessToken> ExchangeAsync(RequestContext context, string consumerId, string requestId, string verifier, Func<string, string, bool> signed) => store.WriteAsync(async db =>
    {
        var request = await db.RequestTokens.FirstOrDefaultAsync(t => t.Id == requestId) ?? throw new NotFoundError("Request token not found");
        var consumer = await db.Consumers.FirstOrDefaultAsync(c => c.Id == consumerId);
        if (request.ExpiresAt < context.Now || consumer is null || request.ConsumerId != consumerId || request is not { AuthorizingUserId: { } user, RoleIds: { } roles, Verifier: { } wanted }
            || !CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(wanted), System.Text.Encoding.UTF8.GetBytes(verifier)) || !signed(consumer.Secret, request.RequestSecret))
        {
            throw Faults.Unauthorized();
        }
        var token = new AccessToken { Id = NewId.Hex(), AccessSecret = NewId.Hex(), ConsumerId = consumerId, AuthorizingUserId = user, ProjectId = request.RequestedProjectId, RoleIds = roles, ExpiresAt = End(context.Now, settings.Auth.Oauth1AccessTokenDuration) };
        if (await db.RequestTokens.Where(t => t.Id == requestId).ExecuteDeleteAsync() == 0) { throw Faults.Unauthorized(); }
        db.AccessTokens.Add(token);
        return token;
    });

    public Task<List<AccessToken>> OfUserAsync(string userId) => store.ReadAsync(db => db.AccessTokens.Where(t => t.AuthorizingUserId == userId).OrderBy(t => t.Id).ToListAsync());

    public async Task<AccessToken> AccessTokenAsync(string userId, string id) => await store.ReadAsync(db => db.AccessTokens.FirstOrDefaultAsync(t => t.Id == id && t.AuthorizingUserId == userId)) ?? throw NoAccessToken();

    public Task DeleteAccessTokenAsync(RequestContext context, string userId, string id) => store.WriteAsync(async db =>
    {
        if (await db.AccessTokens.Where(t => t.Id == id && t.AuthorizingUserId == userId).ExecuteDeleteAsync() == 0) { throw NoAccessToken(); }
        await tokens.RecheckAsync(db, id);
        db.Record(context, "delete", "OS-OAUTH1:access_token", id);
    });

    public Task<List<Role>> RolesAsync(AccessToken token)
    {
        var ids = token.RoleIds.Split(',');
        return store.ReadAsync(db => db.Roles.Where(r => ids.Contains(r.Id)).OrderBy(r => r.Name).ToListAsync());
    }

    /// <summary>An access token with its consumer's secret, for a login; null when there is none.</summary>
    public Task<(AccessToken Token, string ConsumerSecret)?> ForLoginAsync(string id) => store.ReadAsync(async db =>
        await db.AccessTokens.Join(db.Consumers, t => t.ConsumerId, c => c.Id, (t, c) => new { Token = t, c.Secret }).FirstOrDefaultAsync(t => t.Token.Id == id) is { } found ? (found.Token, found.Secret) : ((AccessToken, string)?)null);

    public static NotFoundError NoAccessToken() => new("Access token not found");
    private static NotFoundError NoConsumer() => new("Consumer not found");
    private static DateTime? End(DateTime now, TimeSpan duration) => duration > TimeSpan.Zero ? now + duration : null;
    private static Dictionary<string, System.Text.Json.JsonElement>? WithoutOurs(GivenConsumer given) => given.Extra?.Where(e => e.Key is not ("id" or "links" or "secret")).ToDictionary();
}
