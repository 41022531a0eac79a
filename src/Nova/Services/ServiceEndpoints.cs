using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Hosts;

namespace Nephos.Nova.Services;

/// <summary>
/// Compute services (api-ref compute, "Compute services"). Only <c>nova-compute</c> is a service with a heartbeat here: what upstream runs as scheduler and conductor is
/// part of the API's process, so there is no row for them. Until 2.52 a service is named by host and binary, from 2.53 on by its UUID.
/// </summary>
internal static class ServiceEndpoints
{
    private const string Root = "os_compute_api:os-services:";

    public static void Map(ResourceGroup services)
    {
        services.Get("", List).Policy(Root + "list", Rules.Admin).NotPaged("upstream gives the whole list");
        services.Put("/{id}", Act).Policy(Root + "update", Rules.Admin).Until("2.52");
        services.Put("/{id}", Update).Policy(Root + "update", Rules.Admin).Since("2.53");
        services.Delete("/{id}", Delete).Policy(Root + "delete", Rules.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_75, "host", "binary");
        var (hosts, zones) = await call.Get<HostOperations>().ListAsync(call.Query["host"], call.Cancel);
        if (call.Query["binary"] is { Length: > 0 } binary && binary != HostOperations.Binary) { hosts = []; }
        return Reply.Member("services", hosts.ConvertAll(h => ServiceView.Of(call, h, zones)));
    }

    /// <summary><c>PUT /os-services/{enable|disable|disable-log-reason|force-down}</c>.</summary>
    private static async Task<Reply> Act(Call call)
    {
        var request = await call.BodyAsync<ActOnService>(null);
        var operations = call.Get<HostOperations>();
        string? status = null, reason = null;
        Action<ComputeHost> change;
        switch (call.Route("id"))
        {
            case "enable":
                status = "enabled";
                change = host => (host.Disabled, host.DisabledReason) = (false, null);
                break;
            case "disable":
                status = "disabled";
                change = host => (host.Disabled, host.DisabledReason) = (true, null);
                break;
            case "disable-log-reason":
                (status, reason) = ("disabled", request.DisabledReason ?? throw new BadRequestError("Missing disabled reason field"));
                change = host => (host.Disabled, host.DisabledReason) = (true, reason);
                break;
            case "force-down" when call.Version >= Microversions.V2_11:
                var down = request.ForcedDown ?? throw new BadRequestError("Missing forced_down field");
                change = host => host.ForcedDown = down;
                break;
            default:
                throw new NotFoundError("Unknown action");
        }
        if (request.Binary != HostOperations.Binary) { throw HostErrors.OnlyCompute(request.Binary); }
        await operations.ChangeAsync(call.Context, h => h.Name == request.Host, change, HostErrors.NotMapped(request.Host));
        return Reply.Member("service", new ServiceChanged(request.Host, request.Binary)
        {
            Status = status is null ? default(Optional<string>) : new(status),
            DisabledReason = reason is null ? default(Optional<string>) : new(reason),
            ForcedDown = status is null ? new(request.ForcedDown!.Value) : default(Optional<bool>),
        });
    }

    private static async Task<Reply> Update(Call call)
    {
        var id = call.Route("id");
        if (!NewId.IsUuidLike(id)) { throw new BadRequestError($"Invalid uuid {id}"); }
        var request = await call.BodyAsync<UpdateService>(null);
        if (request is { Status: "enabled", DisabledReason.Length: > 0 }) { throw new BadRequestError("Specifying 'disabled_reason' with status 'enabled' is invalid."); }
        if (request.Status is null && request.ForcedDown is null) { throw new BadRequestError("No updates were requested. Fields 'status' or 'forced_down' should be specified."); }
        var operations = call.Get<HostOperations>();
        var host = await operations.ChangeAsync(call.Context, h => h.ServiceId == id, found =>
        {
            if (request.Status is { } status) { (found.Disabled, found.DisabledReason) = (status == "disabled", request.DisabledReason); }
            found.ForcedDown = request.ForcedDown ?? found.ForcedDown;
        }, new NotFoundError($"Service {id} could not be found."));
        var (_, zones) = await operations.ListAsync(host.Name, call.Cancel);
        return Reply.Member("service", ServiceView.Of(call, host, zones));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var id = call.Route("id");
        if (call.Version >= Microversions.V2_53)
        {
            if (!NewId.IsUuidLike(id)) { throw new BadRequestError($"Invalid uuid {id}"); }
            await call.Get<HostOperations>().DeleteAsync(call.Context, h => h.ServiceId == id, id, call.Cancel);
            return Reply.Empty();
        }
        if (!long.TryParse(id, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number))
        {
            throw new BadRequestError("Invalid input received: id must be an integer");
        }
        await call.Get<HostOperations>().DeleteAsync(call.Context, h => h.Number == number, id, call.Cancel);
        return Reply.Empty();
    }

    private sealed record ActOnService
    {
        [RequiredField, Text(Min = 1, Max = 255, Pattern = NovaLimits.HostPattern)] public required string Host { get; init; }
        [RequiredField, Text(Min = 1, Max = 255)] public required string Binary { get; init; }
        [Text(Min = 1, Max = 255)] public string? DisabledReason { get; init; }
        [Since("2.11"), LooseBoolean] public bool? ForcedDown { get; init; }
    }

    private sealed record UpdateService
    {
        [Text(OneOf = ["enabled", "disabled"])] public string? Status { get; init; }
        [Text(Min = 1, Max = 255)] public string? DisabledReason { get; init; }
        [LooseBoolean] public bool? ForcedDown { get; init; }
    }

    private sealed record ServiceChanged(string Host, string Binary)
    {
        public Optional<string> Status { get; init; }
        public Optional<string> DisabledReason { get; init; }
        public Optional<bool> ForcedDown { get; init; }
    }

    private sealed record ServiceView(string Binary, string Host, object Id, string Zone, string Status, string State, string UpdatedAt, string? DisabledReason)
    {
        [Since("2.11")] public bool ForcedDown { get; init; }

        public static ServiceView Of(Call call, ComputeHost host, IReadOnlyDictionary<string, string> zones) => new(
            HostOperations.Binary, host.Name, call.Version >= Microversions.V2_53 ? host.ServiceId : host.Number, zones.GetValueOrDefault(host.Name, HostZones.Default),
            host.Disabled ? "disabled" : "enabled", host.IsUp(call.Context.Now) ? "up" : "down", WireTime.Micros(host.SeenAt), host.DisabledReason)
        {
            ForcedDown = host.ForcedDown,
        };
    }
}
