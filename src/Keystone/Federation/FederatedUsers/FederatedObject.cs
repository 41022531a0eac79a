using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Federation.FederatedUsers;

/// <summary>What one identity provider calls a user, as the user's <c>federated</c> has it. Upstream: <c>keystone/identity/schema.py</c>.</summary>
[AllowsUnknown]
public sealed record FederatedObject
{
    [RequiredField] public required string IdpId { get; init; }
    [RequiredField, Items(Min = 1)] public required IReadOnlyList<FederatedObjectProtocol> Protocols { get; init; }
}

[AllowsUnknown]
public sealed record FederatedObjectProtocol
{
    [RequiredField] public required string ProtocolId { get; init; }
    /// <summary>As stored: quoted as in URLs. The column holds 255 characters.</summary>
    [RequiredField, Text(Max = 255)] public required string UniqueId { get; init; }
}

/// <summary>Reads and writes of the attribute <c>federated</c>: who administers users may let one of our own come in through an identity provider. Upstream: <c>keystone/identity/core.py</c>.</summary>
internal static class FederatedObjects
{
    /// <summary>Null when no identity provider knows the user: the attribute is then left out.</summary>
    public static async Task<IReadOnlyList<FederatedObject>?> OfAsync(KeystoneDb db, string userId)
    {
        var rows = await db.FederatedUsers.Where(f => f.UserId == userId).OrderBy(f => f.Id).ToListAsync();
        return rows.Count == 0 ? null : [.. rows.GroupBy(f => f.IdpId).Select(f => new FederatedObject
        {
            IdpId = f.Key,
            Protocols = [.. f.Select(p => new FederatedObjectProtocol { ProtocolId = p.ProtocolId, UniqueId = p.UniqueId })],
        })];
    }

    /// <summary>Puts the names in place of the user's present ones. 400 for an identity provider or protocol that is not there, 409 for a name that somebody has.</summary>
    public static async Task ReplaceAsync(KeystoneDb db, User user, IReadOnlyList<FederatedObject> objects)
    {
        var rows = objects.SelectMany(o => o.Protocols, (o, p) => new FederatedUser { UserId = user.Id, IdpId = o.IdpId, ProtocolId = p.ProtocolId, UniqueId = p.UniqueId, DisplayName = user.Name }).ToList();
        var wanted = objects.Select(o => o.IdpId).ToList();
        var providers = await db.IdentityProviders.Where(p => wanted.Contains(p.Id)).Select(p => p.Id).ToListAsync();
        if (wanted.Find(id => !providers.Contains(id)) is { } missing) { throw new BadRequestError($"Could not find Identity Provider: {missing}"); }
        var protocols = (await db.FederationProtocols.Where(p => wanted.Contains(p.IdpId)).Select(p => new { p.IdpId, p.Id }).ToListAsync()).ConvertAll(p => (p.IdpId, p.Id));
        if (rows.Find(r => !protocols.Contains((r.IdpId, r.ProtocolId))) is { } row) { throw new BadRequestError($"Could not find federated protocol {row.ProtocolId} for Identity Provider: {row.IdpId}."); }
        await db.FederatedUsers.Where(f => f.UserId == user.Id).ExecuteDeleteAsync();
        foreach (var one in rows)
        {
            if (await db.FederatedUsers.AnyAsync(f => f.IdpId == one.IdpId && f.ProtocolId == one.ProtocolId && f.UniqueId == one.UniqueId)) { throw ShadowUsers.Duplicate(); }
            db.FederatedUsers.Add(one);
            await db.SaveChangesAsync(); // the same name twice in one request is found, too
        }
    }
}
