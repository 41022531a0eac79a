using Nephos.Glance.Stores;

namespace Nephos.Glance.ImageData;

/// <summary>For a copy that is made only for its hashes.</summary>
internal sealed class NowhereWriter : IImageWriter
{
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => ValueTask.CompletedTask;
    public Stream Read() => Stream.Null;
    public Task CommitAsync(string key) => Task.CompletedTask;
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
