using Microsoft.EntityFrameworkCore;

namespace Nephos.Glance.Members;

/// <summary>
/// A project that a shared image is offered to (image api-ref v2, "Sharing"). It may use the image at once; in its list the image is only when it
/// accepted.
/// </summary>
public sealed class ImageMember
{
    public required string ImageId { get; set; }
    /// <summary>The project.</summary>
    public required string MemberId { get; set; }
    public string Status { get; set; } = Pending;
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }

    public const string Pending = "pending";
    public const string Accepted = "accepted";
    public const string Rejected = "rejected";
    public static readonly IReadOnlyList<string> Statuses = [Pending, Accepted, Rejected];

    internal static void Map(ModelBuilder model) => model.Entity<ImageMember>(member =>
    {
        member.ToTable("image_members");
        member.HasKey(m => new { m.ImageId, m.MemberId });
        member.HasIndex(m => new { m.MemberId, m.Status }).HasDatabaseName("image_members_by_project");
    });
}
