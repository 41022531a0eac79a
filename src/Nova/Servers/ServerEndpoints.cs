using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers.Create;

namespace Nephos.Nova.Servers;

/// <summary>Servers (api-ref compute, "Servers (servers)").</summary>
internal static class ServerEndpoints
{
    private const string Root = "os_compute_api:servers:";

    public static void Map(ResourceGroup servers)
    {
        servers.Post("", Create).PolicyOnRow(Root + "create", Rules.ProjectMember).Quota("instances", "cores", "ram").Starts("nova.build-server").Answers(202);
        servers.Get("", List).Policy(Root + "index", Rules.ProjectReader).Paged();
        servers.Get("/detail", Detail).Policy(Root + "detail", Rules.ProjectReader).Paged();
        servers.Get("/{server_id}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
        servers.Put("/{server_id}", Update).PolicyOnRow(Root + "update", Rules.ProjectMember);
        servers.Delete("/{server_id}", Delete).PolicyOnRow(Root + "delete", Rules.ProjectMember).Starts("nova.delete-server").Answers(204);
        foreach (var rule in new[] { "index:get_all_tenants", "detail:get_all_tenants", "allow_all_filters", "create:forced_host", "create:zero_disk_flavor" }) { servers.Api.Declare(Root + rule, Rules.Admin); }
        foreach (var rule in new[] { "create:attach_volume", "create:attach_network", "create:trusted_certs" }) { servers.Api.Declare(Root + rule, Rules.ProjectMember); }
        servers.Api.Declare("compute:servers:create:requested_destination", Rules.Admin);
        servers.Api.Declare("network:attach_external_network", Rules.Admin);
        servers.Api.Declare(ServerSight.AttributesPolicy, Rules.Admin);
        servers.Api.Declare(ServerSight.HostStatusPolicy, Rules.Admin);
        servers.Api.Declare(ServerSight.HostStatusUnknownPolicy, Rules.Admin);
        servers.Api.Declare(ServerSight.FlavorSpecsPolicy, Rules.ProjectReader);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateServer>("server", "os:scheduler_hints", "OS-SCH-HNT:scheduler_hints");
        call.Enforce(call.Endpoint.PolicyName!, new Dictionary<string, object?>(PolicyTarget.Project(call.Context.Who.ProjectId)) { ["user_id"] = call.Context.UserId });
        var hints = await HintsAsync(call);
        var created = await call.Get<ServerCreation>().CreateAsync(call, request, hints);
        if (request.ReturnReservationId == true) { return Reply.Member("reservation_id", created.ReservationId); }
        var view = new ServerCreated(created.First.Id, Links.Of(call, "servers", created.First.Id), [.. (request.SecurityGroups ?? [new() { Name = "default" }]).Select(g => new NameView(g.Name ?? ""))])
        {
            DiskConfig = created.First.AutoDiskConfig ? "AUTO" : "MANUAL",
            AdminPass = created.Password,
        };
        return Reply.Member("server", view).With("Location", view.Links[0].Href);
    }

    private static async Task<JsonElement?> HintsAsync(Call call)
    {
        var root = await call.JsonAsync();
        foreach (var name in new[] { "os:scheduler_hints", "OS-SCH-HNT:scheduler_hints" })
        {
            if (root.TryGetProperty(name, out var hints))
            {
                SchedulerHints.Check(hints, name, call.Endpoint.Api.Errors);
                return hints;
            }
        }
        return null;
    }

    private static async Task<Reply> List(Call call)
    {
        var (filter, page) = (ServerFilter.Of(call, detail: false), ServerFilter.Page(call));
        var found = await call.Get<ServerOperations>().ListAsync(filter, page);
        return Many(call, ServerView.Brief, "servers", page, found, new ServerViewer(call), _ => []);
    }

    private static async Task<Reply> Detail(Call call)
    {
        var (filter, page) = (ServerFilter.Of(call, detail: true), ServerFilter.Page(call));
        var sight = ServerSight.Of(call, call.Context.Who.ProjectId, new Dictionary<string, string>());
        var hosts = sight.HostStatus && call.Version >= Microversions.V2_16;
        var found = await call.Get<ServerOperations>().DetailAsync(filter, page, call.Version >= Microversions.V2_26, hosts, call.Context.Now);
        sight = sight with { HostStatuses = found.HostStatuses };
        return Many(call, ServerView.Full, "servers/detail", page, found.Servers, new ServerViewer(call, sight), s => [.. found.Tags[s.Id]]);
    }

    private static Reply Many(Call call, WireView<ShownServer> view, string collection, PageRequest page, List<Server> servers, ServerViewer viewer, Func<Server, IReadOnlyList<string>> tags)
    {
        var write = view.In(call.Version);
        return Reply.Rows("servers", servers, (writer, server) => write(writer, new ShownServer(server, tags(server), viewer)),
            [("servers_links?", Links.Next(call, collection, servers.Count, page.Limit ?? NovaLimits.MaxPage, () => servers[^1].Id))]);
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return await FullAsync(call, await call.ServerAsync(), ServerExtent.All);
    }

    /// <summary>The whole view of one server.</summary>
    internal static async Task<Reply> FullAsync(Call call, Server server, ServerExtent extent)
    {
        var sight = ServerSight.Of(call, server.ProjectId, new Dictionary<string, string>());
        var page = await call.Get<ServerOperations>().DetailAsync(server, call.Version >= Microversions.V2_26, sight.HostStatus && call.Version >= Microversions.V2_16, call.Version >= Microversions.V2_71, call.Context.Now);
        var shown = new ShownServer(server, [.. page.Tags[server.Id]], new ServerViewer(call, sight with { HostStatuses = page.HostStatuses }, extent)) { Groups = page.Groups };
        return Reply.Written((_, writer) =>
        {
            writer.WritePropertyName("server");
            ServerView.Full.In(call.Version)(writer, shown);
        });
    }

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyAsync<UpdateServer>("server");
        ServerNames.CheckHostname(request.Hostname, call.Version, call.Endpoint.Api.Errors);
        var server = await call.ServerAsync();
        var updated = await call.Get<ServerOperations>().UpdateAsync(call.Context, server.Id, request);
        return await FullAsync(call, updated, call.Version >= Microversions.V2_75 ? ServerExtent.All : ServerExtent.Basic);
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<ServerOperations>().DeleteAsync(call.Context, await call.ServerAsync());
        return Reply.Empty();
    }
}
