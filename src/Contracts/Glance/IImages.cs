using Nephos.Kernel.Auth;

namespace Nephos.Contracts.Glance;

/// <summary>An image as other services see it.</summary>
public sealed record ImageFacts
{
    public required string Id { get; init; }
    public string? Name { get; init; }
    /// <summary>queued, saving, active, killed, deleted, pending_delete, deactivated, importing, uploading.</summary>
    public required string Status { get; init; }
    public string? OwnerProjectId { get; init; }
    public required string Visibility { get; init; }
    public string? DiskFormat { get; init; }
    public string? ContainerFormat { get; init; }
    /// <summary>Bytes of the file; null before the upload.</summary>
    public long? Size { get; init; }
    /// <summary>Bytes of the disk inside; null when unknown.</summary>
    public long? VirtualSize { get; init; }
    public int MinDiskGib { get; init; }
    public int MinRamMib { get; init; }
    public string? Checksum { get; init; }
    public bool Protected { get; init; }
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<string> Tags { get; init; } = [];
    public DateTime CreatedAt { get; init; }
    public DateTime UpdatedAt { get; init; }
}

/// <summary>What other services ask Glance: <c>GET /v2/images/{id}</c> and its file.</summary>
public interface IImages
{
    /// <summary>The image when the caller may see it, else null.</summary>
    Task<ImageFacts?> FindAsync(RequestContext context, string imageId, CancellationToken cancel);

    /// <summary>Its bytes; null when it is gone or has none.</summary>
    Task<Stream?> OpenAsync(RequestContext context, string imageId, CancellationToken cancel);
}
