using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Nova.Quotas;

namespace Nephos.Nova.Keypairs;

/// <summary>What can be done with key pairs.</summary>
internal sealed class KeypairOperations(Store<NovaDb> store)
{
    public static ApiError NotFound(string userId, string name) => new NotFoundError($"Keypair {name} not found for user {userId}");

    /// <summary>In the order of names, after the marker.</summary>
    public Task<List<Keypair>> ListAsync(string userId, string? marker, int limit) => store.ReadAsync(async db =>
    {
        if (marker is not null && !await db.Keypairs.AnyAsync(k => k.UserId == userId && k.Name == marker)) { throw new BadRequestError($"Marker {marker} could not be found."); }
        var query = db.Keypairs.Where(k => k.UserId == userId);
        if (marker is not null) { query = query.Where(k => string.Compare(k.Name, marker) > 0); }
        return await query.OrderBy(k => k.Name).Take(limit).ToListAsync();
    });

    public Task<Keypair?> FindAsync(string userId, string name) => store.ReadAsync(db => db.Keypairs.FirstOrDefaultAsync(k => k.UserId == userId && k.Name == name));

    public Task<Keypair> CreateAsync(RequestContext context, string userId, string name, string type, string publicKey)
    {
        var fingerprint = KeyMaterial.Fingerprint(type, publicKey);
        return store.WriteAsync(async db =>
        {
            var limit = await QuotaCounts.LimitAsync(db, context.Who.ProjectId, "key_pairs");
            if (limit >= 0 && await db.Keypairs.CountAsync(k => k.UserId == userId) >= limit) { throw new OverQuotaError("Quota exceeded, too many key pairs."); }
            if (await db.Keypairs.AnyAsync(k => k.UserId == userId && k.Name == name)) { throw new ConflictError($"Key pair '{name}' already exists."); }
            var keypair = new Keypair { UserId = userId, Name = name, Type = type, PublicKey = publicKey, Fingerprint = fingerprint, CreatedAt = context.Now };
            db.Keypairs.Add(keypair);
            db.Record(context, "create", "keypair", $"{userId}/{name}");
            return keypair;
        });
    }

    public Task DeleteAsync(RequestContext context, string userId, string name) => store.WriteAsync(async db =>
    {
        if (await db.Keypairs.Where(k => k.UserId == userId && k.Name == name).ExecuteDeleteAsync() == 0) { throw NotFound(userId, name); }
        db.Record(context, "delete", "keypair", $"{userId}/{name}");
    });
}
