using Nephos.Contracts.Glance;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Flavors;
using Nephos.Nova.Servers;
using Nephos.Nova.Servers.Create;

namespace Nephos.Nova.ServerActions;

/// <summary>
/// Actions of upstream that this cloud does not have yet. Each is declared with its policy, finds the server (404) and checks the right (403) as it will, and then says
/// 501; those whose state can never exist here (<c>confirmResize</c> without a resize) answer upstream's 409. What is built moves out of this list.
/// </summary>
internal static class LaterActions
{
    private const string Root = "os_compute_api:";

    public static void Map(ResourceGroup server)
    {
        server.Action("/action", "rebuild", Rebuild).PolicyOnRow(Root + "servers:rebuild", Rules.ProjectMember).Answers(202);
        server.Action("/action", "resize", Resize).PolicyOnRow(Root + "servers:resize", Rules.ProjectMember).Answers(202);
        server.Action("/action", "createImage", CreateImage).PolicyOnRow(Root + "servers:create_image", Rules.ProjectMember).Answers(202);
        Later("createBackup", "os-create-backup", Rules.ProjectMember, 202);
        Later("rescue", "os-rescue", Rules.ProjectMember, 200);
        Later("shelve", "os-shelve:shelve", Rules.ProjectMember, 202);
        Later("migrate", "os-migrate-server:migrate", Rules.ProjectManager, 202);
        Later("os-migrateLive", "os-migrate-server:migrate_live", Rules.ProjectManager, 202);
        Later("evacuate", "os-evacuate", Rules.Admin, 200);
        Later("changePassword", "os-admin-password", Rules.ProjectMember, 202);
        server.Action("/action", "trigger_crash_dump", NotOffered).PolicyOnRow(Root + "servers:trigger_crash_dump", Rules.ProjectMember).Since("2.17").Answers(202);
        Never("confirmResize", "servers:confirm_resize", Rules.ProjectMember, 204);
        Never("revertResize", "servers:revert_resize", Rules.ProjectMember, 202);
        Never("unrescue", "os-unrescue", Rules.ProjectMember, 202);
        Never("unshelve", "os-shelve:unshelve", Rules.ProjectMember, 202);
        Never("shelveOffload", "os-shelve:shelve_offload", Rules.Admin, 202);

        void Later(string name, string policy, string rule, int status) => server.Action("/action", name, NotOffered).PolicyOnRow(Root + policy, rule).Answers(status);
        void Never(string name, string policy, string rule, int status) => server.Action("/action", name, WrongState).PolicyOnRow(Root + policy, rule).Answers(status);
    }

    private static async Task<Reply> Rebuild(Call call)
    {
        var request = await call.BodyAsync<RebuildBody>("rebuild");
        var server = await call.ServerAsync();
        if (server.VmState is not (VmStates.Active or VmStates.Stopped or VmStates.Error)) { throw ServerErrors.InvalidState("rebuild", server.Id, "vm_state", server.VmState); }
        if (await call.Get<IImages>().FindAsync(call.Context, request.ImageRef, call.Cancel) is null) { throw new BadRequestError("Cannot find image for rebuild"); }
        throw ServerErrors.NotOffered("rebuild");
    }

    private static async Task<Reply> Resize(Call call)
    {
        var request = await call.BodyAsync<ResizeBody>("resize");
        var server = await call.ServerAsync();
        if (server.VmState is not (VmStates.Active or VmStates.Stopped)) { throw ServerErrors.InvalidState("resize", server.Id, "vm_state", server.VmState); }
        var flavorId = request.FlavorRef.Split('/')[^1];
        var flavor = await call.Get<FlavorOperations>().FindAsync(call.Context, flavorId) ?? throw new BadRequestError($"Flavor {flavorId} could not be found.");
        if (flavorId == server.FlavorId) { throw new BadRequestError("When resizing, instances must change flavor!"); }
        await call.Get<Store<NovaDb>>().ReadAsync(async db =>
        {
            await ServerQuota.CheckGrowthAsync(db, server.ProjectId, server.UserId, flavor.Vcpus - server.Vcpus, flavor.RamMib - server.RamMib);
            return true;
        }, call.Cancel);
        throw ServerErrors.NotOffered("resize");
    }

    private static async Task<Reply> CreateImage(Call call)
    {
        await call.BodyAsync<CreateImageBody>("createImage");
        var server = await call.ServerAsync();
        if (server.VmState is not (VmStates.Active or VmStates.Stopped or VmStates.Paused or VmStates.Suspended)) { throw ServerErrors.InvalidState("createImage", server.Id, "vm_state", server.VmState); }
        throw ServerErrors.NotOffered("createImage");
    }

    [AllowsUnknown]
    private sealed record RebuildBody
    {
        [RequiredField, WireName("imageRef"), Text(Format = "uuid")] public required string ImageRef { get; init; }
    }

    private sealed record ResizeBody
    {
        [RequiredField, WireName("flavorRef"), Text(Min = 1, AllowNumber = true)] public required string FlavorRef { get; init; }
        [WireName("OS-DCF:diskConfig"), Text(OneOf = ["AUTO", "MANUAL"])] public string? DiskConfig { get; init; }
    }

    private sealed record CreateImageBody
    {
        [RequiredField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public required string Name { get; init; }
        [Text(Max = 255, KeyPattern = NovaLimits.MetadataKeyPattern)] public Dictionary<string, string>? Metadata { get; init; }
    }

    private static async Task<Reply> NotOffered(Call call)
    {
        await call.ServerAsync();
        throw ServerErrors.NotOffered(call.Endpoint.ActionName!);
    }

    private static async Task<Reply> WrongState(Call call)
    {
        var server = await call.ServerAsync();
        throw ServerErrors.InvalidState(call.Endpoint.ActionName!, server.Id, "vm_state", server.VmState);
    }
}
