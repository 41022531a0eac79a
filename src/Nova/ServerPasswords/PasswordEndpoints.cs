using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerPasswords;

/// <summary>
/// The password that a guest made for its administrator, encrypted with the owner's public key, and posted to its metadata (api-ref compute, "Servers password"). Only the owner's private
/// key opens it. Clearing it here lets the guest post another; it changes nothing inside.
/// </summary>
internal static class PasswordEndpoints
{
    private const string Root = "os_compute_api:os-server-password:";

    public static void Map(ResourceGroup password)
    {
        password.Get("", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
        password.Delete("", Clear).PolicyOnRow(Root + "clear", Rules.ProjectMember).Answers(204);
    }

    private static async Task<Reply> Show(Call call)
    {
        var server = await call.ServerAsync();
        return Reply.Member("password", server.GuestPassword ?? "");
    }

    private static async Task<Reply> Clear(Call call)
    {
        var server = await call.ServerAsync();
        await call.Get<Store<NovaDb>>().WriteAsync(async db =>
        {
            await db.Servers.Where(s => s.Id == server.Id).ExecuteUpdateAsync(u => u.SetProperty(s => s.GuestPassword, (string?)null).SetProperty(s => s.Generation, s => s.Generation + 1));
            db.Record(call.Context, "clear_password", "server", server.Id, server.ProjectId);
        });
        return Reply.Empty();
    }
}
