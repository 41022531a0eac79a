using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Trusts;

/// <summary>Reads and writes of trusts. Upstream: <c>keystone/trust/core.py</c>.</summary>
internal sealed class TrustOperations(Store<KeystoneDb> store, TokenInvalidation tokens, KeystoneSettings settings)
{
    /// <summary>404 for one that is over or used up too; 403 when the chain it hangs on does not hold any more.</summary>
    public Task<(Trust Trust, List<Role> Roles)> FindAsync(string id, DateTime now) => store.ReadAsync(async db =>
    {
        var trust = await AliveAsync(db, id, now) ?? throw Faults.NotFound("trust", id);
        await TrustChain.EnsureHoldsAsync(db, trust, now);
        return (trust, await RolesAsync(db, id));
    });

    /// <summary>All, those of a trustor, or those of a trustee; also those that are over and not purged yet.</summary>
    public Task<List<Trust>> ListAsync(string? trustor, string? trustee) => store.ReadAsync(db =>
        (!string.IsNullOrEmpty(trustor) ? db.Trusts.Where(t => t.TrustorUserId == trustor) : !string.IsNullOrEmpty(trustee) ? db.Trusts.Where(t => t.TrusteeUserId == trustee) : db.Trusts).OrderBy(t => t.Id).ToListAsync());

    public Task<(Trust Trust, List<Role> Roles)> CreateAsync(RequestContext context, CreateTrust request) => store.WriteUniqueAsync(async db =>
    {
        if (!await db.Users.AnyAsync(u => u.Id == request.TrusteeUserId)) { throw Faults.NotFound("user", request.TrusteeUserId); }
        var roleIds = await RoleReferences.FindAsync(db, request.Roles ?? []);
        await EnsureTrustorHasAsync(db, request, roleIds);
        var trust = new Trust
        {
            Id = NewId.Hex(),
            TrustorUserId = request.TrustorUserId,
            TrusteeUserId = request.TrusteeUserId,
            ProjectId = string.IsNullOrEmpty(request.ProjectId) ? null : request.ProjectId,
            Impersonation = request.Impersonation,
            ExpiresAt = request.ExpiresAt is { } text ? Expiry.Parse(text, context.Now) : null,
            RemainingUses = request.RemainingUses,
            Extra = Extra.Write(request.Extra?.Where(e => e.Key is not ("id" or "links" or "deleted_at" or "roles_links")).ToDictionary()),
        };
        await RedelegateAsync(db, context, trust, request, roleIds);
        db.Trusts.Add(trust);
        db.TrustRoles.AddRange(roleIds.Select(id => new TrustRole { TrustId = trust.Id, RoleId = id }));
        db.Record(context, "create", "OS-TRUST:trust", trust.Id, trust.ProjectId);
        return (trust, await db.Roles.Where(r => roleIds.Contains(r.Id)).OrderBy(r => r.Name).ToListAsync());
    }, () => Faults.Conflict("trust", "Duplicate entry found with these users, project, impersonation and end"));

    /// <summary>With those made from it.</summary>
    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        var all = new List<string> { id };
        for (var level = all; level.Count > 0; all.AddRange(level)) { var above = level; level = await db.Trusts.Where(t => t.RedelegatedTrustId != null && above.Contains(t.RedelegatedTrustId)).Select(t => t.Id).ToListAsync(); }
        await db.Trusts.Where(t => all.Contains(t.Id)).ExecuteDeleteAsync();
        foreach (var gone in all)
        {
            await tokens.RecheckAsync(db, gone);
            db.Record(context, "delete", "OS-TRUST:trust", gone);
        }
    });

    /// <summary>Counts a login; false when there is none left.</summary>
    public Task<bool> UseAsync(string id) => store.WriteAsync(async db =>
        await db.Trusts.Where(t => t.Id == id && t.RemainingUses > 0).ExecuteUpdateAsync(u => u.SetProperty(t => t.RemainingUses, t => t.RemainingUses - 1)) > 0 || await db.Trusts.AnyAsync(t => t.Id == id && t.RemainingUses == null));

    internal static Task<Trust?> AliveAsync(KeystoneDb db, string id, DateTime now) => db.Trusts.FirstOrDefaultAsync(t => t.Id == id && (t.ExpiresAt == null || t.ExpiresAt >= now) && (t.RemainingUses == null || t.RemainingUses > 0));

    private static Task<List<Role>> RolesAsync(KeystoneDb db, string id) => db.Roles.Where(r => db.TrustRoles.Any(t => t.TrustId == id && t.RoleId == r.Id)).OrderBy(r => r.Name).ToListAsync();

    /// <summary>Nobody hands over what they do not have; roles of domains count here.</summary>
    private static async Task EnsureTrustorHasAsync(KeystoneDb db, CreateTrust request, List<string> roleIds)
    {
        List<string> have = [];
        if (!string.IsNullOrEmpty(request.ProjectId))
        {
            var project = await db.Projects.FirstOrDefaultAsync(p => p.Id == request.ProjectId) ?? throw Faults.NotFound("project", request.ProjectId);
            have = await EffectiveRoles.IdsOnProjectAsync(db, request.TrustorUserId, project);
        }
        if (roleIds.Except(have).FirstOrDefault() is { } missing) { throw Faults.NotFound("role", missing); }
    }

    private async Task RedelegateAsync(KeystoneDb db, RequestContext context, Trust trust, CreateTrust request, List<string> roleIds)
    {
        var max = settings.Auth.MaxRedelegationCount;
        var asked = request.RedelegationCount;
        var goesOn = request.AllowRedelegation is true && asked is not { IsSet: true, Value: 0 };
        if (!goesOn) { asked = 0; }
        else
        {
            if (asked.Value > max) { throw Faults.Forbidden(); }
            if (request.RemainingUses is not null) { throw new BadRequestError("remaining_uses must not be set if redelegation is allowed"); }
        }
        // A value of null was given and stays; one that was not given follows from the chain.
        int? count = asked.IsSet ? asked.Value : max;
        if (context.Who.IsDelegated)
        {
            if (context.Who.TrustId is not { } fromId) { throw Faults.Forbidden("Redelegation allowed for delegated by trust only"); }
            var from = await AliveAsync(db, fromId, context.Now) ?? throw Faults.NotFound("trust", fromId);
            var left = from.RedelegationCount - 1;
            if (goesOn && asked.Value is > 0 && asked.Value != left) { throw Faults.Forbidden(); }
            if (!asked.IsSet) { count = left; }
            trust.RedelegatedTrustId = fromId;
            await TrustChain.EnsureFitsAsync(db, from, trust, roleIds, max, context.Now);
        }
        trust.RedelegationCount = count;
    }
}
