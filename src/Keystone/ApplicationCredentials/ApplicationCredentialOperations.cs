using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.AccessRules;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;
using AccessRule = Nephos.Keystone.AccessRules.AccessRule;

namespace Nephos.Keystone.ApplicationCredentials;

/// <summary>Reads and writes of application credentials. The secret is hashed as passwords are, before the transaction.</summary>
internal sealed class ApplicationCredentialOperations(Store<KeystoneDb> store, PasswordHasher hasher, TokenInvalidation tokens, KeystoneSettings settings)
{
    public Task<CredentialRow?> FindAsync(string id) => store.ReadAsync(async db => (await RowsAsync(db, await db.ApplicationCredentials.Where(c => c.Id == id).ToListAsync())).FirstOrDefault());

    public Task<List<CredentialRow>> ListAsync(string userId, CallQuery query) =>
        store.ReadAsync(async db => await RowsAsync(db, await db.ApplicationCredentials.Where(c => c.UserId == userId).Text(query, "name", c => c.Name).OrderBy(c => c.Id).ToListAsync()));

    public async Task<(CredentialRow Row, string Secret)> CreateAsync(RequestContext context, CreateApplicationCredential request)
    {
        var who = context.Who;
        // Scope of the call is the project of the credential; upstream's policy lets no other scope through.
        if (who.ProjectId is not { } projectId) { throw Faults.Forbidden("identity:create_application_credential"); }
        var expiresAt = request.ExpiresAt is { Length: > 0 } text ? Expiry.Parse(text, context.Now) : (DateTime?)null;
        var secret = request.Secret is { Length: > 0 } given ? given : System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(64));
        var roles = await store.ReadAsync(db => RolesAsync(db, request.Roles, who));
        var credential = new ApplicationCredential
        {
            Id = NewId.Hex(),
            UserId = who.UserId,
            ProjectId = projectId,
            Name = request.Name,
            SecretHash = await hasher.HashAsync(secret),
            Description = request.Description,
            ExpiresAt = expiresAt,
            Unrestricted = request.Unrestricted,
        };
        var row = await store.WriteUniqueAsync(async db =>
        {
            if (settings.Auth.ApplicationCredentialUserLimit is >= 0 and var limit && await db.ApplicationCredentials.CountAsync(c => c.UserId == who.UserId) >= limit)
            {
                throw new ForbiddenError($"Unable to create additional application credentials, maximum of {limit} already exceeded for user.");
            }
            await EnsureAssignedAsync(db, roles, who.UserId, projectId);
            var rules = await RulesAsync(db, request.AccessRules ?? [], who.UserId);
            db.ApplicationCredentials.Add(credential);
            db.ApplicationCredentialRoles.AddRange(roles.Select(r => new ApplicationCredentialRole { CredentialId = credential.Id, RoleId = r.Id }));
            db.ApplicationCredentialRules.AddRange(rules.Select(r => new ApplicationCredentialRule { CredentialId = credential.Id, AccessRuleId = r.Id }));
            db.Record(context, "create", "application_credential", credential.Id, projectId);
            return new CredentialRow(credential, roles, rules);
        }, () => Faults.Conflict("application_credential", $"Duplicate entry found with name {request.Name}"));
        return (row, secret);
    }

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.ApplicationCredentials.Where(c => c.Id == id).ExecuteDeleteAsync() == 0) { throw NotFound(id); }
        await tokens.RecheckAsync(db, id);
        db.Record(context, "delete", "application_credential", id);
    });

    public static NotFoundError NotFound(string id) => Faults.NotFound("Application Credential", id);

    /// <summary>Those asked for and all that they imply, or those of the token. None that the token has not: it may be one of narrowed rights itself.</summary>
    private static async Task<List<Role>> RolesAsync(KeystoneDb db, IReadOnlyList<RoleReference>? given, Identity who)
    {
        var ids = who.RoleIds;
        if (given is { Count: > 0 })
        {
            var asked = await RoleReferences.FindAsync(db, given);
            ids = EffectiveRoles.Close(asked, await db.ImpliedRoles.ToListAsync());
            if (ids.Except(who.RoleIds).Any()) { throw Invalid("Cannot create an application credential with unassigned role"); }
        }
        return await db.Roles.Where(r => ids.Contains(r.Id)).OrderBy(r => r.Name).ToListAsync();
    }

    private static async Task EnsureAssignedAsync(KeystoneDb db, List<Role> roles, string userId, string projectId)
    {
        var project = await db.Projects.FirstOrDefaultAsync(p => p.Id == projectId) ?? throw Faults.NotFound("project", projectId);
        var have = await EffectiveRoles.OnProjectAsync(db, userId, project);
        if (roles.Find(role => !have.Exists(h => h.Id == role.Id)) is { } missing)
        {
            throw Invalid($"Could not find role assignment with role: {missing.Id}, user or group: {userId}, project, domain, or system: {projectId}.");
        }
    }

    /// <summary>Rules that the user has already are used again.</summary>
    private static async Task<List<AccessRule>> RulesAsync(KeystoneDb db, IReadOnlyList<GivenAccessRule> given, string userId)
    {
        if (given.Count == 0) { return []; }
        var rules = new List<AccessRule>();
        var known = await db.AccessRules.Where(r => r.UserId == userId).ToListAsync();
        foreach (var rule in given)
        {
            var found = known.Find(r => r.Id == rule.Id) ?? known.Find(r => r.Service == rule.Service && r.Path == rule.Path && r.Method == rule.Method);
            if (found is null)
            {
                if (rule.Service is null || rule.Path is null || rule.Method is null) { throw Invalid("an access rule has a service, a path and a method"); }
                if (rule.Id is not null && await db.AccessRules.AnyAsync(r => r.Id == rule.Id)) { throw Faults.NotFound("Access Rule", rule.Id); }
                found = new AccessRule { Id = rule.Id ?? NewId.Hex(), UserId = userId, Service = rule.Service, Path = rule.Path, Method = rule.Method };
                known.Add(found);
                db.AccessRules.Add(found);
            }
            if (!rules.Contains(found)) { rules.Add(found); }
        }
        return rules;
    }

    private static async Task<List<CredentialRow>> RowsAsync(KeystoneDb db, List<ApplicationCredential> credentials)
    {
        if (credentials.Count == 0) { return []; }
        var ids = credentials.ConvertAll(c => c.Id);
        var roles = (await db.ApplicationCredentialRoles.Where(r => ids.Contains(r.CredentialId)).Join(db.Roles, r => r.RoleId, r => r.Id, (link, role) => new { link.CredentialId, Role = role }).OrderBy(r => r.Role.Name).ToListAsync()).ToLookup(r => r.CredentialId, r => r.Role);
        var rules = (await db.ApplicationCredentialRules.Where(r => ids.Contains(r.CredentialId)).Join(db.AccessRules, r => r.AccessRuleId, r => r.Id, (link, rule) => new { link.CredentialId, Rule = rule }).OrderBy(r => r.Rule.Id).ToListAsync()).ToLookup(r => r.CredentialId, r => r.Rule);
        return credentials.ConvertAll(c => new CredentialRow(c, [.. roles[c.Id]], [.. rules[c.Id]]));
    }

    private static BadRequestError Invalid(string detail) => new($"Invalid application credential: {detail}");
}
