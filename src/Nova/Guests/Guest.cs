using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;

namespace Nephos.Nova.Guests;

/// <summary>
/// What a server's guest shall be, and what its node last reported. The row exists from the moment a host is chosen until the node has said that nothing of the
/// guest is left. Written by sagas and actions (desired side, each change raises <see cref="Generation"/> and takes the host's next <see cref="Revision"/>) and by
/// reports (reported side).
/// </summary>
internal sealed class Guest
{
    public required string ServerId { get; set; }
    public required string Host { get; set; }
    /// <summary>Of the host's feed: what a node pulls is "changed after this".</summary>
    public required long Revision { get; set; }
    public required long Generation { get; set; }
    public required GuestPower Power { get; set; }
    public long Boots { get; set; }
    public RebootKind LastReboot { get; set; }
    /// <summary>All that a node needs beside; its own generation, power and boots are not used.</summary>
    public required GuestSpec Spec { get; set; }
    public long ReportedGeneration { get; set; }
    public GuestPower? ReportedPower { get; set; }
    public string? ReportedError { get; set; }
    /// <summary>Why the hypervisor holds the guest's CPUs by itself; null when it does not.</summary>
    public string? Halted { get; set; }
    public DateTime? ReportedAt { get; set; }

    /// <summary>The node has applied the newest wish, with or without success.</summary>
    public bool IsSettled => ReportedGeneration >= Generation;

    public GuestSpec ToSpec() => Spec with { Generation = Generation, Power = Power, Boots = Boots, LastReboot = LastReboot };

    public static void Map(ModelBuilder model) => model.Entity<Guest>(guest =>
    {
        guest.ToTable("guests");
        guest.HasKey(g => g.ServerId);
        guest.HasIndex(g => new { g.Host, g.Revision }).HasDatabaseName("guests_by_host");
        guest.HasIndex(g => g.ReportedAt).HasFilter("halted IS NOT NULL").HasDatabaseName("guests_halted");
        guest.Property(g => g.Spec).HasJson();
    });
}
