using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.Flavors;

/// <summary>
/// A flavor: the size of a server (api-ref compute, "Flavors"). Invariants:
/// <list type="bullet">
/// <item>Its size never changes; servers keep a copy of it (<see cref="FlavorCopy"/>), so a deleted flavor hurts no server.</item>
/// <item>Id and name are unique each.</item>
/// <item>A private flavor is visible to the projects in <see cref="FlavorProject"/> and to admins.</item>
/// </list>
/// <c>rxtx_factor</c> is kept and shown, and has no effect, as upstream since the end of XenServer. No flavor is ever <c>disabled</c>: no call sets it.
/// </summary>
internal sealed class Flavor
{
    public required string Id { get; set; }
    public required string Name { get; set; }
    public required int Vcpus { get; set; }
    public required int RamMib { get; set; }
    public required int RootGib { get; set; }
    public int EphemeralGib { get; set; }
    public int SwapMib { get; set; }
    public double RxtxFactor { get; set; } = 1.0;
    public bool IsPublic { get; set; } = true;
    public string? Description { get; set; }
    public Dictionary<string, string> ExtraSpecs { get; set; } = [];
    public required DateTime CreatedAt { get; set; }
    public DateTime? UpdatedAt { get; set; }
    public long Generation { get; set; }

    public static void Map(ModelBuilder model)
    {
        model.Entity<Flavor>(flavor =>
        {
            flavor.ToTable("flavors");
            flavor.HasKey(f => f.Id);
            flavor.HasIndex(f => f.Name).IsUnique().HasDatabaseName("flavors_name");
            flavor.Property(f => f.ExtraSpecs).HasJson();
        });
        model.Entity<FlavorProject>(access =>
        {
            access.ToTable("flavor_projects");
            access.HasKey(a => new { a.FlavorId, a.ProjectId });
            access.HasOne<Flavor>().WithMany().HasForeignKey(a => a.FlavorId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A project that may use a private flavor.</summary>
internal sealed class FlavorProject
{
    public required string FlavorId { get; set; }
    public required string ProjectId { get; set; }
}

/// <summary>What a server keeps of its flavor.</summary>
internal sealed record FlavorCopy(string Id, string Name, int Vcpus, int RamMib, int RootGib, int EphemeralGib, int SwapMib, double RxtxFactor, Dictionary<string, string> ExtraSpecs)
{
    public static FlavorCopy Of(Flavor f) => new(f.Id, f.Name, f.Vcpus, f.RamMib, f.RootGib, f.EphemeralGib, f.SwapMib, f.RxtxFactor, f.ExtraSpecs);
}
