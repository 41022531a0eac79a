using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>Something that was good for one login and was used: a SAML assertion, the state of a browser's login. In the database, so that it is used once in all processes.</summary>
public sealed class UsedStatement
{
    /// <summary>SHA-256 of what it was.</summary>
    public required string Id { get; set; }
    /// <summary>When it would not be taken any more anyway; the row is purged then.</summary>
    public required DateTime ExpiresAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<UsedStatement>(used =>
    {
        used.ToTable("federation_used");
        used.HasKey(u => u.Id);
        used.HasIndex(u => u.ExpiresAt);
    });
}

/// <summary>Lets each statement in once, and forgets those that have run out.</summary>
internal sealed class UsedStatements(Store<KeystoneDb> store, TimeProvider clock) : IReconciler
{
    public string Name => "keystone.federation-used";
    public TimeSpan Interval => TimeSpan.FromHours(1);
    public TimeSpan Delay => TimeSpan.FromMinutes(1);

    /// <summary>401 when it was used before.</summary>
    public async Task UseAsync(string what, DateTime expiresAt)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)));
        try { await store.WriteUniqueAsync(db => { db.UsedStatements.Add(new UsedStatement { Id = id, ExpiresAt = expiresAt }); return Task.FromResult(true); }, () => Faults.Conflict("statement", "used")); }
        catch (Kernel.Errors.ConflictError) { throw Faults.Unauthorized(); }
    }

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var now = clock.Now();
        return $"{await store.WriteAsync(db => db.UsedStatements.Where(u => u.ExpiresAt < now).ExecuteDeleteAsync(cancel), cancel)} purged";
    }
}
