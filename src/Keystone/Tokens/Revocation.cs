using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// Tokens issued up to <see cref="IssuedBefore"/> that name the id are dead. One row per thing, moved forward by later revocations. Upstream keeps one event
/// per call and compares every token with every event; by key it is one indexed look.
/// <para>Only what cannot be seen in today's rows is written here: a user who was disabled and enabled again, a changed password, a deleted token. A removed
/// role needs no row, since roles are looked up anew.</para>
/// </summary>
public sealed class Revocation
{
    public const string User = "user", Project = "project", Domain = "domain", Audit = "audit", Chain = "chain", Trust = "trust", ApplicationCredential = "application_credential";

    public required string Id { get; set; }
    public required string Kind { get; set; }
    /// <summary>Whole seconds, as a Fernet token's time of issue.</summary>
    public required DateTime IssuedBefore { get; set; }
    /// <summary>No token that it could concern lives longer; the row is purged then.</summary>
    public required DateTime PurgeAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<Revocation>(revocation =>
    {
        revocation.ToTable("revocations");
        revocation.HasKey(r => new { r.Id, r.Kind });
        revocation.HasIndex(r => r.PurgeAt);
    });
}

/// <summary>The single row whose number grows with every change that can alter what a token is worth; tells other processes that their cached tokens are old.</summary>
public sealed class IdentityVersion
{
    public int Id { get; set; } = 1;
    public long Number { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<IdentityVersion>(version =>
    {
        version.ToTable("identity_version");
        version.HasKey(v => v.Id);
        version.Property(v => v.Id).ValueGeneratedNever();
    });
}
