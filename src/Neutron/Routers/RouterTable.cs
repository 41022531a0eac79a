using System.Text.Json;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.Routers;

/// <summary>Attributes of a router: neutron-lib api/definitions l3 with l3_ext_gw_mode, extraroute, dvr, l3_ext_ha_mode.</summary>
internal static class RouterTable
{
    public static readonly Field<string> Name = Field.NameText();
    public static readonly Field<bool> AdminStateUp = Field.Boolean("admin_state_up", true);
    public static readonly Field<GatewayRequest?> Gateway = new("external_gateway_info", GatewayRequest.Read, null);
    public static readonly Field<IReadOnlyList<RouteRequest>> Routes = new("routes", RouteRequest.ReadAll, []) { InPost = false };
    public static readonly Field<bool?> Distributed = Field.BooleanOrNull("distributed");
    public static readonly Field<bool?> Ha = Field.BooleanOrNull("ha");

    public static readonly ResourceTable<Router, RouterView> Table = new ResourceTable<Router, RouterView>("router", "routers", RouterErrors.NotFound)
        .Standard()
        .Text("name", v => v.Row.Name, r => r.Name).Takes(Name)
        .Flag("admin_state_up", v => v.Row.AdminStateUp, r => r.AdminStateUp).Takes(AdminStateUp)
        .Text("status", v => v.Row.Status, r => r.Status)
        .Json("external_gateway_info", WriteGateway).Takes(Gateway).Guarded(create: Rules.ProjectMember, update: Rules.ProjectMember)
        .Json("routes", WriteRoutes).Takes(Routes)
        .Flag("distributed", _ => false).Takes(Distributed).Guarded(Rules.Admin, Rules.Admin, Rules.Admin)
        .Flag("ha", _ => false).Takes(Ha).Guarded(Rules.Admin, Rules.Admin, Rules.Admin)
        .Rule("create_router:external_gateway_info:network_id", Rules.ProjectMember)
        .Rule("create_router:external_gateway_info:enable_snat", Rules.Admin)
        .Rule("create_router:external_gateway_info:external_fixed_ips", Rules.Admin)
        .Rule("update_router:external_gateway_info:network_id", Rules.ProjectMember)
        .Rule("update_router:external_gateway_info:enable_snat", Rules.Admin)
        .Rule("update_router:external_gateway_info:external_fixed_ips", Rules.Admin);

    private static void WriteGateway(Utf8JsonWriter writer, RouterView view)
    {
        if (view.Gateway is not { } gateway) { writer.WriteNullValue(); return; }
        writer.WriteStartObject();
        writer.WriteString("network_id", gateway.NetworkId);
        writer.WriteStartArray("external_fixed_ips");
        foreach (var ip in gateway.FixedIps)
        {
            writer.WriteStartObject();
            writer.WriteString("subnet_id", ip.SubnetId);
            writer.WriteString("ip_address", ip.Ip);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteBoolean("enable_snat", view.Row.EnableSnat);
        writer.WriteEndObject();
    }

    private static void WriteRoutes(Utf8JsonWriter writer, RouterView view)
    {
        writer.WriteStartArray();
        foreach (var route in view.Routes)
        {
            writer.WriteStartObject();
            writer.WriteString("destination", route.Destination);
            writer.WriteString("nexthop", route.NextHop);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}

/// <summary>A route of a body.</summary>
internal sealed record RouteRequest(string Destination, string NextHop)
{
    /// <summary>validators.validate_hostroutes; null reads as empty.</summary>
    public static IReadOnlyList<RouteRequest> ReadAll(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return []; }
        if (value.ValueKind != JsonValueKind.Array) { throw Field.Invalid(name, $"Invalid data format for hostroute: {WireSchema.Show(value).Quoted()}"); }
        var routes = new List<RouteRequest>();
        foreach (var item in value.EnumerateArray())
        {
            Addresses.CheckKeys(item, name, "destination", "nexthop");
            var destination = Addresses.ReadCidr(item.GetProperty("destination"), name);
            if (destination.First.IsLoopback) { throw Field.Invalid(name, $"'{destination}' is not a routable CIDR"); }
            var route = new RouteRequest(destination.ToString(), Addresses.Read(item.GetProperty("nexthop"), name).ToString());
            if (routes.Contains(route)) { throw Field.Invalid(name, $"Duplicate hostroute '{WireSchema.Show(item)}'"); }
            routes.Add(route);
        }
        return routes;
    }

    /// <summary>As upstream's messages show it.</summary>
    public override string ToString() => $"{{'destination': '{Destination}', 'nexthop': '{NextHop}'}}";
}
