using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerNetworks;

/// <summary>Addresses of a server (api-ref compute, "Servers IPs").</summary>
internal static class AddressEndpoints
{
    public static void Map(ResourceGroup ips)
    {
        ips.Get("", List).PolicyOnRow("os_compute_api:ips:index", Rules.ProjectReader).NotPaged("the addresses of one server");
        ips.Get("/{label}", Show).PolicyOnRow("os_compute_api:ips:show", Rules.ProjectReader);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var server = await call.ServerAsync();
        return Reply.Written((_, writer) =>
        {
            writer.WritePropertyName("addresses");
            AddressView.Write(writer, server.Network, extended: false);
        });
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var label = call.Route("label");
        var vifs = (await call.ServerAsync()).Network.Where(v => v.Label == label).ToList();
        return vifs.Count > 0 ? Reply.Written((_, writer) => AddressView.WriteNetwork(writer, label, vifs, extended: false)) : throw new NotFoundError("Instance is not a member of specified network");
    }
}
