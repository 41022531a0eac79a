using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.Domains;

/// <summary>
/// Domains: who owns users, groups and projects. Upstream: identity api-ref, "Domains". A domain is a project that acts as one (<see cref="Project.IsDomain"/>); here is only the view of
/// it that bears the name.
/// </summary>
internal static class DomainEndpoints
{
    public static void Map(ResourceGroup domains)
    {
        domains.Get("", List).PolicyOnRow("identity:list_domains", Policies.ListDomains).Paged();
        domains.Post("", Create).Policy("identity:create_domain", Policies.Admin).Answers(201);
        domains.Get("/{domain_id}", Show).PolicyOnRow("identity:get_domain", Policies.ReadDomain);
        domains.Patch("/{domain_id}", Update).Policy("identity:update_domain", Policies.Admin);
        domains.Delete("/{domain_id}", Delete).Policy("identity:delete_domain", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var domain = call.Context.Who.DomainId;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.domain.id", domain)));
        return call.Page("domains", await call.Get<ProjectQueries>().ListDomainsAsync(call.Query, domain), row => DomainView.Of(row, call.V3()), row => row.Project.Id);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateDomain>("domain");
        if (request.ExplicitDomainId is { } id && !(id.Length == 32 && NewId.IsUuidLike(id))) { throw new BadRequestError("Domain ID does not conform to required UUID format."); }
        var project = new CreateProject
        {
            Name = request.Name,
            Description = request.Description,
            Enabled = request.Enabled,
            IsDomain = true,
            Tags = request.Tags,
            Options = request.Options,
            Extra = request.Extra,
        };
        return Reply.Member("domain", DomainView.Of(await call.Get<ProjectOperations>().CreateAsync(call.Context, project, request.ExplicitDomainId ?? NewId.Hex()), call.V3()));
    }

    private static async Task<Reply> Show(Call call)
    {
        var found = await call.Get<ProjectQueries>().FindAsync(call.Route("domain_id"), isDomain: true);
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.domain.id", found?.Project.Id)));
        return Reply.Member("domain", DomainView.Of(found ?? throw Faults.NotFound("domain", call.Route("domain_id")), call.V3()));
    }

    private static async Task<Reply> Update(Call call)
    {
        var seen = await FindAsync(call);
        return Reply.Member("domain", DomainView.Of(await call.Get<ProjectOperations>().UpdateAsync(call.Context, seen, await call.BodyAsync<UpdateProject>("domain")), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<DomainOperations>().DeleteAsync(call.Context, await FindAsync(call));
        return Reply.Empty();
    }

    private static async Task<Project> FindAsync(Call call) =>
        (await call.Get<ProjectQueries>().FindAsync(call.Route("domain_id"), isDomain: true))?.Project ?? throw Faults.NotFound("domain", call.Route("domain_id"));
}
