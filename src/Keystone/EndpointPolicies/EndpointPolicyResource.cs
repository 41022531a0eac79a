using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.PolicyBlobs;
using Nephos.Keystone.Regions;
using Nephos.Keystone.ServiceEndpoints;
using Nephos.Keystone.Services;

namespace Nephos.Keystone.EndpointPolicies;

/// <summary>Which policy holds where. Upstream: identity api-ref, "OS-ENDPOINT-POLICY".</summary>
internal static class EndpointPolicyResource
{
    private static readonly (string Path, string Of)[] Kinds =
    [
        ("/endpoints/{endpoint_id}", "endpoint"),
        ("/services/{service_id}", "service"),
        ("/services/{service_id}/regions/{region_id}", "region_and_service"),
    ];

    public static void Map(ResourceGroup v3)
    {
        var associations = v3.Group("/policies/{policy_id}/OS-ENDPOINT-POLICY");
        foreach (var (path, of) in Kinds)
        {
            associations.Get(path, Check).Policy($"identity:check_policy_association_for_{of}", Policies.AdminOrSystemReader).Answers(204);
            associations.Put(path, Create).Policy($"identity:create_policy_association_for_{of}", Policies.Admin).Answers(204);
            associations.Delete(path, Delete).Policy($"identity:delete_policy_association_for_{of}", Policies.Admin).Answers(204);
        }
        associations.Get("/endpoints", Endpoints).Policy("identity:list_endpoints_for_policy", Policies.AdminOrSystemReader).NotPaged("endpoints are few");
        v3.Get("/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy", Effective).Policy("identity:get_policy_for_endpoint", Policies.AdminOrSystemReader);
    }

    private static async Task<Reply> Check(Call call) => await call.Get<EndpointPolicyOperations>().ExistsAsync(await FindAsync(call)) ? Reply.Empty() : throw new NotFoundError("Could not find policy association.");

    private static async Task<Reply> Create(Call call)
    {
        await call.Get<EndpointPolicyOperations>().SetAsync(call.Context, await FindAsync(call));
        return Reply.Empty();
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<EndpointPolicyOperations>().RemoveAsync(call.Context, await FindAsync(call));
        return Reply.Empty();
    }

    private static async Task<Reply> Endpoints(Call call)
    {
        var policy = await call.Get<PolicyBlobOperations>().GetAsync(call.Route("policy_id"));
        return call.List("endpoints", (await call.Get<EndpointPolicyOperations>().EndpointsAsync(policy.Id)).ConvertAll(e => ServiceEndpointView.Of(e, call.V3()) with { Region = null }));
    }

    private static async Task<Reply> Effective(Call call)
    {
        var endpoint = await call.Get<ServiceEndpointOperations>().GetAsync(call.Route("endpoint_id"));
        var policy = await call.Get<EndpointPolicyOperations>().OfEndpointAsync(endpoint) ?? throw new NotFoundError($"No policy is associated with endpoint {endpoint.Id}.");
        return Reply.Member("policy", PolicyBlobView.Of(policy, call.V3(), "endpoints"));
    }

    /// <summary>What the path names; all of it must exist.</summary>
    private static async Task<EndpointPolicy> FindAsync(Call call)
    {
        var association = new EndpointPolicy { PolicyId = (await call.Get<PolicyBlobOperations>().GetAsync(call.Route("policy_id"))).Id };
        if (call.HasRoute("endpoint_id")) { association.EndpointId = (await call.Get<ServiceEndpointOperations>().GetAsync(call.Route("endpoint_id"))).Id; }
        if (call.HasRoute("service_id")) { association.ServiceId = (await call.Get<ServiceOperations>().FindAsync(call.Route("service_id")) ?? throw Faults.NotFound("service", call.Route("service_id"))).Id; }
        if (call.HasRoute("region_id")) { association.RegionId = (await call.Get<RegionOperations>().FindAsync(call.Route("region_id")) ?? throw Faults.NotFound("region", call.Route("region_id"))).Id; }
        return association;
    }
}

/// <summary>Reads and writes of it.</summary>
internal sealed class EndpointPolicyOperations(Store<KeystoneDb> store)
{
    public Task<bool> ExistsAsync(EndpointPolicy of) => store.ReadAsync(db => Same(db, of).AnyAsync(a => a.PolicyId == of.PolicyId));

    public Task SetAsync(RequestContext context, EndpointPolicy wanted) => store.WriteAsync(async db =>
    {
        if (await Same(db, wanted).ExecuteUpdateAsync(u => u.SetProperty(a => a.PolicyId, wanted.PolicyId)) == 0) { db.EndpointPolicies.Add(wanted); }
        db.Record(context, "associate", "policy", wanted.PolicyId);
    });

    /// <summary>None to remove is no error, as upstream has it.</summary>
    public Task RemoveAsync(RequestContext context, EndpointPolicy of) => store.WriteAsync(async db =>
    {
        if (await Same(db, of).Where(a => a.PolicyId == of.PolicyId).ExecuteDeleteAsync() > 0) { db.Record(context, "disassociate", "policy", of.PolicyId); }
    });

    public Task<List<ServiceEndpoint>> EndpointsAsync(string policyId) => store.ReadAsync(async db =>
    {
        var associations = await db.EndpointPolicies.Where(a => a.PolicyId == policyId).ToListAsync();
        var endpoints = await db.ServiceEndpoints.OrderBy(e => e.Id).ToListAsync();
        var parents = await db.Regions.ToDictionaryAsync(r => r.Id, r => r.ParentRegionId);
        bool Within(string? region, string above)
        {
            // Regions make a tree: an update that would make a circle is refused.
            for (; region is not null; region = parents.GetValueOrDefault(region)) { if (region == above) { return true; } }
            return false;
        }
        return endpoints.FindAll(e => associations.Exists(a => a.EndpointId.Length > 0 ? a.EndpointId == e.Id : a.ServiceId == e.ServiceId && (a.RegionId.Length == 0 || Within(e.RegionId, a.RegionId))));
    });

    /// <summary>The endpoint's own, else that of its service in its region or the nearest above, else that of its service.</summary>
    public Task<PolicyBlob?> OfEndpointAsync(ServiceEndpoint endpoint) => store.ReadAsync(async db =>
    {
        var associations = await db.EndpointPolicies.Where(a => a.EndpointId == endpoint.Id || a.ServiceId == endpoint.ServiceId).ToListAsync();
        var found = associations.Find(a => a.EndpointId == endpoint.Id);
        for (var region = endpoint.RegionId; found is null && region is not null;)
        {
            var at = region;
            found = associations.Find(a => a.RegionId == at);
            region = await db.Regions.Where(r => r.Id == at).Select(r => r.ParentRegionId).FirstOrDefaultAsync();
        }
        found ??= associations.Find(a => a.ServiceId == endpoint.ServiceId && a.RegionId.Length == 0);
        return found is null ? null : await db.PolicyBlobs.FirstOrDefaultAsync(p => p.Id == found.PolicyId);
    });

    private static IQueryable<EndpointPolicy> Same(KeystoneDb db, EndpointPolicy of) => db.EndpointPolicies.Where(a => a.EndpointId == of.EndpointId && a.ServiceId == of.ServiceId && a.RegionId == of.RegionId);
}
