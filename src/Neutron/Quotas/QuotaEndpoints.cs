using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;

namespace Nephos.Neutron.Quotas;

/// <summary>/v2.0/quotas.</summary>
internal static class QuotaEndpoints
{
    public static void Map(ResourceGroup quotas)
    {
        // Upstream's default names the project's manager, yet its controller answers any user about his own project, and its clients count on that.
        quotas.Get("", List).Policy("get_quota", Rules.ProjectManager).NotPaged("projects with limits of their own; upstream does not page it").Extension("quotas");
        quotas.Get("/tenant", Project).NoPolicy("the caller's own id").Extension("quotas");
        quotas.Get("/project", Project).NoPolicy("the caller's own id").Extension("quotas");
        quotas.Get("/{project}", Show).PolicyOnRow("get_quota", Rules.ProjectManager).Extension("quotas");
        quotas.Get("/{project}/default", Default).PolicyOnRow("get_quota", Rules.ProjectManager).Extension("quotas");
        quotas.Get("/{project}/details", Details).PolicyOnRow("get_quota", Rules.ProjectManager).Extension("quota_details");
        quotas.Get("/{project}/details.json", Details).PolicyOnRow("get_quota", Rules.ProjectManager).Extension("quota_details");
        quotas.Put("/{project}", Update).Policy("update_quota", Rules.Admin).Extension("quotas");
        quotas.Delete("/{project}", Delete).Policy("delete_quota", Rules.Admin).Answers(204).Extension("quotas");
    }

    private static Store<NeutronDb> Store(Call call) => call.Get<Store<NeutronDb>>();

    private static async Task<Reply> List(Call call)
    {
        if (!call.Context.IsAdmin) { throw NeutronErrors.Disallowed("rule:get_quota"); }
        var limits = (await Store(call).ReadAsync(db => db.QuotaLimits.OrderBy(q => q.ProjectId).ToListAsync(), call.Cancel)).GroupBy(q => q.ProjectId);
        return Reply.Member("quotas", limits.Select(project =>
        {
            var view = View(project.ToDictionary(q => q.Resource, q => q.Limit, StringComparer.Ordinal));
            view["project_id"] = project.Key;
            view["tenant_id"] = project.Key;
            return view;
        }).ToList());
    }

    private static Task<Reply> Project(Call call)
    {
        var name = call.Endpoint.Path.EndsWith("/tenant", StringComparison.Ordinal) ? "tenant" : "project";
        return Task.FromResult(Reply.Member(name, new JsonObject { [name + "_id"] = call.Context.Who.ProjectId ?? throw new Kernel.Errors.BadRequestError("Tenant-id was missing from quota request.", "QuotaMissingTenant") }));
    }

    private static async Task<Reply> Show(Call call)
    {
        var project = Visible(call);
        return Reply.Member("quota", View(await LimitsAsync(call, project)));
    }

    private static Task<Reply> Default(Call call)
    {
        Visible(call);
        return Task.FromResult(Reply.Member("quota", View([])));
    }

    private static async Task<Reply> Details(Call call)
    {
        var project = Visible(call);
        var limits = await LimitsAsync(call, project);
        var used = await Store(call).ReadAsync(async db =>
        {
            var counts = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var resource in QuotaResources.All) { counts[resource.Name] = await resource.CountAsync(db, project).ConfigureAwait(false); }
            return counts;
        }, call.Cancel);
        var view = new JsonObject();
        foreach (var resource in QuotaResources.All)
        {
            view[resource.Name] = new JsonObject { ["used"] = used[resource.Name], ["limit"] = limits.GetValueOrDefault(resource.Name, resource.Default), ["reserved"] = 0 };
        }
        return Reply.Member("quota", view);
    }

    private static async Task<Reply> Update(Call call)
    {
        var project = call.Route("project");
        var body = await call.JsonAsync();
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("quota", out var quota)) { throw NeutronErrors.Bad("Unable to find 'quota' in request body"); }
        if (quota.ValueKind != JsonValueKind.Object) { throw NeutronErrors.Bad("Object 'quota' contains invalid data"); }
        var wanted = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var given in quota.EnumerateObject())
        {
            if (given.Name is "project_id" or "tenant_id") { continue; }
            if (QuotaResources.Find(given.Name) is null) { throw NeutronErrors.Bad($"Unrecognized attribute(s) '{given.Name}'"); }
            wanted[given.Name] = Field.Integer(given.Name, 0, -1).Read(given.Value) as int? ?? throw Field.Inconvertible("'None' is not an integer");
        }
        await Store(call).WriteAsync(async db =>
        {
            foreach (var (resource, limit) in wanted)
            {
                var row = await db.QuotaLimits.AsTracking().FirstOrDefaultAsync(q => q.ProjectId == project && q.Resource == resource).ConfigureAwait(false);
                if (row is null) { db.QuotaLimits.Add(new QuotaLimit { ProjectId = project, Resource = resource, Limit = limit }); } else { row.Limit = limit; }
            }
            db.Record(call.Context, "update", "quota", project, project);
        }, call.Cancel);
        return Reply.Member("quota", View(await LimitsAsync(call, project)));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var project = call.Route("project");
        await Store(call).WriteAsync(async db =>
        {
            if (await db.QuotaLimits.Where(q => q.ProjectId == project).ExecuteDeleteAsync().ConfigureAwait(false) == 0)
            {
                throw new Kernel.Errors.NotFoundError($"Quota for project {project} could not be found.", "TenantQuotaNotFound");
            }
            db.Record(call.Context, "delete", "quota", project, project);
        }, call.Cancel);
        return Reply.Empty();
    }

    /// <summary>One's own project's quotas are everyone's to see, without asking policy (upstream's <c>extensions/quotasv2.py</c>).</summary>
    private static string Visible(Call call)
    {
        var project = call.Route("project");
        if (project != call.Context.Who.ProjectId) { call.EnforceProject("get_quota", project); }
        return project;
    }

    private static Task<Dictionary<string, int>> LimitsAsync(Call call, string project) =>
        Store(call).ReadAsync(db => db.QuotaLimits.Where(q => q.ProjectId == project).ToDictionaryAsync(q => q.Resource, q => q.Limit), call.Cancel);

    private static JsonObject View(Dictionary<string, int> own)
    {
        var view = new JsonObject();
        foreach (var resource in QuotaResources.All) { view[resource.Name] = own.GetValueOrDefault(resource.Name, resource.Default); }
        return view;
    }
}
