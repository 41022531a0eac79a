using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Nova.Servers;

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
        Later("rebuild", "servers:rebuild", Rules.ProjectMember, 202);
        Later("resize", "servers:resize", Rules.ProjectMember, 202);
        Later("createImage", "servers:create_image", Rules.ProjectMember, 202);
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
