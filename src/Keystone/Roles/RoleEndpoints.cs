using Nephos.Kernel.Api;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.Roles;

/// <summary>Roles, and which implies which. Upstream: identity api-ref, "Roles". Roles of a domain have policies of their own, asked once the role is known.</summary>
internal static class RoleEndpoints
{
    public static void Map(ResourceGroup v3)
    {
        v3.Api.Declare("identity:list_domain_roles", Policies.AdminOrSystemReader);
        v3.Api.Declare("identity:create_domain_role", Policies.Admin);
        v3.Api.Declare("identity:get_domain_role", Policies.AdminOrSystemReader);
        v3.Api.Declare("identity:update_domain_role", Policies.Admin);
        v3.Api.Declare("identity:delete_domain_role", Policies.Admin);
        var roles = v3.Group("/roles");
        roles.Get("", List).PolicyOnRow("identity:list_roles", Policies.ListRoles).Paged();
        roles.Post("", Create).PolicyOnRow("identity:create_role", Policies.Admin).Answers(201);
        roles.Get("/{role_id}", Show).PolicyOnRow("identity:get_role", Policies.ReadRole);
        roles.Patch("/{role_id}", Update).PolicyOnRow("identity:update_role", Policies.Admin);
        roles.Delete("/{role_id}", Delete).PolicyOnRow("identity:delete_role", Policies.Admin).Answers(204);
        roles.Get("/{prior_role_id}/implies", ListImplied).Policy("identity:list_implied_roles", Policies.AdminOrSystemReader).NotPaged("rules of one role are few");
        roles.Get("/{prior_role_id}/implies/{implied_role_id}", ShowImplied).Policy("identity:get_implied_role", Policies.AdminOrSystemReader);
        roles.Head("/{prior_role_id}/implies/{implied_role_id}", CheckImplied).Policy("identity:check_implied_role", Policies.AdminOrSystemReader).Answers(204);
        roles.Put("/{prior_role_id}/implies/{implied_role_id}", Imply).Policy("identity:create_implied_role", Policies.Admin).Answers(201);
        roles.Delete("/{prior_role_id}/implies/{implied_role_id}", Unimply).Policy("identity:delete_implied_role", Policies.Admin).Answers(204);
        v3.Get("/role_inferences", ListRules).Policy("identity:list_role_inference_rules", Policies.AdminOrSystemReader).NotPaged("rules are few");
    }

    private static async Task<Reply> List(Call call)
    {
        call.Enforce(string.IsNullOrEmpty(call.Query["domain_id"]) ? call.Endpoint.PolicyName! : "identity:list_domain_roles", Target.Of());
        return call.Page("roles", await call.Get<RoleOperations>().ListAsync(call.Query), role => RoleView.Of(role, call.V3()), role => role.Id);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateRole>("role");
        call.Enforce(request.DomainId is null ? call.Endpoint.PolicyName! : "identity:create_domain_role", Target.Of(("target.role.name", request.Name), ("target.role.domain_id", request.DomainId)));
        return Reply.Member("role", RoleView.Of(await call.Get<RoleOperations>().CreateAsync(call.Context, request), call.V3()));
    }

    private static async Task<Reply> Show(Call call) => Reply.Member("role", RoleView.Of(await AllowedAsync(call, "identity:get_domain_role"), call.V3()));

    private static async Task<Reply> Update(Call call)
    {
        var seen = await AllowedAsync(call, "identity:update_domain_role");
        return Reply.Member("role", RoleView.Of(await call.Get<RoleOperations>().UpdateAsync(call.Context, seen, await call.BodyAsync<UpdateRole>("role")), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<RoleOperations>().DeleteAsync(call.Context, await AllowedAsync(call, "identity:delete_domain_role"));
        return Reply.Empty();
    }

    private static async Task<Reply> ListImplied(Call call)
    {
        var prior = await FindAsync(call, "prior_role_id");
        var implied = await call.Get<RoleOperations>().ImpliedAsync(prior.Id);
        return Reply.Members([("role_inference", new InferencesView(RoleInRule.Of(prior, call.V3()), implied.ConvertAll(r => RoleInRule.Of(r, call.V3())))), ("links", new SelfLink(call.Asked()))]);
    }

    private static async Task<Reply> ShowImplied(Call call)
    {
        var (prior, implied) = (await FindAsync(call, "prior_role_id"), await FindAsync(call, "implied_role_id"));
        return await call.Get<RoleOperations>().ImpliesAsync(prior.Id, implied.Id) ? Rule(call, prior, implied) : throw RoleOperations.NoRule(prior.Id, implied.Id);
    }

    private static async Task<Reply> CheckImplied(Call call)
    {
        await ShowImplied(call);
        return Reply.Empty();
    }

    private static async Task<Reply> Imply(Call call)
    {
        var (prior, implied) = (await FindAsync(call, "prior_role_id"), await FindAsync(call, "implied_role_id"));
        await call.Get<RoleOperations>().ImplyAsync(call.Context, prior, implied);
        return Rule(call, prior, implied);
    }

    private static async Task<Reply> Unimply(Call call)
    {
        var (prior, implied) = (await FindAsync(call, "prior_role_id"), await FindAsync(call, "implied_role_id"));
        await call.Get<RoleOperations>().UnimplyAsync(call.Context, prior.Id, implied.Id);
        return Reply.Empty();
    }

    private static async Task<Reply> ListRules(Call call)
    {
        var rules = await call.Get<RoleOperations>().RulesAsync();
        return Reply.Members([("role_inferences", rules.ConvertAll(r => new InferencesView(RoleInRule.Of(r.Prior, call.V3()), r.Implied.ConvertAll(i => RoleInRule.Of(i, call.V3()))))), ("links", new SelfLink(call.Asked()))]);
    }

    private static Reply Rule(Call call, Role prior, Role implied) =>
        Reply.Members([("role_inference", new InferenceView(RoleInRule.Of(prior, call.V3()), RoleInRule.Of(implied, call.V3()))), ("links", new SelfLink(call.Asked()))]);

    /// <summary>The role, when policy allows; a role of a domain has a policy of its own.</summary>
    private static async Task<Role> AllowedAsync(Call call, string policyOfDomainRoles)
    {
        var role = await call.Get<RoleOperations>().FindAsync(call.Route("role_id"));
        var ofDomain = role is not null && role.DomainId != Role.NoDomain;
        call.Enforce(ofDomain ? policyOfDomainRoles : call.Endpoint.PolicyName!, Target.Of(("target.role.name", role?.Name), ("target.role.domain_id", ofDomain ? role!.DomainId : null)));
        return role ?? throw Faults.NotFound("role", call.Route("role_id"));
    }

    private static async Task<Role> FindAsync(Call call, string segment) => await call.Get<RoleOperations>().FindAsync(call.Route(segment)) ?? throw Faults.NotFound("role", call.Route(segment));
}
