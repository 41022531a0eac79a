using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Nova.QuotaSets;

namespace Nephos.Nova.ServerLimits;

/// <summary>Limits (api-ref compute, "Limits"): a project's limits and their use in one answer. There are no rate limits.</summary>
internal static class LimitEndpoints
{
    private const string OtherProject = "os_compute_api:limits:other_project";

    public static void Map(ResourceGroup limits)
    {
        limits.Get("", Show).Policy("os_compute_api:limits", Rules.Any).NotPaged("one object");
        limits.Api.Declare(OtherProject, Rules.Admin);
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_75, "tenant_id");
        var projectId = call.Context.Who.ProjectId;
        if (call.Query["tenant_id"] is { } other)
        {
            call.EnforceProject(OtherProject, projectId);
            projectId = other;
        }
        var state = await call.Get<QuotaOperations>().ShowAsync(projectId ?? "", null, call.Cancel);
        return Reply.Member("limits", new { Rate = Array.Empty<object>(), Absolute = Absolute(call, state) });
    }

    private static Dictionary<string, long> Absolute(Call call, QuotaState state)
    {
        var absolute = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["maxTotalInstances"] = state.Limit("instances"),
            ["maxTotalCores"] = state.Limit("cores"),
            ["maxTotalRAMSize"] = state.Limit("ram"),
            ["maxTotalKeypairs"] = state.Limit("key_pairs"),
            ["maxServerMeta"] = state.Limit("metadata_items"),
            ["maxServerGroups"] = state.Limit("server_groups"),
            ["maxServerGroupMembers"] = state.Limit("server_group_members"),
            ["totalInstancesUsed"] = state.InUse("instances"),
            ["totalCoresUsed"] = state.InUse("cores"),
            ["totalRAMUsed"] = state.InUse("ram"),
            ["totalServerGroupsUsed"] = state.InUse("server_groups"),
        };
        if (call.Version < Microversions.V2_36)
        {
            absolute["maxTotalFloatingIps"] = state.Limit("floating_ips");
            absolute["maxSecurityGroups"] = state.Limit("security_groups");
            absolute["maxSecurityGroupRules"] = state.Limit("security_group_rules");
            // Neutron counts them; upstream's Nova shows none either.
            absolute["totalFloatingIpsUsed"] = 0;
            absolute["totalSecurityGroupsUsed"] = 0;
        }
        if (call.Version < Microversions.V2_39) { absolute["maxImageMeta"] = state.Limit("metadata_items"); }
        if (call.Version < Microversions.V2_57)
        {
            absolute["maxPersonality"] = state.Limit("injected_files");
            absolute["maxPersonalitySize"] = state.Limit("injected_file_content_bytes");
        }
        return absolute;
    }
}
