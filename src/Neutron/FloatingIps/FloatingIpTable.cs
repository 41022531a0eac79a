using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Policy;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.FloatingIps;

/// <summary>A floating IP with the port it leads to.</summary>
internal sealed record FloatingIpView(FloatingIp Row, IReadOnlyList<string> Tags, Port? Port) : IView<FloatingIp>
{
    public IReadOnlyDictionary<string, object?> Target => field ??= PolicyTarget.Project(Row.ProjectId);

    /// <summary>Floating IPs that the caller may see: all for admins, else the project's own.</summary>
    public static IQueryable<FloatingIp> Scope(NeutronDb db, RequestContext context)
    {
        if (context.IsAdmin) { return db.FloatingIps; }
        var project = context.Who.ProjectId ?? "";
        return db.FloatingIps.Where(f => f.ProjectId == project);
    }

    /// <summary>One query for the ports and one for the labels.</summary>
    public static async Task<IReadOnlyList<FloatingIpView>> LoadAsync(NeutronDb db, IReadOnlyList<FloatingIp> rows)
    {
        var portIds = rows.Select(f => f.FixedPortId).OfType<string>().Distinct().ToList();
        var ports = portIds.Count == 0 ? [] : await db.Ports.Where(p => portIds.Contains(p.Id)).ToDictionaryAsync(p => p.Id).ConfigureAwait(false);
        var tags = await Tag.OfAsync(db, [.. rows.Select(f => f.Id)]).ConfigureAwait(false);
        return [.. rows.Select(f => new FloatingIpView(f, [.. tags[f.Id]], f.FixedPortId is { } port ? ports[port] : null))];
    }
}

/// <summary>Attributes of a floating IP: neutron-lib api/definitions l3 with fip_port_details.</summary>
internal static class FloatingIpTable
{
    public static readonly Field<string?> Address = new("floating_ip_address", AddressOrNull, null) { InPut = false };
    public static readonly Field<string?> SubnetId = new("subnet_id", (value, name) => value.ValueKind == JsonValueKind.Null ? null : Field.CheckedUuid(value, name), null) { InPut = false };
    public static readonly Field<string> NetworkId = new("floating_network_id", (value, name) => Field.CheckedUuid(value, name), "") { Required = true, InPut = false };
    public static readonly Field<string?> PortId = Field.UuidOrNull("port_id");
    public static readonly Field<string?> FixedAddress = new("fixed_ip_address", AddressOrNull, null);

    public static readonly ResourceTable<FloatingIp, FloatingIpView> Table = new ResourceTable<FloatingIp, FloatingIpView>("floatingip", "floatingips", FloatingIpErrors.NotFound)
        .Standard()
        .Text("floating_ip_address", v => v.Row.FloatingIpAddress, f => f.FloatingIpAddress).Takes(Address).Guarded(create: Rules.ProjectManager)
        .Unseen("subnet_id").Takes(SubnetId)
        .Text("floating_network_id", v => v.Row.FloatingNetworkId, f => f.FloatingNetworkId).Takes(NetworkId)
        .Text("router_id", v => v.Row.RouterId, f => f.RouterId)
        .Text("port_id", v => v.Row.FixedPortId, f => f.FixedPortId).Takes(PortId)
        .Text("fixed_ip_address", v => v.Row.FixedIpAddress, f => f.FixedIpAddress).Takes(FixedAddress)
        .Text("status", v => v.Row.Status, f => f.Status)
        .Json("port_details", WritePort);

    /// <summary>validators <c>type:ip_address_or_none</c>.</summary>
    private static string? AddressOrNull(JsonElement value, string name) => value.ValueKind == JsonValueKind.Null ? null : Addresses.Read(value, name).ToString();

    private static void WritePort(Utf8JsonWriter writer, FloatingIpView view)
    {
        if (view.Port is not { } port) { writer.WriteNullValue(); return; }
        writer.WriteStartObject();
        writer.WriteString("name", port.Name);
        writer.WriteString("network_id", port.NetworkId);
        writer.WriteString("mac_address", port.Mac);
        writer.WriteBoolean("admin_state_up", port.AdminStateUp);
        writer.WriteString("status", port.Status);
        writer.WriteString("device_id", port.DeviceId);
        writer.WriteString("device_owner", port.DeviceOwner);
        writer.WriteEndObject();
    }
}
