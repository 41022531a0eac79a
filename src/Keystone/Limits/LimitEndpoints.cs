using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.Limits;

/// <summary>Limits of projects and domains. Upstream: identity api-ref, "Unified Limits". A list holds what the token's scope may see: the cloud's, the domain's with its projects', or the project's own.</summary>
internal static class LimitEndpoints
{
    public static void Map(ResourceGroup limits)
    {
        limits.Get("/model", Model).Policy("identity:get_limit_model", Policies.Anyone);
        limits.Get("", List).Policy("identity:list_limits", Policies.Anyone).Paged();
        limits.Post("", Create).Policy("identity:create_limits", Policies.Admin).Answers(201);
        limits.Get("/{limit_id}", Show).PolicyOnRow("identity:get_limit", Policies.ReadLimit);
        limits.Patch("/{limit_id}", Update).Policy("identity:update_limit", Policies.Admin);
        limits.Delete("/{limit_id}", Delete).Policy("identity:delete_limit", Policies.Admin).Answers(204);
    }

    private static Task<Reply> Model(Call call)
    {
        var model = call.Get<EnforcementModel>();
        return Task.FromResult(Reply.Member("model", new ModelView(model.Name, model.Description)));
    }

    private static async Task<Reply> List(Call call)
    {
        var who = call.Context.Who;
        var all = who.SystemScope is not null || who.Roles.Any(r => r is "admin" or "service");
        return call.Page("limits", await call.Get<LimitOperations>().ListAsync(call.Query, all ? null : who), row => LimitView.Of(row, call.V3()), row => row.Id);
    }

    private static async Task<Reply> Create(Call call)
    {
        var requests = (await call.BodyAsync<CreateLimits>(null)).Limits;
        for (var i = 0; i < requests.Count; i++)
        {
            if (requests[i].ProjectId.IsSet == requests[i].DomainId.IsSet) { throw OneOwner(await call.JsonAsync(), i, requests[i].ProjectId.IsSet); }
        }
        var made = await call.Get<LimitOperations>().CreateAsync(call.Context, requests);
        return Reply.Member("limits", made.ConvertAll(row => LimitView.Of(row, call.V3())));
    }

    private static async Task<Reply> Show(Call call)
    {
        var id = call.Route("limit_id");
        var found = await call.Get<LimitOperations>().FindAsync(id);
        var project = found?.ProjectId is { } projectId ? (await call.Get<ProjectQueries>().FindAsync(projectId))?.Project : null;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.limit.project_id", found?.ProjectId), ("target.limit.project.domain_id", project?.DomainId), ("target.limit.domain.id", found?.DomainId)));
        return Reply.Member("limit", LimitView.Of(found ?? throw LimitOperations.NotFound(id), call.V3()));
    }

    private static async Task<Reply> Update(Call call) =>
        Reply.Member("limit", LimitView.Of(await call.Get<LimitOperations>().UpdateAsync(call.Context, call.Route("limit_id"), await call.BodyAsync<UpdateLimit>("limit")), call.V3()));

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<LimitOperations>().DeleteAsync(call.Context, call.Route("limit_id"));
        return Reply.Empty();
    }

    /// <summary>JSON schema's <c>oneOf</c>, in its words.</summary>
    private static BadRequestError OneOwner(System.Text.Json.JsonElement body, int index, bool both)
    {
        var value = Kernel.Wire.WireSchema.Show(body.GetProperty("limits")[index]);
        return new($"Invalid input for field/attribute {index}. Value: {value}. {value} is {(both ? "valid under each of" : "not valid under any of")} the given schemas");
    }

    private sealed record ModelView(string Name, string Description);
}
