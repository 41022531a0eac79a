using Microsoft.EntityFrameworkCore;

namespace Nephos.Placement.Inventories;

/// <summary>
/// How much of one resource class a provider has (placement api-ref, "Resource provider inventories"). Capacity is
/// <c>(total - reserved) * allocation_ratio</c>; <see cref="Used"/> is the sum of its allocations.
/// </summary>
public sealed class Inventory
{
    /// <summary>Upstream's largest number in a column (signed 32 bits), also what an absent <c>max_unit</c> means.</summary>
    public const int MaxInt = 0x7FFFFFFF;

    /// <summary>Upstream's largest ratio, a single-precision number's.</summary>
    public const double MaxRatio = 3.40282e+38;

    public required string ProviderId { get; set; }
    public required string ResourceClass { get; set; }
    public long Total { get; set; }
    public long Reserved { get; set; }
    public long MinUnit { get; set; } = 1;
    public long MaxUnit { get; set; } = MaxInt;
    public long StepSize { get; set; } = 1;
    public double AllocationRatio { get; set; } = 1;
    public long Used { get; set; }
    public required DateTime UpdatedAt { get; set; }

    public long Capacity => (long)((Total - Reserved) * AllocationRatio);

    /// <summary>Why an amount cannot be one allocation whatever is free; null when it can.</summary>
    public string? Violation(long amount) =>
        amount < MinUnit ? $"{amount} asked, at least {MinUnit} in one allocation"
        : amount > MaxUnit ? $"{amount} asked, at most {MaxUnit} in one allocation"
        : amount % StepSize != 0 ? $"{amount} asked, given in steps of {StepSize}"
        : null;

    /// <summary>Same in everything that an owner sets.</summary>
    public bool SameAs(Inventory other) => Total == other.Total && Reserved == other.Reserved && MinUnit == other.MinUnit && MaxUnit == other.MaxUnit
        && StepSize == other.StepSize && AllocationRatio.Equals(other.AllocationRatio);

    internal static void Map(ModelBuilder model) => model.Entity<Inventory>(inventory =>
    {
        inventory.ToTable("inventories");
        inventory.HasKey(i => new { i.ProviderId, i.ResourceClass });
        inventory.HasIndex(i => i.ResourceClass).HasDatabaseName("inventories_by_class");
        inventory.Ignore(i => i.Capacity);
    });
}
