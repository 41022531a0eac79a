using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Regions;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.ServiceEndpoints;
using Nephos.Keystone.Services;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Bootstrap;

/// <summary>
/// What <c>keystone-manage bootstrap</c> makes: the default domain, the projects admin and service, the user admin, the roles and what they imply, admin's assignments, the region, and the catalog
/// with our own services. Once the first start is done, only the catalog is compared with the services and addresses of this start; what operators changed or deleted otherwise stays so.
/// </summary>
internal sealed class FirstStart(Store<KeystoneDb> store, CloudFacts facts, IReadOnlyList<ServiceApi> services, PasswordHasher hasher, TimeProvider clock)
{
    public const string DefaultDomain = "default";
    private static readonly string[] Interfaces = ["public", "internal", "admin"];
    /// <summary>Each implies the next.</summary>
    private static readonly string[] Chain = ["admin", "manager", "member", "reader"];

    public async Task RunAsync(CancellationToken cancel)
    {
        // In plain SQL: every start asks, and is not to wait for EF's model.
        if (!await store.AnyAsync($"SELECT 1 FROM projects WHERE id = '{DefaultDomain}'", cancel))
        {
            // Hashed outside the transaction: it takes a quarter of a second.
            var hash = await hasher.HashAsync(facts.AdminPassword);
            await store.WriteAsync(db => MakeAsync(db, hash), cancel);
        }
        if (!await IsCatalogFullAsync(cancel)) { await store.WriteAsync(FillCatalogAsync, cancel); }
    }

    private async Task<bool> IsCatalogFullAsync(CancellationToken cancel)
    {
        await using var connection = await store.OpenAsync(cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM regions";
        var regions = new HashSet<string>(StringComparer.Ordinal);
        await using (var rows = await command.ExecuteReaderAsync(cancel)) { while (await rows.ReadAsync(cancel)) { regions.Add(rows.GetString(0)); } }
        command.CommandText = "SELECT s.type, e.interface, e.own, e.url, e.region_id FROM endpoints e JOIN services s ON s.id = e.service_id";
        var known = new List<KnownEndpoint>();
        await using (var rows = await command.ExecuteReaderAsync(cancel))
        {
            while (await rows.ReadAsync(cancel))
            {
                known.Add(new(rows.GetString(0), rows.GetString(1), rows.GetBoolean(2), rows.GetString(3), await rows.IsDBNullAsync(4, cancel) ? null : rows.GetString(4)));
            }
        }
        return regions.Contains(facts.Region) && !Missing(known).Any();
    }

    private async Task MakeAsync(KeystoneDb db, string hash)
    {
        if (await db.Projects.AnyAsync(p => p.Id == DefaultDomain)) { return; } // another process was faster
        var now = clock.Now();
        db.IdentityVersions.Add(new IdentityVersion { Number = 1 });
        db.Projects.Add(new Project { Id = DefaultDomain, DomainId = Project.RootDomain, Name = "Default", Description = "The default domain", IsDomain = true });
        var project = new Project { Id = NewId.Hex(), DomainId = DefaultDomain, ParentId = DefaultDomain, Name = "admin", Description = "Bootstrap project for initializing the cloud." };
        db.Projects.AddRange(project, new Project { Id = NewId.Hex(), DomainId = DefaultDomain, ParentId = DefaultDomain, Name = "service", Description = "Of the services themselves." });
        var user = new User { Id = NewId.Hex(), DomainId = DefaultDomain, Name = "admin", CreatedAt = now };
        db.Users.Add(user);
        db.Passwords.Add(new Password { UserId = user.Id, Hash = hash, CreatedAt = now });
        var roles = Chain.Append("service").ToDictionary(name => name, name => new Role { Id = NewId.Hex(), Name = name, Options = """{"immutable":true}""" });
        db.Roles.AddRange(roles.Values);
        for (var i = 0; i + 1 < Chain.Length; i++) { db.ImpliedRoles.Add(new ImpliedRole { PriorRoleId = roles[Chain[i]].Id, ImpliedRoleId = roles[Chain[i + 1]].Id }); }
        foreach (var (type, target) in new[] { (RoleAssignment.Project, project.Id), (RoleAssignment.System, RoleAssignment.WholeSystem) })
        {
            db.RoleAssignments.Add(new RoleAssignment { ActorType = RoleAssignment.User, ActorId = user.Id, TargetType = type, TargetId = target, RoleId = roles["admin"].Id });
        }
    }

    private async Task FillCatalogAsync(KeystoneDb db)
    {
        if (!await db.Regions.AnyAsync(r => r.Id == facts.Region)) { db.Regions.Add(new Region { Id = facts.Region }); }
        var rows = await db.Services.AsTracking().ToListAsync();
        var endpoints = await db.ServiceEndpoints.AsTracking().ToListAsync();
        var known = endpoints.Join(rows, e => e.ServiceId, s => s.Id, (e, s) => new KnownEndpoint(s.Type, e.Interface, e.Own, e.Url, e.RegionId)).ToList();
        foreach (var (api, kind) in Missing(known).ToList())
        {
            var service = rows.Find(s => s.Type == api.Type);
            if (service is null)
            {
                service = new Service { Id = NewId.Hex(), Type = api.Type, Extra = JsonSerializer.Serialize(new Dictionary<string, string> { ["name"] = api.Name, ["description"] = api.Description }) };
                rows.Add(service);
                db.Services.Add(service);
            }
            if (endpoints.Find(e => e.Own && e.ServiceId == service.Id && e.Interface == kind) is { } own) { (own.Url, own.RegionId) = (Url(api), facts.Region); }
            else { db.ServiceEndpoints.Add(new ServiceEndpoint { Id = NewId.Hex(), ServiceId = service.Id, Interface = kind, RegionId = facts.Region, Url = Url(api), Own = true }); }
        }
    }

    /// <summary>Endpoints of ours that are not there, or at another address or region. One that an operator made or changed counts as there.</summary>
    private IEnumerable<(ServiceApi Api, string Interface)> Missing(List<KnownEndpoint> known) =>
        from api in services
        from kind in Interfaces
        where !known.Exists(e => e.Type == api.Type && e.Interface == kind && (!e.Own || (e.Url == Url(api) && e.RegionId == facts.Region)))
        select (api, kind);

    private sealed record KnownEndpoint(string Type, string Interface, bool Own, string Url, string? RegionId);

    private string Url(ServiceApi api) => facts.PublicUrl + api.Prefix + api.CatalogPath;
}
