using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerNetworks;

/// <summary>
/// Fixed IPs of a server: those of its ports (api-ref compute, "addFixedIp", "removeFixedIp"; until 2.43). Neutron has them; these calls are older than it.
/// Upstream answers 202 before it tries, and a failure is in its log only; here the answer tells it, in the words that upstream has for it.
/// </summary>
internal static class FixedIpEndpoints
{
    private const string Root = "os_compute_api:os-multinic:";

    public static void Map(ResourceGroup server)
    {
        server.Action("/action", "addFixedIp", Add).PolicyOnRow(Root + "add", Rules.ProjectMember).Until("2.43").Answers(202);
        server.Action("/action", "removeFixedIp", Remove).PolicyOnRow(Root + "remove", Rules.ProjectMember).Until("2.43").Answers(202);
    }

    /// <summary>The first of the server's ports on the network gets an address of the first of its subnets that has one left.</summary>
    private static async Task<Reply> Add(Call call)
    {
        var networkId = (await call.BodyAsync<AddBody>("addFixedIp")).NetworkId;
        var server = await ChangeableAsync(call);
        var ports = call.Get<IPorts>();
        var port = (await ports.OfDevicesAsync([server.Id], call.Cancel)).FirstOrDefault(p => p.NetworkId == networkId);
        var network = port is null ? null : await call.Get<INetworks>().FindAsync(call.Context, networkId, call.Cancel);
        if (port is null || network is not { SubnetIds.Count: > 0 }) { throw new NotFoundError($"Network could not be found for instance {server.Id}."); }
        foreach (var subnet in network.SubnetIds)
        {
            try { await ports.AddFixedIpAsync(call.Context, port.Id, subnet, call.Cancel); }
            // Full: the next one.
            catch (ConflictError) { continue; }
            catch (ApiError refused) when (refused.Status == 400) { throw new BadRequestError(refused.Message); }
            return await ShownAsync(call, server);
        }
        throw new BadRequestError($"No fixed IP addresses available for network: {networkId}");
    }

    private static async Task<Reply> Remove(Call call)
    {
        var address = (await call.BodyAsync<RemoveBody>("removeFixedIp")).Address;
        var server = await ChangeableAsync(call);
        var ports = call.Get<IPorts>();
        foreach (var port in await ports.OfDevicesAsync([server.Id], call.Cancel))
        {
            if (await ports.RemoveFixedIpAsync(call.Context, port.Id, address, call.Cancel)) { return await ShownAsync(call, server); }
        }
        throw new BadRequestError($"Instance {server.Id} does not have fixed IP '{address}'.");
    }

    private static async Task<Server> ChangeableAsync(Call call)
    {
        var server = await call.ServerAsync();
        if (server.LockedBy is not null && !call.Context.IsAdmin) { throw ServerErrors.Locked(server.Id); }
        return server.Host is null ? throw ServerErrors.NotReady(server.Id) : server;
    }

    private static async Task<Reply> ShownAsync(Call call, Server server)
    {
        await call.Get<NetworkCache>().RefreshAsync([server.Id], null, call.Cancel);
        return Reply.Empty();
    }

    private sealed record AddBody
    {
        [RequiredField, WireName("networkId"), Text(Min = 1, Max = 36, AllowNumber = true)] public required string NetworkId { get; init; }
    }

    private sealed record RemoveBody
    {
        [RequiredField, Text(Format = "ip")] public required string Address { get; init; }
    }
}
