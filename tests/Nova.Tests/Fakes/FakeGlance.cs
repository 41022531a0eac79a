using System.Collections.Concurrent;
using Nephos.Contracts.Glance;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;

namespace Nephos.Nova.Tests.Fakes;

/// <summary>Images in memory, visible to everyone.</summary>
internal sealed class FakeGlance : IImages
{
    private readonly ConcurrentDictionary<string, ImageFacts> _images = new(StringComparer.Ordinal);

    public string Add(string status = "active", int minDisk = 0, int minRam = 0, long size = 1000, Dictionary<string, string>? properties = null)
    {
        var id = NewId.Uuid();
        _images[id] = new ImageFacts { Id = id, Status = status, Visibility = "public", DiskFormat = "qcow2", ContainerFormat = "bare", MinDiskGib = minDisk, MinRamMib = minRam, Size = size, Properties = properties ?? [] };
        return id;
    }

    public Task<ImageFacts?> FindAsync(RequestContext context, string imageId, CancellationToken cancel) => Task.FromResult(_images.GetValueOrDefault(imageId));

    public Task<Stream?> OpenAsync(RequestContext context, string imageId, CancellationToken cancel) => Task.FromResult<Stream?>(_images.ContainsKey(imageId) ? new MemoryStream("QFI"u8.ToArray()) : null);
}
