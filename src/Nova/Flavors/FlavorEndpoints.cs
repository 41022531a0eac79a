using System.Globalization;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Flavors;

/// <summary>Flavors (api-ref compute, "Flavors") and who may use the private ones ("Flavors access").</summary>
internal static class FlavorEndpoints
{
    private const string Open = "upstream has no rule for it: every user may read the flavors of the project";

    public static void Map(ResourceGroup flavors)
    {
        flavors.Get("", List).NoPolicy(Open).Paged();
        flavors.Get("/detail", Detail).NoPolicy(Open).Paged();
        flavors.Post("", Create).Policy("os_compute_api:os-flavor-manage:create", Rules.Admin);
        flavors.Get("/{id}", Show).NoPolicy(Open);
        flavors.Put("/{id}", Update).Policy("os_compute_api:os-flavor-manage:update", Rules.Admin).Since("2.55");
        flavors.Delete("/{id}", Delete).Policy("os_compute_api:os-flavor-manage:delete", Rules.Admin).Answers(202);
        flavors.Get("/{id}/os-flavor-access", Access).Policy("os_compute_api:os-flavor-access", Rules.Admin).NotPaged("upstream gives the whole list");
        flavors.Action("/{id}/action", "addTenantAccess", AddAccess).Policy("os_compute_api:os-flavor-access:add_tenant_access", Rules.Admin);
        flavors.Action("/{id}/action", "removeTenantAccess", RemoveAccess).Policy("os_compute_api:os-flavor-access:remove_tenant_access", Rules.Admin);
    }

    private static async Task<Reply> List(Call call)
    {
        var (found, next) = await Page(call, "flavors");
        return Reply.Members([("flavors", found.Select(f => FlavorBrief.Of(call, f)).ToList()), ("flavors_links?", next)]);
    }

    private static async Task<Reply> Detail(Call call)
    {
        var (found, next) = await Page(call, "flavors/detail");
        return Reply.Members([("flavors", found.Select(f => FlavorView.Of(call, f)).ToList()), ("flavors_links?", next)]);
    }

    private static async Task<(List<Flavor> Found, IReadOnlyList<Link>? Next)> Page(Call call, string collection)
    {
        if (call.Version < Microversions.V2_102) { call.KnownOnly(Microversions.V2_75, "limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir"); }
        else { call.KnownOnly(Microversions.V2_102, "limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir", "name"); }
        var page = PageRequest.Of(call.Query, NovaLimits.MaxPage, "asc");
        var filter = new FlavorFilter(
            call.Context.IsAdmin ? Visibility(call.Query["is_public"]) : true,
            Number(call, "minRam"), Number(call, "minDisk"),
            call.Version >= Microversions.V2_102 ? call.Query["name"] : null);
        var found = await call.Get<FlavorOperations>().ListAsync(call.Context, filter, page);
        return (found, Links.Next(call, collection, found.Count, page.Limit ?? NovaLimits.MaxPage, () => found[^1].Id));
    }

    /// <summary>Absent is "public ones", <c>none</c> is "all".</summary>
    private static bool? Visibility(string? asked) => asked is null ? true
        : asked.Equals("none", StringComparison.OrdinalIgnoreCase) ? null
        : WireBoolean.Parse(asked) ?? throw new BadRequestError($"Invalid is_public filter [{asked}]");

    private static int Number(Call call, string name) => call.Query[name] is not { } text ? 0
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw new BadRequestError($"Invalid {name} filter [{text}]");

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateFlavor>("flavor");
        return Reply.Member("flavor", FlavorView.Of(call, await call.Get<FlavorOperations>().CreateAsync(call.Context, request)));
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return Reply.Member("flavor", FlavorView.Of(call, await Find(call)));
    }

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyAsync<UpdateFlavor>("flavor");
        return Reply.Member("flavor", FlavorView.Of(call, await call.Get<FlavorOperations>().DescribeAsync(call.Context, call.Route("id"), request.Description)));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<FlavorOperations>().DeleteAsync(call.Context, call.Route("id"));
        return Reply.Empty();
    }

    private static async Task<Reply> Access(Call call)
    {
        var flavor = await Find(call);
        if (flavor.IsPublic) { throw new NotFoundError("Access list not available for public flavors."); }
        return AccessView(call, await call.Get<FlavorOperations>().ProjectsAsync(flavor.Id));
    }

    private static async Task<Reply> AddAccess(Call call)
    {
        var request = await call.BodyAsync<TenantAccess>("addTenantAccess");
        await call.Get<FlavorOperations>().KnownProjectAsync(request.Tenant, call.Cancel);
        var flavor = await Find(call);
        if (flavor.IsPublic && call.Version >= Microversions.V2_7) { throw new ConflictError("Can not add access to a public flavor."); }
        return AccessView(call, await call.Get<FlavorOperations>().AddProjectAsync(call.Context, flavor.Id, request.Tenant));
    }

    private static async Task<Reply> RemoveAccess(Call call)
    {
        var request = await call.BodyAsync<TenantAccess>("removeTenantAccess");
        var flavor = await Find(call);
        return AccessView(call, await call.Get<FlavorOperations>().RemoveProjectAsync(call.Context, flavor.Id, request.Tenant));
    }

    private static Reply AccessView(Call call, IEnumerable<string> projects) =>
        Reply.Member("flavor_access", projects.Select(p => new { flavor_id = call.Route("id"), tenant_id = p }).ToList());

    internal static async Task<Flavor> Find(Call call) =>
        await call.Get<FlavorOperations>().FindAsync(call.Context, call.Route("id")) ?? throw FlavorErrors.NotFound(call.Route("id"));
}
