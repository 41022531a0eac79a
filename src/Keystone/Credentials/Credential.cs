using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Credentials;

/// <summary>
/// A secret that Keystone keeps for a user: EC2 keys, TOTP secrets, certificates, anything. Upstream: identity api-ref, "Credentials".
/// <list type="bullet">
/// <item>The blob is encrypted at rest (<see cref="CredentialKeys"/>).</item>
/// <item>The id of an <c>ec2</c> credential is the SHA-256 of its access key, so that a signed request finds it.</item>
/// </list>
/// </summary>
public sealed class Credential
{
    public required string Id { get; set; }
    /// <summary>No foreign key: the user may be of a directory.</summary>
    public required string UserId { get; set; }
    public string? ProjectId { get; set; }
    public required string Type { get; set; }
    public required string EncryptedBlob { get; set; }
    /// <summary>SHA-1 of the key that encrypted it.</summary>
    public required string KeyHash { get; set; }
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model) => model.Entity<Credential>(credential =>
    {
        credential.ToTable("credentials");
        credential.HasKey(c => c.Id);
        credential.HasIndex(c => new { c.UserId, c.Type });
        credential.HasIndex(c => c.ProjectId);
        credential.HasIndex(c => c.KeyHash);
    });
}
