using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Roles;

/// <summary>Roles and what they imply.</summary>
internal sealed class RoleOperations(Store<KeystoneDb> store, TokenInvalidation tokens, KeystoneSettings settings)
{
    public Task<Role?> FindAsync(string id) => store.ReadAsync(db => db.Roles.FirstOrDefaultAsync(r => r.Id == id));

    /// <summary>Without <c>domain_id</c> only the cloud's own roles.</summary>
    public Task<ListPage<Role>> ListAsync(CallQuery query) => store.ReadAsync(db =>
    {
        var domain = string.IsNullOrEmpty(query["domain_id"]) ? Role.NoDomain : query["domain_id"]!;
        return db.Roles.Where(r => r.DomainId == domain).Text(query, "name", r => r.Name).PageAsync(query, settings, r => r.Id, r => r.Name);
    });

    public async Task<Role> CreateAsync(RequestContext context, CreateRole request)
    {
        var role = new Role
        {
            Id = NewId.Hex(),
            Name = request.Name.Trim(),
            DomainId = request.DomainId ?? Role.NoDomain,
            Description = request.Description,
            Options = Options.Merge(Extra.None, request.Options?.Given()),
            Extra = Extra.Write(WithoutOurs(request.Extra)),
        };
        return await store.WriteUniqueAsync(async db =>
        {
            if (request.DomainId is { } domain && !await db.Projects.AnyAsync(p => p.Id == domain && p.IsDomain)) { throw Faults.NotFound("domain", domain); }
            db.Roles.Add(role);
            db.Record(context, "create", "role", role.Id);
            return role;
        }, () => NameConflict(role));
    }

    public Task<Role> UpdateAsync(RequestContext context, Role seen, UpdateRole request)
    {
        Options.EnsureMutable(seen.Options, request.Options?.Given(), request.ChangesMore, "role", seen.Id);
        if (request.Extra is { } extra)
        {
            if (extra.TryGetValue("id", out var id) && id.ToString() != seen.Id) { throw new BadRequestError("Cannot change ID"); }
            if (extra.TryGetValue("domain_id", out var domain) && (domain.ValueKind == JsonValueKind.Null ? Role.NoDomain : domain.ToString()) != seen.DomainId) { throw new BadRequestError("Update of `domain_id` is not allowed."); }
        }
        return store.WriteUniqueAsync(async db =>
        {
            var role = await db.Roles.AsTracking().FirstOrDefaultAsync(r => r.Id == seen.Id) ?? throw Faults.NotFound("role", seen.Id);
            if (request.Name is { } name && name != role.Name)
            {
                role.Name = name.Trim();
                await tokens.RecheckAllAsync(db); // tokens show the name, and policies ask for it
            }
            if (request.Description.IsSet) { role.Description = request.Description.Value; }
            role.Options = Options.Merge(role.Options, request.Options?.Given());
            role.Extra = Extra.Merge(role.Extra, WithoutOurs(request.Extra));
            db.Record(context, "update", "role", role.Id);
            return role;
        }, () => NameConflict(new Role { Id = seen.Id, Name = request.Name ?? seen.Name, DomainId = seen.DomainId }));
    }

    /// <summary>With its assignments and rules (the tables' foreign keys cascade).</summary>
    public Task DeleteAsync(RequestContext context, Role seen) => store.WriteAsync(async db =>
    {
        Options.EnsureDeletable(seen.Options, "role", seen.Id);
        await Dependents.OfRoleAsync(db, seen.Id);
        if (await db.Roles.Where(r => r.Id == seen.Id).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("role", seen.Id); }
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "role", seen.Id);
    });

    public Task<List<Role>> ImpliedAsync(string priorId) => store.ReadAsync(db => db.Roles.Where(r => db.ImpliedRoles.Any(i => i.PriorRoleId == priorId && i.ImpliedRoleId == r.Id)).OrderBy(r => r.Id).ToListAsync());

    public Task<bool> ImpliesAsync(string priorId, string impliedId) => store.ReadAsync(db => db.ImpliedRoles.AnyAsync(i => i.PriorRoleId == priorId && i.ImpliedRoleId == impliedId));

    /// <summary>All rules, by the role that implies.</summary>
    public Task<List<(Role Prior, List<Role> Implied)>> RulesAsync() => store.ReadAsync(async db =>
    {
        var rules = await db.ImpliedRoles.OrderBy(i => i.PriorRoleId).ThenBy(i => i.ImpliedRoleId).ToListAsync();
        var ids = rules.SelectMany(r => new[] { r.PriorRoleId, r.ImpliedRoleId }).Distinct().ToList();
        var roles = await db.Roles.Where(r => ids.Contains(r.Id)).ToDictionaryAsync(r => r.Id);
        return rules.GroupBy(r => r.PriorRoleId).Select(g => (roles[g.Key], g.Select(r => roles[r.ImpliedRoleId]).ToList())).ToList();
    });

    public Task ImplyAsync(RequestContext context, Role prior, Role implied)
    {
        // Else the admin of a domain could imply themselves the admin of the cloud.
        if (implied.Name == "admin") { throw new ForbiddenError($"{implied.Id} cannot be an implied roles."); }
        if (prior.DomainId == Role.NoDomain && implied.DomainId != Role.NoDomain) { throw new ForbiddenError($"{implied.Id} cannot be an implied roles."); }
        return store.WriteAsync(async db =>
        {
            if (await db.ImpliedRoles.AnyAsync(i => i.PriorRoleId == prior.Id && i.ImpliedRoleId == implied.Id)) { throw Faults.Conflict("implied_role", "Duplicate entry"); }
            db.ImpliedRoles.Add(new ImpliedRole { PriorRoleId = prior.Id, ImpliedRoleId = implied.Id });
            await tokens.RecheckAllAsync(db);
            db.Record(context, "imply", "role", prior.Id);
        });
    }

    public Task UnimplyAsync(RequestContext context, string priorId, string impliedId) => store.WriteAsync(async db =>
    {
        if (await db.ImpliedRoles.Where(i => i.PriorRoleId == priorId && i.ImpliedRoleId == impliedId).ExecuteDeleteAsync() == 0) { throw NoRule(priorId, impliedId); }
        await tokens.RecheckAllAsync(db);
        db.Record(context, "unimply", "role", priorId);
    });

    public static NotFoundError NoRule(string priorId, string impliedId) => new($"{priorId} does not imply {impliedId}.");

    private static Dictionary<string, JsonElement>? WithoutOurs(Dictionary<string, JsonElement>? extra) => extra?.Where(e => e.Key is not ("id" or "links" or "domain_id")).ToDictionary(e => e.Key, e => e.Value);

    private static ConflictError NameConflict(Role role) => role.DomainId == Role.NoDomain
        ? Faults.Duplicate("role", "name", role.Name)
        : Faults.Conflict("role", $"Duplicate entry found with name {role.Name} at domain ID {role.DomainId}");
}
