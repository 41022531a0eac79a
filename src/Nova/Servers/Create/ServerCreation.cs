using System.Globalization;
using System.Text.Json;
using Nephos.Contracts.Glance;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Flavors;
using Nephos.Nova.Hosts;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Keypairs;
using Nephos.Nova.Quotas;
using Nephos.Nova.Servers.Build;
using Nephos.Nova.ServerGroups;

namespace Nephos.Nova.Servers.Create;

internal sealed record CreatedServers(Server First, string ReservationId, string Password);

/// <summary>
/// Creates servers: everything that can be known to be wrong is refused before anything is written, then one transaction counts the quota, inserts all rows and
/// starts a build each (<see cref="BuildServerSaga"/>).
/// </summary>
internal sealed class ServerCreation(
    Store<NovaDb> store, SagaEngine<NovaDb> sagas, BuildServerSaga building, FlavorOperations flavors, KeypairOperations keypairs, BootSource boot, NicRequests nics, ISecurityGroups groups)
{
    public async Task<CreatedServers> CreateAsync(Call call, CreateServer request, JsonElement? hints)
    {
        var context = call.Context;
        var projectId = context.ProjectId;
        var (min, max) = (request.MinCount ?? 1, request.MaxCount ?? request.MinCount ?? 1);
        if (min > max) { throw new BadRequestError("min_count must be <= max_count"); }
        ServerNames.CheckHostname(request.Hostname, call.Version, call.Endpoint.Api.Errors);
        if (request.Hostname is not null && max > 1) { throw new BadRequestError("Unable to allocate a single hostname to multiple instances"); }
        CheckUserData(call, request.UserData);
        if (request.TrustedImageCertificates is not null) { call.EnforceProject("os_compute_api:servers:create:trusted_certs", projectId); }
        var (zone, host) = await PlaceAsync(call, request);
        if (request.BlockDeviceMapping is { Count: > 0 } || request.BlockDeviceMappingV2 is { Count: > 0 }) { call.EnforceProject("os_compute_api:servers:create:attach_volume", projectId); }
        var image = await boot.ResolveAsync(call, request);
        var flavorId = request.FlavorRef.Split('/')[^1];
        var flavor = await flavors.FindAsync(context, flavorId) ?? throw new BadRequestError($"Flavor {flavorId} could not be found.");
        BootSource.Check(call, image, flavor);
        var key = request.KeyName is null ? null : await keypairs.FindAsync(context.UserId, request.KeyName) ?? throw new BadRequestError("Invalid key_name provided.");
        var wanted = await nics.ResolveAsync(call, request.Networks, projectId, max);
        var groupIds = await GroupsAsync(call, request, projectId);
        var draft = new Draft(request, image, flavor, key, zone, host, wanted, groupIds, hints?.GetRawText(), call.Version >= Microversions.V2_19);
        var reservation = ServerNames.Reservation();
        var first = await store.WriteAsync(db => InsertAsync(db, context, draft, reservation, min, max));
        return new CreatedServers(first, reservation, request.AdminPass ?? ServerNames.Password());
    }

    private sealed record Draft(
        CreateServer Request, ImageFacts Image, Flavor Flavor, Keypair? Key, string? Zone, string? Host, List<NicWanted> Nics, List<string>? GroupIds, string? Hints, bool OwnDescription);

    private async Task<Server> InsertAsync(NovaDb db, RequestContext context, Draft draft, string reservation, int min, int max)
    {
        await CheckLimitsAsync(db, context.ProjectId, draft.Request);
        var count = await ServerQuota.FitAsync(db, context.ProjectId, context.UserId, draft.Flavor, min, max);
        var group = await GroupPlacement.JoinAsync(db, context.ProjectId, draft.Hints, count);
        Server? first = null;
        for (var i = 0; i < count; i++)
        {
            var server = RowOf(context, draft, reservation, i, max);
            first ??= server;
            db.Servers.Add(server);
            if (group is not null) { db.ServerGroupMembers.Add(new ServerGroupMember { ServerId = server.Id, GroupNumber = group.Number }); }
            foreach (var tag in (draft.Request.Tags ?? []).Distinct(StringComparer.Ordinal)) { db.ServerTags.Add(new ServerTag { ServerId = server.Id, Tag = tag }); }
            InstanceAction.Begin(db, context, server.Id, "create", "compute__do_build_and_run_instance", null, context.Now);
            db.Record(context, "create", "server", server.Id);
            await sagas.StartAsync(db, building, new BuildServer(server.Id, draft.Zone, draft.Host, draft.GroupIds), server.Resource, context, isNew: true);
        }
        return first!;
    }

    private static Server RowOf(RequestContext context, Draft draft, string reservation, int index, int of)
    {
        var (request, flavor, id) = (draft.Request, draft.Flavor, NewId.Uuid());
        var name = of > 1 ? string.Create(CultureInfo.InvariantCulture, $"{request.Name.Trim()}-{index + 1}") : request.Name.Trim();
        return new Server
        {
            Id = id,
            ProjectId = context.ProjectId,
            UserId = context.UserId,
            Name = name,
            Description = draft.OwnDescription ? request.Description.Or(null) : request.Name.Trim(),
            Hostname = request.Hostname ?? ServerNames.HostnameOf(name, id),
            ReservationId = reservation,
            LaunchIndex = index,
            ImageId = draft.Image.Id,
            ImageFormat = draft.Image.DiskFormat ?? "raw",
            ImageProperties = new Dictionary<string, string>(draft.Image.Properties, StringComparer.Ordinal),
            KeyName = draft.Key?.Name,
            Key = draft.Key is { } key ? new KeyCopy(key.Name, key.Type, key.PublicKey) : null,
            FlavorId = flavor.Id,
            Flavor = FlavorCopy.Of(flavor),
            Vcpus = flavor.Vcpus,
            RamMib = flavor.RamMib,
            DiskGib = flavor.RootGib + flavor.EphemeralGib,
            VmState = VmStates.Building,
            TaskState = TaskStates.Scheduling,
            PinnedZone = draft.Zone,
            AccessIpV4 = ServerOperations.Canonical(request.AccessIpV4),
            AccessIpV6 = ServerOperations.Canonical(request.AccessIpV6),
            UserData = request.UserData,
            ConfigDrive = request.ConfigDrive ?? draft.Image.Properties.GetValueOrDefault("img_config_drive") == "mandatory",
            AutoDiskConfig = (request.DiskConfig ?? (WireBoolean.Parse(draft.Image.Properties.GetValueOrDefault("auto_disk_config")) == true ? "AUTO" : "MANUAL")) == "AUTO",
            Metadata = request.Metadata ?? [],
            Nics = [.. draft.Nics.Select(n => n.ToNic())],
            Files = request.Personality is { Count: > 0 } files ? [.. files.Select(f => new InjectedFile(f.Path, f.Contents))] : null,
            SchedulerHints = draft.Hints,
            TrustedCertificates = request.TrustedImageCertificates,
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
    }

    private static async Task CheckLimitsAsync(NovaDb db, string projectId, CreateServer request)
    {
        if (request.Metadata is null && request.Personality is null) { return; }
        var limits = await QuotaCounts.LimitsAsync(db, projectId);
        bool Over(string resource, long amount) => limits[resource] >= 0 && amount > limits[resource];
        if (Over("metadata_items", request.Metadata?.Count ?? 0)) { throw new OverQuotaError($"Maximum number of metadata items exceeds {limits["metadata_items"]}"); }
        if (request.Personality is not { } files) { return; }
        if (Over("injected_files", files.Count)) { throw new OverQuotaError("Quota exceeded, too many injected files"); }
        foreach (var file in files)
        {
            if (Over("injected_file_path_bytes", System.Text.Encoding.UTF8.GetByteCount(file.Path))) { throw new OverQuotaError("Personality file path exceeds maximum"); }
            if (!IsBase64(file.Contents, out var bytes)) { throw new BadRequestError($"Invalid input for field/attribute contents. Value: {file.Contents}. '{file.Contents}' is not a 'base64'"); }
            if (Over("injected_file_content_bytes", bytes)) { throw new OverQuotaError("Personality file content exceeds maximum"); }
        }
    }

    private static void CheckUserData(Call call, string? data)
    {
        if (data is not null && !IsBase64(data, out _)) { throw call.Endpoint.Api.Errors.Invalid([new WireFault(WireFaultKind.Format, ["server", "user_data"], $"'{data}'", "base64")]); }
    }

    private static bool IsBase64(string text, out int bytes)
    {
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text, buffer, out bytes);
    }

    /// <summary>Zone and host: <c>zone</c>, <c>zone:host</c> and <c>zone:host:node</c> of an admin, or <c>host</c> since 2.74 (<c>compute/api.py</c>, parse_availability_zone).</summary>
    private async Task<(string? Zone, string? Host)> PlaceAsync(Call call, CreateServer request)
    {
        var projectId = call.Context.Who.ProjectId;
        var parts = (request.AvailabilityZone ?? "").Split(':');
        if (parts.Length > 3) { throw new BadRequestError("Invalid input received: Unable to parse availability_zone"); }
        var zone = parts[0].Length > 0 ? parts[0] : null;
        var forced = parts.Skip(1).FirstOrDefault(p => p.Length > 0);
        if (forced is not null) { call.EnforceProject("os_compute_api:servers:create:forced_host", projectId); }
        if (request.Host is not null || request.HypervisorHostname is not null)
        {
            call.EnforceProject("compute:servers:create:requested_destination", projectId);
            if (forced is not null)
            {
                throw new BadRequestError("One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are mutually exclusive.");
            }
        }
        var asked = forced ?? request.Host ?? request.HypervisorHostname;
        if (zone is null && asked is null) { return (null, null); }
        var (zones, up) = await store.ReadAsync(async db => (await HostZones.AllAsync(db), (await ServerQueries.HostStatusesAsync(db, call.Context.Now)).Where(h => h.Value == "UP").Select(h => h.Key).ToHashSet(StringComparer.Ordinal)));
        if (asked is not null && forced is null && !zones.ContainsKey(asked)) { throw new BadRequestError($"Compute host {asked} could not be found."); }
        if (forced is not null) { return (zone is not null && zones.GetValueOrDefault(forced) == zone ? zone : null, forced); }
        if (zone is not null && !zones.Any(z => z.Value == zone && up.Contains(z.Key))) { throw new BadRequestError("The requested availability zone is not available"); }
        return (zone, asked);
    }

    private async Task<List<string>?> GroupsAsync(Call call, CreateServer request, string projectId)
    {
        var names = request.SecurityGroups?.Select(g => g.Name).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (names is null or { Count: 0 } or ["default"]) { return null; }
        var known = await groups.OfProjectAsync(call.Context, projectId, call.Cancel);
        return [.. names.Select(n => SecurityGroupNames.Find(known, n, projectId, status: 400))];
    }
}

/// <summary>A security group by id or name among a project's.</summary>
internal static class SecurityGroupNames
{
    public static string Find(IReadOnlyList<SecurityGroupFacts> known, string name, string projectId, int status)
    {
        if (known.FirstOrDefault(g => g.Id == name) is { } byId) { return byId.Id; }
        var found = known.Where(g => g.Name == name).ToList();
        return found.Count switch
        {
            1 => found[0].Id,
            // Upstream's words for an action differ from those for a create.
            0 when status == 404 => throw new NotFoundError($"Security group {name} is not found for project {projectId}"),
            0 => throw new ApiError(status, $"Security group {name} not found for project {projectId}."),
            _ => throw new ConflictError($"Multiple security groups found matching '{name}'. Use an ID to be more specific."),
        };
    }
}
