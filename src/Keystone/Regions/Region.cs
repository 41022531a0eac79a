using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Regions;

/// <summary>A part of the cloud with endpoints of its own. Upstream: identity api-ref, "Regions". Its id is its name, chosen by who makes it.</summary>
public sealed class Region
{
    public required string Id { get; set; }
    public string Description { get; set; } = "";
    public string? ParentRegionId { get; set; }
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model) => model.Entity<Region>(region =>
    {
        region.ToTable("regions");
        region.HasKey(r => r.Id);
        region.HasIndex(r => r.ParentRegionId);
    });
}
