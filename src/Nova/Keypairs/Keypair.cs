using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.Keypairs;

/// <summary>A public key of a user (api-ref compute, "Keypairs"). It belongs to the user, not to a project; its name is unique for the user. The private key is shown once and never stored.</summary>
internal sealed class Keypair
{
    /// <summary>Shown as <c>id</c>.</summary>
    public long Number { get; set; }
    public required string UserId { get; set; }
    public required string Name { get; set; }
    /// <summary>ssh or x509.</summary>
    public required string Type { get; set; }
    public required string PublicKey { get; set; }
    /// <summary>MD5 of an SSH key, SHA-1 of a certificate, in pairs of hex digits.</summary>
    public required string Fingerprint { get; set; }
    public required DateTime CreatedAt { get; set; }

    public static void Map(ModelBuilder model) => model.Entity<Keypair>(keypair =>
    {
        keypair.ToTable("keypairs");
        keypair.HasKey(k => k.Number);
        keypair.Property(k => k.Number).ValueGeneratedOnAdd();
        keypair.HasIndex(k => new { k.UserId, k.Name }).IsUnique().HasDatabaseName("keypairs_name");
    });
}
