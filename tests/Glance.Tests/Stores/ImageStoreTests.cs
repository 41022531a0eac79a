using Nephos.Glance.Stores;
using Nephos.Testing.Kits;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Stores;

public sealed class FileImageStoreTests : ImageStoreKit, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nephos-store-").FullName;
    private readonly FileImageStore _store;

    public FileImageStoreTests() => _store = new FileImageStore(_folder, "one", TimeProvider.System);

    protected override IImageStore Store => _store;
    protected override IImageStore Reopen() => new FileImageStore(_folder, "one", TimeProvider.System);

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData(".incoming-x")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void Key_ThatIsAPath_IsRefused(string key)
    {
        Should.Throw<ArgumentException>(() => _store.Open(key));
        Should.Throw<ArgumentException>(() => _store.Delete(key));
    }

    [Fact]
    public async Task Files_AreTheOwnersAlone()
    {
        await using (var writer = _store.Begin())
        {
            await writer.WriteAsync(new byte[1], default);
            await writer.CommitAsync("a");
        }
        if (!OperatingSystem.IsWindows()) { File.GetUnixFileMode(_store.PathOf("a")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite); }
    }

    /// <summary>On a folder that processes share, one must not take away what another is writing; only what has been silent for long.</summary>
    [Fact]
    public async Task Leftovers_OfAnotherProcess_GoWhenTheyAreOld()
    {
        var other = new FileImageStore(_folder, "two", TimeProvider.System);
        await using var writer = _store.Begin();
        await writer.WriteAsync(new byte[10], default);
        other.RemoveLeftovers().ShouldBe(0);
        var file = Directory.GetFiles(_folder).ShouldHaveSingleItem();
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - TimeSpan.FromHours(23));
        other.RemoveLeftovers().ShouldBe(0);
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - TimeSpan.FromHours(2));
        other.RemoveLeftovers().ShouldBe(1);
        Directory.GetFiles(_folder).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

public sealed class MemoryImageStoreTests : ImageStoreKit
{
    private readonly MemoryImageStore _store = new();

    protected override IImageStore Store => _store;
    protected override IImageStore Reopen() => new MemoryImageStore();
}

/// <summary>The kit finds what is wrong: a store that shows bytes before they are committed, and one that keeps what was abandoned.</summary>
public sealed class ImageStoreKitTests
{
    [Fact]
    public async Task Kit_OfAStoreThatKeepsAbandonedWrites_Fails() => (await Record.ExceptionAsync(() => new BrokenKit().Abandoned_Write_LeavesNothing())).ShouldBeOfType<ShouldAssertException>();

    private sealed class BrokenKit : ImageStoreKit
    {
        protected override IImageStore Store { get; } = new BrokenStore();
        protected override IImageStore Reopen() => Store;
    }

    private sealed class BrokenStore : IImageStore
    {
        private readonly MemoryImageStore _inner = new();
        public string Type => _inner.Type;
        public IReadOnlyDictionary<string, object?> Properties => _inner.Properties;
        public string Url(string key) => _inner.Url(key);
        public IImageWriter Begin() => new Writer(_inner);
        public ValueTask<Stream?> OpenAsync(string key, CancellationToken cancel) => _inner.OpenAsync(key, cancel);
        public ValueTask<bool> DeleteAsync(string key) => _inner.DeleteAsync(key);
        public ValueTask<IReadOnlyList<string>> KeysAsync(CancellationToken cancel) => _inner.KeysAsync(cancel);
        public ValueTask<int> RemoveLeftoversAsync() => _inner.RemoveLeftoversAsync();

        private sealed class Writer(MemoryImageStore store) : IImageWriter
        {
            private readonly IImageWriter _inner = store.Begin();
            public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => _inner.WriteAsync(bytes, cancel);
            public Stream Read() => _inner.Read();
            public Task CommitAsync(string key) => _inner.CommitAsync(key);
            public async ValueTask DisposeAsync() => await _inner.CommitAsync("half");
        }
    }
}
