using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;

namespace Nephos.Nova.Servers;

/// <summary>What every call on one server begins with.</summary>
internal static class ServerCalls
{
    /// <summary>The server of the path, when the caller may see it and the endpoint's policy lets them do this: else 404, then 403.</summary>
    public static async Task<Server> ServerAsync(this Call call, bool deletedToo = false)
    {
        var id = call.Route("server_id");
        var server = await call.Get<ServerOperations>().FindAsync(call.Context, id, deletedToo) ?? throw ServerErrors.NotFound(id);
        call.EnforceOn(call.Endpoint.PolicyName!, server);
        return server;
    }

    public static void EnforceOn(this Call call, string policy, Server server) => call.Enforce(policy, TargetOf(server));

    public static bool AllowsOn(this Call call, string policy, Server server) => call.Allows(policy, TargetOf(server));

    private static Dictionary<string, object?> TargetOf(Server server) => new(PolicyTarget.Project(server.ProjectId), StringComparer.Ordinal) { ["user_id"] = server.UserId };
}
