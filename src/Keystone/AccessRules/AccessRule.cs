using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.AccessRules;

/// <summary>A call that application credentials of a user may be limited to. Upstream: identity api-ref, "Application credentials", access rules. One row for equal rules of a user.</summary>
public sealed class AccessRule
{
    public required string Id { get; set; }
    public required string UserId { get; set; }
    public required string Service { get; set; }
    public required string Path { get; set; }
    public required string Method { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<AccessRule>(rule =>
    {
        rule.ToTable("access_rules");
        rule.HasKey(r => r.Id);
        rule.HasIndex(r => new { r.UserId, r.Service, r.Path, r.Method }).IsUnique();
    });
}
