using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.RemoteConsoles;

/// <summary>
/// Server consoles (api-ref compute, "Server Consoles"). The one kind is VNC: the URL in the answer is noVNC's page (<see cref="ConsolePage"/>), which connects to a WebSocket of this API
/// (<see cref="ConsoleSocket"/>) that carries RFB. SPICE, serial and MKS consoles are 400 with upstream's words for kinds that are switched off.
/// </summary>
internal static class ConsoleEndpoints
{
    private const string Policy = "os_compute_api:os-remote-consoles";
    private const string NoVnc = "novnc";

    public static void Map(ResourceGroup server)
    {
        server.Post("/remote-consoles", Create).PolicyOnRow(Policy, Rules.ProjectMember).Since("2.6");
        Old("os-getVNCConsole", NoVnc, "xvpvnc");
        Old("os-getSPICEConsole", "spice-html5");
        Old("os-getSerialConsole", "serial");
        Old("os-getRDPConsole", "rdp-html5");

        void Old(string name, params string[] types) => server.Action("/action", name, call => OldAsync(call, types)).PolicyOnRow(Policy, Rules.ProjectMember).Until("2.5");
    }

    /// <summary>For proxies of the operator's own.</summary>
    public static void MapTokens(ResourceGroup tokens) => tokens.Get("/{token}", ShowToken).Policy("os_compute_api:os-console-auth-tokens", Rules.Admin);

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateConsole>("remote_console");
        if (request.Protocol == "mks" && call.Version < Microversions.V2_8) { throw NotOneOf(call, "protocol", request.Protocol, "'vnc', 'spice', 'serial', 'rdp'"); }
        if (request.Type == "webmks" && call.Version < Microversions.V2_8 || request.Type == "spice-direct" && call.Version < Microversions.V2_99)
        {
            throw NotOneOf(call, "type", request.Type, "'novnc', 'xvpvnc', 'spice-html5', 'serial', 'rdp-html5'");
        }
        var server = await call.ServerAsync();
        if (request.Protocol != "vnc") { throw Unavailable(request.Protocol == "rdp" ? "rdp" : request.Type); }
        return Reply.Member("remote_console", new { request.Protocol, request.Type, Url = await UrlAsync(call, server, request.Type) });
    }

    private static async Task<Reply> OldAsync(Call call, string[] types)
    {
        var type = (await call.BodyAsync<OldConsole>(call.Endpoint.ActionName!)).Type;
        if (!types.Contains(type, StringComparer.Ordinal)) { throw NotOneOf(call, "type", type, string.Join(", ", types.Select(t => $"'{t}'"))); }
        var server = await call.ServerAsync();
        if (types[0] != NoVnc) { throw Unavailable(type); }
        return Reply.Member("console", new { Type = type, Url = await UrlAsync(call, server, type) });
    }

    private static async Task<string> UrlAsync(Call call, Server server, string type)
    {
        if (type != NoVnc) { throw Unavailable(type); }
        return ConsolePage.UrlOf(call, await call.Get<ConsoleOperations>().GrantAsync(call.Context, server, type));
    }

    /// <summary>The screen is a socket on its host that only the node opens, so there is no port for anyone else: zero.</summary>
    private static async Task<Reply> ShowToken(Call call)
    {
        if (call.Version < Microversions.V2_31) { throw new BadRequestError("The server could not comply with the request since it is either malformed or otherwise incorrect."); }
        call.KnownOnly(Microversions.V2_99);
        var token = await call.Get<ConsoleOperations>().FindAsync(call.Route("token"), call.Cancel) ?? throw new NotFoundError("Token not found");
        return Reply.Member("console", new { InstanceUuid = token.ServerId, token.Host, Port = 0, InternalAccessPath = (string?)null });
    }

    private static BadRequestError Unavailable(string type) => new($"Unavailable console type {type}.");

    private static ApiError NotOneOf(Call call, string member, string value, string allowed) =>
        call.Endpoint.Api.Errors.Invalid([new WireFault(WireFaultKind.OneOf, [call.Endpoint.ActionName ?? "remote_console", member], $"'{value}'", allowed)]);

    private sealed record CreateConsole
    {
        [RequiredField, Text(OneOf = ["vnc", "spice", "serial", "rdp", "mks"])] public required string Protocol { get; init; }
        [RequiredField, Text(OneOf = ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5", "webmks", "spice-direct"])] public required string Type { get; init; }
    }

    private sealed record OldConsole
    {
        [RequiredField, Text] public required string Type { get; init; }
    }
}
