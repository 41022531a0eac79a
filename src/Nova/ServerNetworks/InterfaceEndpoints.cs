using System.Net;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;
using Nephos.Nova.Servers.Create;

namespace Nephos.Nova.ServerNetworks;

/// <summary>Cards of a server (api-ref compute, "Port interfaces").</summary>
internal static class InterfaceEndpoints
{
    private const string Root = "os_compute_api:os-attach-interfaces:";

    public static void Map(ResourceGroup interfaces)
    {
        interfaces.Get("", List).PolicyOnRow(Root + "list", Rules.ProjectReader).NotPaged("the cards of one server");
        interfaces.Post("", Attach).PolicyOnRow(Root + "create", Rules.ProjectMember).Starts("nova.attach-interface");
        interfaces.Get("/{port_id}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
        interfaces.Delete("/{port_id}", Detach).PolicyOnRow(Root + "delete", Rules.ProjectMember).Starts("nova.detach-interface").Answers(202);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var server = await call.ServerAsync();
        var found = await call.Get<IPorts>().OfDevicesAsync([server.Id], call.Cancel);
        return Reply.Member("interfaceAttachments", found.Select(p => InterfaceView.Of(p, server)).ToList());
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var server = await call.ServerAsync();
        return Reply.Member("interfaceAttachment", InterfaceView.Of(await FindAsync(call, server, call.Route("port_id")), server));
    }

    private static async Task<PortFacts> FindAsync(Call call, Server server, string portId)
    {
        var port = await call.Get<IPorts>().FindAsync(call.Context, portId, call.Cancel) ?? throw new NotFoundError($"Port id {portId} could not be found.");
        return port.DeviceId == server.Id ? port : throw new NotFoundError($"Instance {server.Id} does not have a port with id {portId}");
    }

    private static async Task<Reply> Attach(Call call)
    {
        var request = call.HasBody ? await call.BodyAsync<AttachBody>("interfaceAttachment") : new AttachBody();
        var server = await call.ServerAsync();
        var ip = request.FixedIps?.FirstOrDefault()?.IpAddress;
        if (request.NetId is not null && request.PortId is not null) { throw new BadRequestError("Must not input both network_id and port_id"); }
        if (ip is not null && request.NetId is null) { throw new BadRequestError("Must input network_id when request IP address"); }
        if (ip is not null && !IPAddress.TryParse(ip, out _)) { throw new BadRequestError($"Invalid input for field/attribute ip_address. Value: {ip}. '{ip}' is not valid under any of the given schemas"); }
        var nic = request.PortId is { } given ? await GivenAsync(call, given, request.Tag) : await NewAsync(call, server, request, ip);
        await call.Get<InterfaceOperations>().AttachAsync(call.Context, server, nic, call.Cancel);
        return Reply.Member("interfaceAttachment", InterfaceView.Of(await FindAsync(call, server, nic.PortId), server) with { Tag = nic.Tag });
    }

    private static async Task<ServerNic> GivenAsync(Call call, string portId, string? tag)
    {
        var port = await call.Get<IPorts>().FindAsync(call.Context, portId, call.Cancel) ?? throw new NotFoundError($"Port id {portId} could not be found.");
        if (port.DeviceId.Length > 0) { throw new ConflictError($"Port {portId} is still in use."); }
        return new ServerNic(port.Id, port.NetworkId, Given: true, tag);
    }

    private static async Task<ServerNic> NewAsync(Call call, Server server, AttachBody request, string? ip)
    {
        var networks = call.Get<INetworks>();
        NetworkFacts network;
        if (request.NetId is { } id)
        {
            network = await networks.FindAsync(call.Context, id, call.Cancel) ?? throw new NotFoundError($"Network {id} could not be found.");
        }
        else
        {
            var available = await networks.AvailableAsync(call.Context, server.ProjectId, call.Cancel);
            network = available.Count switch
            {
                0 => throw new BadRequestError($"No specific network was requested and none are available for project '{server.ProjectId}'."),
                1 => available[0],
                _ => throw new BadRequestError("More than one possible network found. Specify network ID(s) to select which one(s) to connect to."),
            };
        }
        NicRequests.CheckNetwork(call, network);
        if (ip is not null && await call.Get<IPorts>().AtAddressAsync(network.Id, ip, call.Cancel) is { } taken)
        {
            throw new ConflictError($"Fixed IP address {ip} is already in use on instance {taken.DeviceId}.");
        }
        return new ServerNic(NewId.Uuid(), network.Id, Given: false, request.Tag, ip);
    }

    private static async Task<Reply> Detach(Call call)
    {
        var server = await call.ServerAsync();
        await call.Get<InterfaceOperations>().DetachAsync(call.Context, server, call.Route("port_id"), call.Cancel);
        return Reply.Empty();
    }

    private sealed record AttachBody
    {
        [Text(Format = "uuid")] public string? NetId { get; init; }
        [Text(Format = "uuid")] public string? PortId { get; init; }
        [Items(Min = 1, Max = 1)] public List<AttachIp>? FixedIps { get; init; }
        [Since("2.49"), Text(Min = 1, Max = NovaLimits.Tag, Pattern = "^[^,/]*$")] public string? Tag { get; init; }
    }

    private sealed record AttachIp
    {
        [RequiredField, Text] public required string IpAddress { get; init; }
    }
}

internal sealed record InterfaceView(string NetId, string PortId, string MacAddr, string PortState, IReadOnlyList<InterfaceIpView> FixedIps)
{
    [Since("2.70")] public string? Tag { get; init; }

    public static InterfaceView Of(PortFacts port, Server server) =>
        new(port.NetworkId, port.Id, port.Mac, port.Status, [.. port.FixedIps.Select(i => new InterfaceIpView(i.SubnetId, i.Ip))]) { Tag = server.Nics.FirstOrDefault(n => n.PortId == port.Id)?.Tag };
}

internal sealed record InterfaceIpView(string SubnetId, string IpAddress);
