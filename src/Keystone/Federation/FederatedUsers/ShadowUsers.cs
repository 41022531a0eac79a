using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Keystone.Federation.IdentityProviders;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Federation.FederatedUsers;

/// <summary>A user as an identity provider's assertion has it, with all that was looked up.</summary>
/// <param name="UniqueId">Quoted, as it is stored.</param>
internal sealed record ShadowUser(string UniqueId, string Name, string DomainId, string? Email);

/// <summary>Makes and keeps the rows of users who come through federation. Upstream: <c>shadow_federated_user</c> in <c>keystone/identity/core.py</c>.</summary>
internal sealed class ShadowUsers(Store<KeystoneDb> store, TokenInvalidation tokens, FederationSettings settings)
{
    /// <summary>
    /// Upstream's public id: SHA-256 over domain, kind and local id (<c>keystone/identity/id_generators/sha256.py</c>), so that the same person has the same id in every cloud that shares the domain.
    /// </summary>
    public static string IdOf(string domainId, string uniqueId) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(domainId + "user" + uniqueId)));

    /// <summary>
    /// The user's id; made when first seen, else with the name, the address and the groups as they are today. When the groups differ from those of the last login, the user's older tokens end,
    /// since they carry them.
    /// </summary>
    public async Task<string> SeenAsync(RequestContext context, IdentityProvider provider, string protocolId, ShadowUser user, IReadOnlyList<string> groupIds)
    {
        try { return await WriteAsync(context, provider, protocolId, user, groupIds); }
        catch (Kernel.Errors.ConflictError)
        {
            // Two first logins at once: whoever was second finds the user now.
            if (!await store.ReadAsync(db => Row(db, provider.Id, protocolId, user.UniqueId).AnyAsync())) { throw; }
            return await WriteAsync(context, provider, protocolId, user, groupIds);
        }
    }

    private Task<string> WriteAsync(RequestContext context, IdentityProvider provider, string protocolId, ShadowUser user, IReadOnlyList<string> groupIds) => store.WriteUniqueAsync(async db =>
    {
        var known = await Row(db, provider.Id, protocolId, user.UniqueId).AsTracking().FirstOrDefaultAsync();
        if (known is null) { known = await CreateAsync(context, db, provider, protocolId, user); }
        else
        {
            var row = await db.Users.AsTracking().FirstAsync(u => u.Id == known.UserId);
            if (known.DisplayName != user.Name)
            {
                known.DisplayName = user.Name;
                // A user of our own who may also come this way keeps the name.
                if (row.IdpId is not null) { row.Name = user.Name; }
                await tokens.RecheckAsync(db, row.Id);
            }
            row.LastActiveAt = context.Now.Date;
            if (user.Email is { } email) { row.Extra = Extra.Merge(row.Extra, new Dictionary<string, JsonElement> { ["email"] = JsonSerializer.SerializeToElement(email) }); }
            if (await SetGroupsAsync(context, db, provider, row.Id, groupIds)) { await tokens.RevokeAsync(db, Revocation.User, row.Id, context.Now); }
            return row.Id;
        }
        await SetGroupsAsync(context, db, provider, known.UserId, groupIds);
        return known.UserId;
    }, Duplicate);

    public static Kernel.Errors.ConflictError Duplicate() => Faults.Conflict("federated_user", "Duplicate entry");

    private static IQueryable<FederatedUser> Row(KeystoneDb db, string idpId, string protocolId, string uniqueId) =>
        db.FederatedUsers.Where(f => f.IdpId == idpId && f.ProtocolId == protocolId && f.UniqueId == uniqueId);

    private static async Task<FederatedUser> CreateAsync(RequestContext context, KeystoneDb db, IdentityProvider provider, string protocolId, ShadowUser user)
    {
        var id = IdOf(user.DomainId, user.UniqueId);
        // Whoever has the same name with another provider or protocol, or in the domain's directory, may be somebody else: what a protocol's mapping makes the name of is not known here.
        if (await db.Users.AnyAsync(u => u.Id == id)) { throw Duplicate(); }
        var extra = user.Email is { } email ? Extra.Write(new Dictionary<string, JsonElement> { ["email"] = JsonSerializer.SerializeToElement(email) }) : Extra.None;
        db.Users.Add(new User { Id = id, DomainId = user.DomainId, Name = user.Name, IdpId = provider.Id, Extra = extra, CreatedAt = context.Now, LastActiveAt = context.Now.Date });
        db.Record(context, "create", "user", id);
        var federated = new FederatedUser { UserId = id, IdpId = provider.Id, ProtocolId = protocolId, UniqueId = user.UniqueId, DisplayName = user.Name };
        db.FederatedUsers.Add(federated);
        await db.SaveChangesAsync(); // memberships refer to the user
        return federated;
    }

    /// <summary>True when they are others than before.</summary>
    private async Task<bool> SetGroupsAsync(RequestContext context, KeystoneDb db, IdentityProvider provider, string userId, IReadOnlyList<string> groupIds)
    {
        var before = await db.ExpiringMemberships.AsTracking().Where(m => m.UserId == userId && m.IdpId == provider.Id).ToListAsync();
        var active = settings.TtlOf(provider) > TimeSpan.Zero;
        var gone = before.Where(m => !groupIds.Contains(m.GroupId)).ToList();
        db.ExpiringMemberships.RemoveRange(gone);
        foreach (var membership in before.Except(gone)) { (membership.LastVerified, membership.Active) = (context.Now, active); }
        var fresh = groupIds.Except(before.Select(m => m.GroupId), StringComparer.Ordinal).ToList();
        db.ExpiringMemberships.AddRange(fresh.Select(id => new ExpiringMembership { UserId = userId, GroupId = id, IdpId = provider.Id, LastVerified = context.Now, Active = active }));
        return gone.Count + fresh.Count > 0;
    }

    /// <summary>Takes identity providers' names away; users who came only through them go with all that is theirs. The caller ends their tokens.</summary>
    public static async Task DropAsync(KeystoneDb db, IQueryable<FederatedUser> rows)
    {
        var users = await rows.Select(f => f.UserId).Distinct().ToListAsync();
        await rows.ExecuteDeleteAsync();
        foreach (var some in users.Chunk(500))
        {
            var orphans = await db.Users.Where(u => some.Contains(u.Id) && u.IdpId != null && !db.FederatedUsers.Any(f => f.UserId == u.Id)).Select(u => u.Id).ToListAsync();
            await Dependents.OfUsersAsync(db, db.Users.Where(u => orphans.Contains(u.Id)).Select(u => u.Id));
            await db.RoleAssignments.Where(a => orphans.Contains(a.ActorId) && a.ActorType == RoleAssignment.User).ExecuteDeleteAsync();
            await db.Users.Where(u => orphans.Contains(u.Id)).ExecuteDeleteAsync();
        }
    }
}
