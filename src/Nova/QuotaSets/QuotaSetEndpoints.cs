using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Nova.Flavors;
using Nephos.Nova.Quotas;

namespace Nephos.Nova.QuotaSets;

/// <summary>
/// Quota sets (api-ref compute, "Quota sets"): limits of a project and of users in it. A user's limits on servers, cores, memory and server groups hold beside the
/// project's; the others hold for the project as a whole.
/// </summary>
internal static class QuotaSetEndpoints
{
    private const string Root = "os_compute_api:os-quota-sets:";

    public static void Map(ResourceGroup quotas)
    {
        quotas.Get("/{project_id}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
        quotas.Get("/{project_id}/detail", Detail).PolicyOnRow(Root + "detail", Rules.ProjectReader);
        quotas.Get("/{project_id}/defaults", Defaults).PolicyOnRow(Root + "defaults", Rules.Any);
        quotas.Put("/{project_id}", Update).PolicyOnRow(Root + "update", Rules.Admin);
        quotas.Delete("/{project_id}", Delete).PolicyOnRow(Root + "delete", Rules.Admin).Answers(202);
    }

    private static async Task<Reply> Show(Call call)
    {
        var (projectId, userId) = await TargetAsync(call);
        var state = await call.Get<QuotaOperations>().ShowAsync(projectId, userId, call.Cancel);
        return View(call, projectId, state.Limit);
    }

    private static async Task<Reply> Detail(Call call)
    {
        var (projectId, userId) = await TargetAsync(call);
        var state = await call.Get<QuotaOperations>().ShowAsync(projectId, userId, call.Cancel);
        // Nothing is ever reserved; upstream shows the member for old clients.
        return View(call, projectId, resource => new { InUse = state.InUse(resource), Limit = state.Limit(resource), Reserved = 0 });
    }

    private static async Task<Reply> Defaults(Call call)
    {
        var (projectId, _) = await TargetAsync(call, strict: false);
        var limits = await call.Get<QuotaOperations>().ClassAsync(QuotaCounts.DefaultClass, call.Cancel);
        return View(call, projectId, resource => limits.GetValueOrDefault(resource, -1));
    }

    private static async Task<Reply> Update(Call call)
    {
        var body = await call.BodyAsync<QuotaSetBody>("quota_set");
        var (projectId, userId) = await TargetAsync(call);
        var state = await call.Get<QuotaOperations>().SetAsync(call.Context, projectId, userId, body.Given(), body.Force ?? false);
        return View(call, null, state.Limit);
    }

    /// <summary>Unlike the others, upstream does not ask whether the project exists: what is left of a deleted one can be removed.</summary>
    private static async Task<Reply> Delete(Call call)
    {
        call.KnownOnly(Microversions.V2_75, "user_id");
        call.EnforceProject(call.Endpoint.PolicyName!, call.Route("project_id"));
        await call.Get<QuotaOperations>().ResetAsync(call.Context, call.Route("project_id"), UserOf(call));
        return Reply.Empty();
    }

    private static async Task<(string ProjectId, string? UserId)> TargetAsync(Call call, bool strict = true)
    {
        if (strict) { call.KnownOnly(Microversions.V2_75, "user_id"); }
        var id = call.Route("project_id");
        call.EnforceProject(call.Endpoint.PolicyName!, id);
        await call.Get<FlavorOperations>().KnownProjectAsync(id, call.Cancel);
        return (id, UserOf(call));
    }

    private static string? UserOf(Call call) => call.Query["user_id"] is { Length: > 0 } user ? user : null;

    private static Reply View<T>(Call call, string? id, Func<string, T> value)
    {
        var set = QuotaNames.OfSet(call.Version).ToDictionary(name => name, name => (object)value(name)!, StringComparer.Ordinal);
        if (id is not null) { set["id"] = id; }
        return Reply.Member("quota_set", set);
    }
}

/// <summary>Quota class sets (api-ref compute, "Quota class sets"): the class <c>default</c> has the limits of projects that have none of their own.</summary>
internal static class QuotaClassSetEndpoints
{
    private const string Root = "os_compute_api:os-quota-class-sets:";

    public static void Map(ResourceGroup classes)
    {
        classes.Get("/{id}", Show).Policy(Root + "show", Rules.Admin);
        classes.Put("/{id}", Update).Policy(Root + "update", Rules.Admin);
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return View(call, call.Route("id"), await call.Get<QuotaOperations>().ClassAsync(call.Route("id"), call.Cancel));
    }

    private static async Task<Reply> Update(Call call)
    {
        var body = await call.BodyAsync<QuotaClassBody>("quota_class_set");
        if (call.Route("id").Length > 255) { throw new BadRequestError("Invalid input received: quota_class_name has more than 255 characters."); }
        return View(call, null, await call.Get<QuotaOperations>().SetClassAsync(call.Context, call.Route("id"), body.Given()));
    }

    private static Reply View(Call call, string? id, Dictionary<string, long> limits)
    {
        var set = QuotaNames.OfClass(call.Version).ToDictionary(name => name, name => (object)limits.GetValueOrDefault(name, -1), StringComparer.Ordinal);
        if (id is not null) { set["id"] = id; }
        return Reply.Member("quota_class_set", set);
    }
}
