using System.Globalization;
using System.Text.Json;
using Nephos.Contracts.Node;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerActions;

/// <summary>What is done to one server by <c>POST /servers/{id}/action</c> (api-ref compute, "Servers - run an action").</summary>
internal static class ActionEndpoints
{
    private const string Root = "os_compute_api:";
    private const string Override = Root + "os-lock-server:unlock:unlock_override";

    public static void Map(ResourceGroup server)
    {
        Power("os-start", "servers:start", PowerActions.Start);
        Power("os-stop", "servers:stop", PowerActions.Stop);
        Power("pause", "os-pause-server:pause", PowerActions.Pause);
        Power("unpause", "os-pause-server:unpause", PowerActions.Unpause);
        Power("suspend", "os-suspend-server:suspend", PowerActions.Suspend);
        Power("resume", "os-suspend-server:resume", PowerActions.Resume);
        server.Action("/action", "reboot", Reboot).PolicyOnRow(Root + "servers:reboot", Rules.ProjectMember).Answers(202);
        server.Action("/action", "lock", Lock).PolicyOnRow(Root + "os-lock-server:lock", Rules.ProjectMember).Answers(202);
        server.Action("/action", "unlock", Unlock).PolicyOnRow(Root + "os-lock-server:unlock", Rules.ProjectMember).Answers(202);
        server.Action("/action", "forceDelete", ForceDelete).PolicyOnRow(Root + "os-deferred-delete:force", Rules.ProjectMember).Answers(202);
        server.Action("/action", "restore", Restore).PolicyOnRow(Root + "os-deferred-delete:restore", Rules.ProjectMember).Answers(202);
        server.Action("/action", "os-resetState", ResetState).PolicyOnRow(Root + "os-admin-actions:reset_state", Rules.Admin).Answers(202);
        server.Action("/action", "injectNetworkInfo", InjectNetworkInfo).PolicyOnRow(Root + "os-admin-actions:inject_network_info", Rules.Admin).Answers(202);
        server.Action("/action", "os-getConsoleOutput", ConsoleOutput).PolicyOnRow(Root + "os-console-output", Rules.ProjectMember);
        server.Api.Declare(Override, Rules.Admin);

        void Power(string name, string policy, PowerAction action) => server.Action("/action", name, call => PowerAsync(call, action)).PolicyOnRow(Root + policy, Rules.ProjectMember).Answers(202);
    }

    private static async Task<Reply> PowerAsync(Call call, PowerAction action)
    {
        await OneKeyAsync(call);
        await call.Get<PowerOperations>().DoAsync(call.Context, await call.ServerAsync(), action);
        return Reply.Empty();
    }

    private static async Task<Reply> Reboot(Call call)
    {
        var kind = (await call.BodyAsync<RebootBody>("reboot")).Type;
        var action = kind.Equals("HARD", StringComparison.OrdinalIgnoreCase) ? PowerActions.HardReboot : PowerActions.SoftReboot;
        await call.Get<PowerOperations>().DoAsync(call.Context, await call.ServerAsync(), action);
        return Reply.Empty();
    }

    private static async Task<Reply> Lock(Call call)
    {
        var body = await OneKeyAsync(call);
        string? reason = null;
        if (call.Version >= Microversions.V2_73 && body.ValueKind != JsonValueKind.Null) { reason = (await call.BodyAsync<LockBody>("lock")).LockedReason; }
        var server = await call.ServerAsync();
        await call.Get<LockOperations>().LockAsync(call.Context, server, reason);
        return Reply.Empty();
    }

    private static async Task<Reply> Unlock(Call call)
    {
        await OneKeyAsync(call);
        var server = await call.ServerAsync();
        // What an admin locked only an admin may open.
        if (server.LockedBy == LockOperations.Admin && server.UserId != call.Context.UserId || server.LockedBy == LockOperations.Admin && !call.Context.IsAdmin) { call.EnforceOn(Override, server); }
        await call.Get<LockOperations>().UnlockAsync(call.Context, server);
        return Reply.Empty();
    }

    /// <summary>Without a reclaim interval a delete is final already; so is this.</summary>
    private static async Task<Reply> ForceDelete(Call call)
    {
        await OneKeyAsync(call);
        await call.Get<ServerOperations>().DeleteAsync(call.Context, await call.ServerAsync());
        return Reply.Empty();
    }

    /// <summary>Servers are never soft-deleted here (<c>reclaim_instance_interval</c> 0), so none is in the state that this needs.</summary>
    private static async Task<Reply> Restore(Call call)
    {
        await OneKeyAsync(call);
        var server = await call.ServerAsync();
        throw ServerErrors.InvalidState("restore", server.Id, "vm_state", server.VmState);
    }

    private static async Task<Reply> ResetState(Call call)
    {
        var state = (await call.BodyAsync<ResetStateBody>("os-resetState")).State;
        await call.Get<LockOperations>().ResetAsync(call.Context, await call.ServerAsync(), state == "active" ? VmStates.Active : VmStates.Error);
        return Reply.Empty();
    }

    /// <summary>Reads what is shown of the network anew; there is nothing to push into a guest.</summary>
    private static async Task<Reply> InjectNetworkInfo(Call call)
    {
        await OneKeyAsync(call);
        var server = await call.ServerAsync();
        await call.Get<ServerNetworks.NetworkCache>().RefreshAsync([server.Id], null, call.Cancel);
        return Reply.Empty();
    }

    private static async Task<Reply> ConsoleOutput(Call call)
    {
        var length = (await call.BodyAsync<ConsoleOutputBody>("os-getConsoleOutput")).Length;
        var server = await call.ServerAsync();
        if (server.Host is null) { throw ServerErrors.NotReady(server.Id); }
        if (server.VmState == VmStates.Building) { throw ServerErrors.InvalidState("get_console_output", server.Id, "vm_state", server.VmState); }
        // -1 was once "all"; it still is.
        int? lines = length is null or -1 ? null : length;
        var text = await call.Get<INodeConsole>().ReadConsoleAsync(server.Host, server.Id, lines, call.Cancel);
        return Reply.Member("output", Printable(text));
    }

    /// <summary>Without the control characters that upstream drops, as not every JSON parser takes them.</summary>
    private static string Printable(string text) => string.Concat(text.Where(c => c is '\n' or '\r' or '\t' || !char.IsControl(c)));

    /// <summary>The action's value; other members beside it are refused.</summary>
    internal static async Task<JsonElement> OneKeyAsync(Call call)
    {
        var root = await call.JsonAsync();
        var other = root.EnumerateObject().Select(m => m.Name).FirstOrDefault(name => name != call.Endpoint.ActionName);
        return other is null
            ? root.GetProperty(call.Endpoint.ActionName!)
            : throw call.Endpoint.Api.Errors.Invalid([new WireFault(WireFaultKind.Unknown, [], WireSchema.Show(root), $"'{other}'")]);
    }

    private sealed record RebootBody
    {
        [RequiredField, Text(OneOf = ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"])] public required string Type { get; init; }
    }

    private sealed record LockBody
    {
        [Text(Min = 1, Max = 255)] public string? LockedReason { get; init; }
    }

    private sealed record ResetStateBody
    {
        [RequiredField, Text(OneOf = ["active", "error"])] public required string State { get; init; }
    }

    private sealed record ConsoleOutputBody
    {
        [NullableField, Number(Min = -1, AllowText = true)] public int? Length { get; init; }
    }
}
