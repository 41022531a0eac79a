using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.AccessRules;

/// <summary>A user's access rules; they are made with application credentials and stay when these go. Upstream: identity api-ref, "Application credentials", access rules.</summary>
internal static class AccessRuleResource
{
    public static void Map(ResourceGroup users)
    {
        users.Get("/{user_id}/access_rules", List).PolicyOnRow("identity:list_access_rules", Policies.SystemReaderOrUser).NotPaged("upstream does not; bounded by what one user made");
        users.Get("/{user_id}/access_rules/{access_rule_id}", Show).PolicyOnRow("identity:get_access_rule", Policies.SystemReaderOrUser);
        users.Delete("/{user_id}/access_rules/{access_rule_id}", Delete).PolicyOnRow("identity:delete_access_rule", Policies.SystemAdminOrUser).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        await EnforceAsync(call);
        var rows = await call.Get<AccessRuleOperations>().ListAsync(call.Route("user_id"), call.Query);
        return call.List("access_rules", rows.ConvertAll(rule => AccessRuleView.Of(rule) with { Links = new($"{call.V3()}/access_rules/{rule.Id}") }));
    }

    private static async Task<Reply> Show(Call call)
    {
        await EnforceAsync(call);
        var rule = await call.Get<AccessRuleOperations>().FindAsync(call.Route("user_id"), call.Route("access_rule_id"));
        return Reply.Member("access_rule", AccessRuleView.Of(rule) with { Links = new($"{call.V3()}/access_rules/{rule.Id}") });
    }

    private static async Task<Reply> Delete(Call call)
    {
        await EnforceAsync(call);
        await call.Get<AccessRuleOperations>().DeleteAsync(call.Context, call.Route("user_id"), call.Route("access_rule_id"));
        return Reply.Empty();
    }

    private static async Task EnforceAsync(Call call)
    {
        var id = call.Route("user_id");
        var exists = await call.Get<Store<KeystoneDb>>().ReadAsync(db => db.Users.AnyAsync(u => u.Id == id), call.Cancel);
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.user.id", exists ? id : null)));
        ApplicationCredentialEndpoints.RefuseDelegated(call.Context.Who);
    }
}

/// <summary>A rule as clients see it.</summary>
public sealed record AccessRuleView(string Id, string Service, string Path, string Method)
{
    [OmitNull] public SelfLink? Links { get; init; }

    internal static AccessRuleView Of(AccessRule rule) => new(rule.Id, rule.Service, rule.Path, rule.Method);
}

/// <summary>Reads and deletes of access rules. A rule of another user is not there: upstream looks by the rule's id alone, so that whoever guesses one sees it.</summary>
internal sealed class AccessRuleOperations(Store<KeystoneDb> store)
{
    public Task<List<AccessRule>> ListAsync(string userId, CallQuery query) => store.ReadAsync(db => db.AccessRules.Where(r => r.UserId == userId)
        .Text(query, "service", r => r.Service).Text(query, "path", r => r.Path).Text(query, "method", r => r.Method).OrderBy(r => r.Id).ToListAsync());

    public async Task<AccessRule> FindAsync(string userId, string id) =>
        await store.ReadAsync(db => db.AccessRules.FirstOrDefaultAsync(r => r.Id == id && r.UserId == userId)) ?? throw NotFound(id);

    public Task DeleteAsync(RequestContext context, string userId, string id) => store.WriteAsync(async db =>
    {
        if (await db.ApplicationCredentialRules.AnyAsync(r => r.AccessRuleId == id && db.AccessRules.Any(a => a.Id == id && a.UserId == userId))) { throw new ForbiddenError("May not delete access rule in use"); }
        if (await db.AccessRules.Where(r => r.Id == id && r.UserId == userId).ExecuteDeleteAsync() == 0) { throw NotFound(id); }
        db.Record(context, "delete", "access_rule", id);
    });

    private static NotFoundError NotFound(string id) => Faults.NotFound("Access Rule", id);
}
