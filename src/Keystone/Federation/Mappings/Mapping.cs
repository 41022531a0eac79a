using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Federation.Mappings;

/// <summary>Rules by which an assertion becomes a user, groups and projects of ours. Upstream: identity api-ref, OS-FEDERATION, "Mappings". What the rules do is in <see cref="MappingEngine"/>.</summary>
public sealed class Mapping
{
    public required string Id { get; set; }
    /// <summary>JSON array, as the client gave it.</summary>
    public required string Rules { get; set; }
    /// <summary><c>1.0</c>, <c>2.0</c> or <c>3.0</c>.</summary>
    public required string SchemaVersion { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<Mapping>(mapping =>
    {
        mapping.ToTable("mappings");
        mapping.HasKey(m => m.Id);
    });
}
