using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.ServerGroups;

/// <summary>Server groups (api-ref compute, "Server groups"). A group of another project is 404, where upstream says 403 and so tells that it exists.</summary>
internal static class ServerGroupEndpoints
{
    private const string Root = "os_compute_api:os-server-groups:";

    public static void Map(ResourceGroup groups)
    {
        groups.Get("", List).Policy(Root + "index", Rules.ProjectReader).Paged();
        groups.Post("", Create).Policy(Root + "create", Rules.ProjectMember).Quota("server_groups");
        groups.Get("/{id}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
        groups.Delete("/{id}", Delete).PolicyOnRow(Root + "delete", Rules.ProjectMember).Answers(204);
        groups.Api.Declare(Root + "index:all_projects", Rules.Admin);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_75, "all_projects", "limit", "offset");
        // From others than admins the parameter is taken and does nothing.
        var all = call.Query.Has("all_projects") && call.Context.IsAdmin;
        if (all) { call.EnforceProject(Root + "index:all_projects", call.Context.Who.ProjectId); }
        // A limit of zero is none.
        var limit = call.Number("limit") is > 0 and var asked ? Math.Min(asked, NovaLimits.MaxPage) : NovaLimits.MaxPage;
        var found = await call.Get<ServerGroupOperations>().ListAsync(all ? null : call.Context.Who.ProjectId ?? "", call.Number("offset"), limit, call.Cancel);
        return Reply.Member("server_groups", found.ConvertAll(GroupView.Of));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateGroup>("server_group");
        var policy = request.Policy ?? request.Policies![0];
        if (call.Version < Microversions.V2_15 && policy.StartsWith("soft-", StringComparison.Ordinal))
        {
            throw call.Endpoint.Api.Errors.Invalid([new WireFault(WireFaultKind.OneOf, ["server_group", "policies", "0"], $"'{policy}'", "'anti-affinity', 'affinity'")]);
        }
        if (policy != GroupPolicies.AntiAffinity && request.Rules?.MaxServerPerHost is not null) { throw new BadRequestError("Only anti-affinity policy supports rules."); }
        var group = await call.Get<ServerGroupOperations>().CreateAsync(call.Context, request.Name, policy, request.Rules?.MaxServerPerHost);
        return Reply.Member("server_group", GroupView.Of(new GroupAndMembers(group, [])));
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return Reply.Member("server_group", GroupView.Of(await FindAsync(call)));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var (group, _) = await FindAsync(call);
        call.EnforceProject(Root + "delete", group.ProjectId);
        await call.Get<ServerGroupOperations>().DeleteAsync(call.Context, group.Id);
        return Reply.Empty();
    }

    private static async Task<GroupAndMembers> FindAsync(Call call)
    {
        var id = call.Route("id");
        var found = await call.Get<ServerGroupOperations>().FindAsync(id, call.Cancel) ?? throw ServerGroupOperations.NotFound(id);
        return call.AllowsProject(Root + "show", found.Group.ProjectId) ? found : throw ServerGroupOperations.NotFound(id);
    }

    /// <summary><c>POST /os-server-groups</c> (<c>schemas/server_groups.py</c>).</summary>
    private sealed record CreateGroup
    {
        [RequiredField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public required string Name { get; init; }
        [Until("2.63"), RequiredField, Items(Min = 1, Max = 1), Text(OneOf = ["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"])] public List<string>? Policies { get; init; }
        [Since("2.64"), RequiredField, Text(OneOf = ["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"])] public string? Policy { get; init; }
        [Since("2.64")] public GroupRules? Rules { get; init; }
    }

    private sealed record GroupRules
    {
        [Number(Min = 1, Max = NovaLimits.MaxInt, AllowText = true)] public int? MaxServerPerHost { get; init; }
    }

    private sealed record GroupView(string Id, string Name, IReadOnlyList<string> Members)
    {
        [Until("2.63")] public required IReadOnlyList<string> Policies { get; init; }
        /// <summary>Always empty; it was never more.</summary>
        [Until("2.63")] public Dictionary<string, string> Metadata { get; } = [];
        [Since("2.64")] public required string Policy { get; init; }
        [Since("2.64")] public required Dictionary<string, int> Rules { get; init; }
        [Since("2.13")] public required string ProjectId { get; init; }
        [Since("2.13")] public required string UserId { get; init; }

        public static GroupView Of(GroupAndMembers found)
        {
            var (group, members) = found;
            return new(group.Id, group.Name, members)
            {
                Policies = [group.Policy],
                Policy = group.Policy,
                Rules = group.MaxPerHost is { } most ? new() { ["max_server_per_host"] = most } : [],
                ProjectId = group.ProjectId,
                UserId = group.UserId,
            };
        }
    }
}
