using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.PolicyBlobs;

namespace Nephos.Keystone.EndpointPolicies;

/// <summary>
/// Where a policy holds: for one endpoint, for a service, or for a service in a region and the regions below. Upstream: identity api-ref, "OS-ENDPOINT-POLICY". What it names is unique: a second policy for
/// the same takes the place of the first. The parts that do not count are empty, so that the key covers them. What goes takes its associations along.
/// </summary>
public sealed class EndpointPolicy
{
    public required string PolicyId { get; set; }
    public string EndpointId { get; set; } = "";
    public string ServiceId { get; set; } = "";
    public string RegionId { get; set; } = "";

    internal static void Map(ModelBuilder model) => model.Entity<EndpointPolicy>(association =>
    {
        association.ToTable("policy_associations");
        association.HasKey(a => new { a.EndpointId, a.ServiceId, a.RegionId });
        association.HasIndex(a => a.PolicyId);
        association.HasIndex(a => a.ServiceId);
        association.HasIndex(a => a.RegionId);
        association.HasOne<PolicyBlob>().WithMany().HasForeignKey(a => a.PolicyId).OnDelete(DeleteBehavior.Cascade);
    });
}
