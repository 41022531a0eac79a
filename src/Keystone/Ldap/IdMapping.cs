using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// The id under which an entry of a directory is known here. Upstream: <c>keystone/identity/mapping_backends</c>. It is the SHA-256 of domain, type and the entry's own id, as upstream makes it, so
/// that a cloud which moves here keeps its role assignments, and a row that was purged comes back the same.
/// </summary>
public sealed class IdMapping
{
    public const string User = "user", Group = "group";

    public required string PublicId { get; set; }
    public required string DomainId { get; set; }
    public required string LocalId { get; set; }
    /// <summary><see cref="User"/> or <see cref="Group"/>.</summary>
    public required string EntityType { get; set; }

    /// <summary>The values in the order of their names: domain_id, entity_type, local_id.</summary>
    public static string IdOf(string domainId, string entityType, string localId) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(domainId + entityType + localId)));

    /// <summary>Where the first id is somebody else's. No user id of an identity provider has a line break, since they are quoted as in URLs.</summary>
    public static string OtherIdOf(string domainId, string entityType, string localId) => IdOf(domainId, entityType, "\n" + localId);

    internal static void Map(ModelBuilder model) => model.Entity<IdMapping>(mapping =>
    {
        mapping.ToTable("id_mappings");
        mapping.HasKey(m => m.PublicId);
        mapping.HasIndex(m => new { m.DomainId, m.EntityType, m.LocalId }).IsUnique();
        mapping.HasOne<Project>().WithMany().HasForeignKey(m => m.DomainId).OnDelete(DeleteBehavior.Cascade);
    });
}
