using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Nova;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.ServerExternalEvents;

/// <summary>
/// What other services tell of a server's parts (api-ref compute, "Create external events"). Our Neutron says it in process (<see cref="IServerEvents"/>); this is the same for others. Events of the
/// network make the server's network be read anew, whatever exactly they say; those of volumes, accelerators and power tell this cloud nothing that it does not observe by itself.
/// </summary>
internal static class ExternalEventEndpoints
{
    private static readonly (string Name, ApiVersion Since)[] Names =
    [
        ("network-changed", Microversions.Min), ("network-vif-plugged", Microversions.Min), ("network-vif-unplugged", Microversions.Min), ("network-vif-deleted", Microversions.Min),
        ("volume-extended", Microversions.V2_51), ("power-update", new(2, 76)), ("accelerator-request-bound", new(2, 82)), ("volume-reimaged", new(2, 93)),
    ];

    /// <summary>Without a tag nobody knows which part they are about.</summary>
    private static readonly string[] NeedTags = ["volume-extended", "power-update", "accelerator-request-bound"];

    public static void Map(ResourceGroup events) => events.Post("", Create).PolicyOnRow("os_compute_api:os-server-external-events:create", Rules.ServiceOrAdmin);

    private static async Task<Reply> Create(Call call)
    {
        var events = (await call.BodyAsync<EventsBody>(null)).Events;
        Check(call, events);
        call.Enforce(call.Endpoint.PolicyName!, new Dictionary<string, object?>(StringComparer.Ordinal));
        var ids = events.Select(e => e.ServerUuid).Distinct(StringComparer.Ordinal).ToArray();
        var hosts = await call.Get<Store<NovaDb>>().ReadAsync(
            db => db.Servers.Where(s => ids.Contains(s.Id) && !s.Deleted).Select(s => new { s.Id, s.Host }).ToDictionaryAsync(s => s.Id, s => s.Host, StringComparer.Ordinal, call.Cancel), call.Cancel);
        var answers = events.Select(e => Answer(e, hosts)).ToList();
        var network = answers.Where(a => a.Code == 200 && a.Name.StartsWith("network-", StringComparison.Ordinal)).ToList();
        foreach (var gone in network.Where(a => a is { Name: "network-vif-deleted", Tag: not null })) { await call.Get<IServerEvents>().PortDeletedAsync(gone.ServerUuid, gone.Tag!, call.Cancel); }
        var changed = network.Where(a => a.Name != "network-vif-deleted").Select(a => a.ServerUuid).Distinct(StringComparer.Ordinal).ToList();
        if (changed.Count > 0) { await call.Get<IServerEvents>().NetworkChangedAsync(changed, call.Cancel); }
        return Reply.Member("events", answers, answers.TrueForAll(a => a.Code == 200) ? 200 : 207);
    }

    private static EventView Answer(ExternalEvent asked, Dictionary<string, string?> hosts)
    {
        var known = hosts.TryGetValue(asked.ServerUuid, out var host);
        var code = !known ? 404 : asked.Tag is null && NeedTags.Contains(asked.Name) ? 400 : host is null ? 422 : 200;
        return new EventView(asked.Name, asked.ServerUuid, code == 200 ? "completed" : "failed", code) { Tag = asked.Tag };
    }

    /// <summary>Names have come with versions.</summary>
    private static void Check(Call call, List<ExternalEvent> events)
    {
        var known = Names.Where(n => call.Version >= n.Since).Select(n => n.Name).ToList();
        for (var i = 0; i < events.Count; i++)
        {
            if (!known.Contains(events[i].Name))
            {
                throw call.Endpoint.Api.Errors.Invalid([new WireFault(WireFaultKind.OneOf, ["events", i.ToString(System.Globalization.CultureInfo.InvariantCulture), "name"], $"'{events[i].Name}'", string.Join(", ", known.Select(n => $"'{n}'")))]);
            }
        }
    }

    private sealed record EventsBody
    {
        [RequiredField, Items(Min = 1)] public required List<ExternalEvent> Events { get; init; }
    }

    internal sealed record ExternalEvent
    {
        [RequiredField, Text] public required string Name { get; init; }
        [RequiredField, Text(Format = "uuid")] public required string ServerUuid { get; init; }
        [Text(OneOf = ["failed", "completed", "in-progress"])] public string? Status { get; init; }
        [Text(Max = 255)] public string? Tag { get; init; }
    }

    private sealed record EventView(string Name, string ServerUuid, string Status, int Code)
    {
        [OmitNull] public string? Tag { get; init; }
    }
}
