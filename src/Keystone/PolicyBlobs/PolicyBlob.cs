using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.PolicyBlobs;

/// <summary>A text with policies that a service may fetch. Upstream: identity api-ref, "Policies" (deprecated there). Nothing in the cloud reads it; its own policies are files.</summary>
public sealed class PolicyBlob
{
    public required string Id { get; set; }
    public required string Type { get; set; }
    /// <summary>A text, or any other JSON value that was given: as JSON.</summary>
    public required string Blob { get; set; }
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model) => model.Entity<PolicyBlob>(policy =>
    {
        policy.ToTable("policies");
        policy.HasKey(p => p.Id);
        policy.HasIndex(p => p.Type);
    });
}
