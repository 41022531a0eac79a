using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Policy;
using Nephos.Nova.Servers;

namespace Nephos.Nova.Migrations;

/// <summary>
/// Migrations (api-ref compute, "Migrations" and "Server migrations"). No call of this cloud moves a server yet, so there is none to show: the lists are empty and no id
/// is known. Queries are checked as they will be.
/// </summary>
internal static class MigrationEndpoints
{
    private const string Root = "os_compute_api:os-migrations:";
    private static readonly string[] Filters = ["hidden", "host", "instance_uuid", "source_compute", "status", "migration_type"];

    public static void Map(ResourceGroup migrations)
    {
        migrations.Get("", List).Policy(Root + "index", Rules.ProjectManager).Paged();
        migrations.Api.Declare(Root + "index:all_projects", Rules.Admin);
    }

    /// <summary>Below a server, since 2.23.</summary>
    public static void MapServer(ResourceGroup migrations)
    {
        migrations.Get("", ListOfServer).PolicyOnRow("os_compute_api:servers:migrations:index", Rules.ProjectManager).Since("2.23").NotPaged("migrations under way of one server: one at most");
        migrations.Get("/{id}", ShowOfServer).PolicyOnRow("os_compute_api:servers:migrations:show", Rules.Admin).Since("2.23");
    }

    private static Task<Reply> List(Call call)
    {
        string[] paging = call.Version >= Microversions.V2_66 ? ["limit", "marker", "changes-since", "changes-before"] : ["limit", "marker", "changes-since"];
        string[] owner = call.Version >= Microversions.V2_80 ? ["user_id", "project_id"] : [];
        call.KnownOnly(Microversions.V2_59, [.. Filters, .. paging, .. owner]);
        if (call.Query["project_id"] is not { Length: > 0 } project || project != call.Context.Who.ProjectId) { call.EnforceProject(Root + "index:all_projects", call.Context.Who.ProjectId); }
        if (call.Version >= Microversions.V2_59)
        {
            Changes.Of(call);
            if (PageRequest.Of(call.Query, NovaLimits.MaxPage).Marker is { } marker) { throw new BadRequestError($"Migration {marker} could not be found."); }
        }
        return Task.FromResult(Reply.Member("migrations", Array.Empty<object>()));
    }

    private static async Task<Reply> ListOfServer(Call call)
    {
        await call.ServerAsync();
        return Reply.Member("migrations", Array.Empty<object>());
    }

    private static async Task<Reply> ShowOfServer(Call call)
    {
        var server = await call.ServerAsync();
        throw new NotFoundError($"In-progress live migration {call.Route("id")} is not found for server {server.Id}.");
    }
}
