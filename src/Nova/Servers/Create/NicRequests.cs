using System.Net;
using System.Text.Json;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Servers.Create;

/// <summary>A card that was asked for. <paramref name="PortId"/> is set when the port was given.</summary>
internal sealed record NicWanted(string NetworkId, string? PortId, string? FixedIp, string? Tag)
{
    /// <summary>The card of one server; a port to make gets its id here.</summary>
    public ServerNic ToNic() => new(PortId ?? NewId.Uuid(), NetworkId, PortId is not null, Tag, FixedIp);
}

/// <summary>The <c>networks</c> of a create: what was asked, checked with Neutron before anything is written (<c>compute/servers.py</c>, _get_requested_networks; <c>network/neutron.py</c>, validate_networks).</summary>
internal sealed class NicRequests(INetworks networks, IPorts ports)
{
    public async Task<List<NicWanted>> ResolveAsync(Call call, JsonElement asked, string projectId, int count)
    {
        var errors = call.Endpoint.Api.Errors;
        if (asked.ValueKind == JsonValueKind.Undefined) { return await AnyAsync(call, projectId, must: false); }
        if (asked.ValueKind == JsonValueKind.String && call.Version >= Microversions.V2_37)
        {
            return asked.GetString() switch
            {
                "none" => [],
                "auto" => await AnyAsync(call, projectId, must: true),
                _ => throw errors.Invalid([new WireFault(WireFaultKind.OneOf, ["server", "networks"], WireSchema.Show(asked), "'none', 'auto'")]),
            };
        }
        if (asked.ValueKind != JsonValueKind.Array) { throw errors.Invalid([new WireFault(WireFaultKind.Type, ["server", "networks"], WireSchema.Show(asked), "'array'")]); }
        if (asked.GetArrayLength() == 0) { return call.Version >= Microversions.V2_37 ? [] : await AnyAsync(call, projectId, must: false); }
        call.EnforceProject("os_compute_api:servers:create:attach_network", projectId);
        var wanted = asked.EnumerateArray().Select((entry, i) => Read(call, entry, i)).ToList();
        foreach (var twice in wanted.Where(w => w.Port is not null).GroupBy(w => w.Port, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
        {
            throw new BadRequestError($"Port ID '{twice.Key}' was specified twice: you cannot attach a port multiple times.");
        }
        var nics = new List<NicWanted>();
        foreach (var entry in wanted) { nics.Add(entry.Port is { } port ? await GivenAsync(call, port, entry, projectId, count) : await OnNetworkAsync(call, entry, count)); }
        return nics;
    }

    private static NetworkWanted Read(Call call, JsonElement entry, int index)
    {
        var faults = new List<WireFault>();
        var wanted = WireJson.Read<NetworkWanted>(entry, call.Version, ["server", "networks", index.ToString(System.Globalization.CultureInfo.InvariantCulture)], faults) ?? throw call.Endpoint.Api.Errors.Invalid(faults);
        if (wanted.FixedIp is { } ip && !IPAddress.TryParse(ip, out _))
        {
            throw new BadRequestError($"Invalid input for field/attribute fixed_ip. Value: {ip}. '{ip}' is not valid under any of the given schemas");
        }
        if (wanted.Port is not null && wanted.FixedIp is not null)
        {
            throw new BadRequestError($"Specified Fixed IP '{wanted.FixedIp}' cannot be used with port '{wanted.Port}': the two cannot be specified together.");
        }
        if (wanted.Port is null && wanted.Uuid is null) { throw new BadRequestError("Bad network format: missing 'uuid'"); }
        if (wanted.Port is null && !NewId.IsUuidLike(wanted.Uuid)) { throw new BadRequestError($"Bad networks format: network uuid is not in proper format ({wanted.Uuid})"); }
        return wanted;
    }

    private async Task<NicWanted> GivenAsync(Call call, string portId, NetworkWanted entry, string projectId, int count)
    {
        if (count > 1)
        {
            throw new BadRequestError("Failed to launch instances: Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.");
        }
        var port = await ports.FindAsync(call.Context, portId, call.Cancel) ?? throw new BadRequestError($"Port id {portId} could not be found.");
        if (port.ProjectId != projectId && !call.Context.IsAdmin) { throw new BadRequestError($"Port id {portId} could not be found."); }
        if (port.DeviceId.Length > 0) { throw new ConflictError($"Port {portId} is still in use."); }
        if (port.FixedIps.Count == 0) { throw new BadRequestError($"Port {portId} requires a FixedIP in order to be used."); }
        return new NicWanted(port.NetworkId, port.Id, null, entry.Tag);
    }

    private async Task<NicWanted> OnNetworkAsync(Call call, NetworkWanted entry, int count)
    {
        var network = await networks.FindAsync(call.Context, entry.Uuid!, call.Cancel) ?? throw new BadRequestError($"Network {entry.Uuid} could not be found.");
        CheckNetwork(call, network);
        if (entry.FixedIp is null) { return new NicWanted(network.Id, null, null, entry.Tag); }
        if (count > 1) { throw new BadRequestError("Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified."); }
        if (await ports.AtAddressAsync(network.Id, entry.FixedIp, call.Cancel) is { } taken)
        {
            throw new BadRequestError($"Fixed IP address {entry.FixedIp} is already in use on instance {taken.DeviceId}.");
        }
        return new NicWanted(network.Id, null, entry.FixedIp, entry.Tag);
    }

    /// <summary>External networks are for admins, and a card needs an address.</summary>
    internal static void CheckNetwork(Call call, NetworkFacts network)
    {
        if (network.External && !network.Shared && !call.AllowsProject("network:attach_external_network", call.Context.Who.ProjectId))
        {
            throw new ForbiddenError($"It is not allowed to create an interface on external network {network.Id}");
        }
        if (network.SubnetIds.Count == 0) { throw new BadRequestError($"Network {network.Id} requires a subnet in order to boot instances on."); }
    }

    /// <summary>The one network that the project has; none is fine unless one was asked for.</summary>
    private async Task<List<NicWanted>> AnyAsync(Call call, string projectId, bool must)
    {
        var available = await networks.AvailableAsync(call.Context, projectId, call.Cancel);
        return available.Count switch
        {
            0 when must => throw new BadRequestError($"Unable to automatically allocate a network for project {projectId}"),
            0 => [],
            1 => [new NicWanted(available[0].Id, null, null, null)],
            _ => throw new ConflictError("More than one possible network found. Specify network ID(s) to select which one(s) to connect to."),
        };
    }
}
