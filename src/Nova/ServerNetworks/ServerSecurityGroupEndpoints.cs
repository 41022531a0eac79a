using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.SecurityGroups;
using Nephos.Nova.Servers;
using Nephos.Nova.Servers.Create;

namespace Nephos.Nova.ServerNetworks;

/// <summary>Security groups of a server: those of its ports (api-ref compute, "Servers Security Groups"). Neutron has them; these calls are older than it.</summary>
internal static class ServerSecurityGroupEndpoints
{
    private const string Root = "os_compute_api:os-security-groups:";

    public static void Map(ResourceGroup server)
    {
        server.Get("/os-security-groups", List).PolicyOnRow(Root + "list", Rules.ProjectReader).NotPaged("the groups of one server");
        server.Action("/action", "addSecurityGroup", Add).PolicyOnRow(Root + "add", Rules.ProjectMember).Answers(202);
        server.Action("/action", "removeSecurityGroup", Remove).PolicyOnRow(Root + "remove", Rules.ProjectMember).Answers(202);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var server = await call.ServerAsync();
        var ports = await call.Get<IPorts>().OfDevicesAsync([server.Id], call.Cancel);
        var used = ports.SelectMany(p => p.SecurityGroupIds).ToHashSet(StringComparer.Ordinal);
        return Reply.Member("security_groups", SecurityGroupView.Of(await call.Get<ISecurityGroups>().WithRulesAsync(call.Context, used, call.Cancel)));
    }

    private static Task<Reply> Add(Call call) => ChangeAsync(call, (groups, group) => groups.Contains(group, StringComparer.Ordinal) ? groups : [.. groups, group]);

    private static Task<Reply> Remove(Call call) => ChangeAsync(call, (groups, group) => [.. groups.Where(g => g != group)], mustHave: true);

    private static async Task<Reply> ChangeAsync(Call call, Func<IReadOnlyList<string>, string, IReadOnlyList<string>> change, bool mustHave = false)
    {
        var name = (await call.BodyAsync<GroupBody>(call.Endpoint.ActionName)).Name;
        var server = await call.ServerAsync();
        var (ports, groups) = (call.Get<IPorts>(), call.Get<ISecurityGroups>());
        var group = SecurityGroupNames.Find(await groups.OfProjectAsync(call.Context, server.ProjectId, call.Cancel), name, server.ProjectId, status: 404);
        var found = await ports.OfDevicesAsync([server.Id], call.Cancel);
        if (found.Count == 0) { throw mustHave ? NotOn(name, server) : new BadRequestError("Network requires port_security_enabled and subnet associated in order to apply security groups."); }
        var changed = false;
        foreach (var port in found.Where(p => p.PortSecurity))
        {
            var wanted = change(port.SecurityGroupIds, group);
            if (wanted.Count == port.SecurityGroupIds.Count) { continue; }
            await ports.SetSecurityGroupsAsync(call.Context, port.Id, wanted, call.Cancel);
            changed = true;
        }
        if (mustHave && !changed) { throw NotOn(name, server); }
        if (changed) { await call.Get<NetworkCache>().RefreshAsync([server.Id], null, call.Cancel); }
        return Reply.Empty();
    }

    private static NotFoundError NotOn(string name, Server server) => new($"Security group {name} not associated with the instance {server.Id}");

    private sealed record GroupBody
    {
        [RequiredField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public required string Name { get; init; }
    }
}
