using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.ResourceClasses;

internal sealed record NameResourceClass
{
    [RequiredField, Text(Max = 255, Pattern = "^CUSTOM_[A-Z0-9_]+$")] public required string Name { get; init; }
}

internal sealed record ResourceClassView(string Name, IReadOnlyList<LinkView> Links)
{
    public static ResourceClassView Of(Call call, string name) => new(name, [new LinkView("self", $"{call.Endpoint.Api.Prefix}/resource_classes/{name}")]);
}

/// <summary>Resource classes (placement api-ref, "Resource Classes").</summary>
internal static class ResourceClassEndpoints
{
    public static void Map(ResourceGroup classes)
    {
        classes.Get("", PlacementReplies.Json(List)).Policy("placement:resource_classes:list", PlacementReplies.AdminOrService).Since("1.2").NotPaged("upstream answers all");
        classes.Post("", PlacementReplies.Takes(Create)).Policy("placement:resource_classes:create", PlacementReplies.AdminOrService).Since("1.2").Answers(201);
        classes.Get("/{name}", PlacementReplies.Json(Show)).Policy("placement:resource_classes:show", PlacementReplies.AdminOrService).Since("1.2");
        classes.Put("/{name}", PlacementReplies.Takes(Rename)).Policy("placement:resource_classes:update", PlacementReplies.AdminOrService).Since("1.2").Until("1.6");
        classes.Put("/{name}", Ensure).Policy("placement:resource_classes:update", PlacementReplies.AdminOrService).Since("1.7").Answers(201);
        classes.Delete("/{name}", Delete).Policy("placement:resource_classes:delete", PlacementReplies.AdminOrService).Since("1.2").Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var custom = await Store(call).ReadAsync(db => db.CustomResourceClasses.OrderBy(c => c.Name).Select(c => c.Name).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Member("resource_classes", StandardResourceClasses.All.Concat(custom).Select(n => ResourceClassView.Of(call, n)).ToList()).Dated(call, null);
    }

    private static async Task<Reply> Show(Call call)
    {
        var name = call.Route("name");
        return await Store(call).ReadAsync(db => Names.UnknownClassAsync(db, [name], call.Cancel), call.Cancel).ConfigureAwait(false) is null
            ? Reply.Json(ResourceClassView.Of(call, name)).Dated(call, null)
            : throw NoClass(name);
    }

    private static async Task<Reply> Create(Call call)
    {
        var name = (await call.JsonBodyAsync<NameResourceClass>().ConfigureAwait(false)).Name;
        if (!await AddAsync(call, name).ConfigureAwait(false)) { throw new ConflictError($"Conflicting resource class already exists: {name}"); }
        return Reply.Empty().With("Location", $"{call.BaseUrl}/resource_classes/{name}");
    }

    private static async Task<Reply> Ensure(Call call)
    {
        var name = call.Route("name");
        if (!StandardResourceClasses.IsCustomName(name)) { throw name.Length > 255 ? PlacementErrors.Schema($"'{name}' is too long", "maxLength", ["name"]) : PlacementErrors.Schema($"'{name}' does not match '^CUSTOM_[A-Z0-9_]+$'", "pattern", ["name"]); }
        return Reply.Empty(await AddAsync(call, name).ConfigureAwait(false) ? 201 : 204).With("Location", $"{call.BaseUrl}/resource_classes/{name}");
    }

    /// <summary>Microversions 1.2 to 1.6 only. A class in use keeps its name: its rows name it.</summary>
    private static async Task<Reply> Rename(Call call)
    {
        var (old, name) = (call.Route("name"), (await call.JsonBodyAsync<NameResourceClass>().ConfigureAwait(false)).Name);
        if (StandardResourceClasses.All.Contains(old)) { throw new BadRequestError($"Cannot update standard resource class {old}"); }
        await Store(call).WriteAsync(async db =>
        {
            if (await db.CustomResourceClasses.AnyAsync(c => c.Name == name, call.Cancel).ConfigureAwait(false)) { throw new ConflictError($"Resource class already exists: {name}"); }
            if (await db.CustomResourceClasses.Where(c => c.Name == old).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false) == 0) { throw NoClass(old); }
            db.CustomResourceClasses.Add(new CustomResourceClass { Name = name, CreatedAt = call.Context.Now });
            await db.Providers.Where(p => db.Inventories.Any(i => i.ProviderId == p.Id && i.ResourceClass == old)).ExecuteUpdateAsync(u => u.SetProperty(p => p.Revision, p => p.Revision + 1), call.Cancel).ConfigureAwait(false);
            await db.Inventories.Where(i => i.ResourceClass == old).ExecuteUpdateAsync(u => u.SetProperty(i => i.ResourceClass, name), call.Cancel).ConfigureAwait(false);
            await db.Allocations.Where(a => a.ResourceClass == old).ExecuteUpdateAsync(u => u.SetProperty(a => a.ResourceClass, name), call.Cancel).ConfigureAwait(false);
            db.Record(call.Context, "update", "resource_class", name);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Json(ResourceClassView.Of(call, name));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var name = call.Route("name");
        if (StandardResourceClasses.All.Contains(name)) { throw new BadRequestError($"Error in delete resource class: Cannot delete standard resource class {name}."); }
        await Store(call).WriteAsync(async db =>
        {
            if (await db.Inventories.AnyAsync(i => i.ResourceClass == name, call.Cancel).ConfigureAwait(false)) { throw new ConflictError($"Error in delete resource class: Cannot delete resource class {name}. Class is in use in inventory."); }
            if (await db.CustomResourceClasses.Where(c => c.Name == name).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false) == 0) { throw NoClass(name); }
            db.Record(call.Context, "delete", "resource_class", name);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static Task<bool> AddAsync(Call call, string name) => Store(call).WriteAsync(async db =>
    {
        if (await db.CustomResourceClasses.AnyAsync(c => c.Name == name, call.Cancel).ConfigureAwait(false)) { return false; }
        db.CustomResourceClasses.Add(new CustomResourceClass { Name = name, CreatedAt = call.Context.Now });
        db.Record(call.Context, "create", "resource_class", name);
        return true;
    }, call.Cancel);

    private static Store<PlacementDb> Store(Call call) => call.Get<Store<PlacementDb>>();
    private static ApiError NoClass(string name) => new NotFoundError($"No such resource class {name}.");
}
