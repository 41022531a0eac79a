using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute.Qemu;

public sealed class ImageCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryFeed _feed = new(new SignalHub());
    private readonly ImageCache _images;

    public ImageCacheTests()
    {
        var options = new NodeOptions { Host = "node1", StateDirectory = _folder.Path };
        _images = new ImageCache(options, new GuestFolders(options), _feed, TimeProvider.System);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Get_RawImageWithHoles_IsCopiedExactly()
    {
        var content = new byte[1_000_001];
        content[600_000] = 1;
        _feed.Images[Valid.ImageId] = () => new MemoryStream(content);
        var image = await _images.GetAsync(new GuestDisk(Valid.ImageId, "raw", 0), default);
        image.VirtualSize.ShouldBe(content.Length);
        (await File.ReadAllBytesAsync(image.Path)).ShouldBe(content);
    }

    [Fact]
    public async Task Get_ImageWithBackingFile_IsRefusedAndNotKept()
    {
        _feed.Images[Valid.ImageId] = () => new MemoryStream(Qcow2.Overlay(1 << 20, "/etc/shadow", "raw"));
        (await Should.ThrowAsync<GuestException>(() => _images.GetAsync(new GuestDisk(Valid.ImageId, "qcow2", 0), default))).Message.ShouldEndWith("it has a backing file");
        Directory.GetFiles(Path.Combine(_folder.Path, "images")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Get_OneWaiterGivesUp_TheOthersGetTheImage()
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _feed.Images[Valid.ImageId] = () => new SlowStream(new byte[1000], opened, go.Task);
        using var stop = new CancellationTokenSource();
        var first = _images.GetAsync(new GuestDisk(Valid.ImageId, "raw", 0), stop.Token);
        await opened.Task;
        var second = _images.GetAsync(new GuestDisk(Valid.ImageId, "raw", 0), default);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        go.SetResult();
        (await second).VirtualSize.ShouldBe(1000);
        _feed.ImageOpens.ShouldBe(1);
    }

    [Fact]
    public async Task Get_FailedFetch_IsTriedAgainByTheNextCaller()
    {
        _feed.Images[Valid.ImageId] = () => throw new IOException("The cloud is away");
        await Should.ThrowAsync<IOException>(() => _images.GetAsync(new GuestDisk(Valid.ImageId, "raw", 0), default));
        _feed.Images[Valid.ImageId] = () => new MemoryStream(new byte[512]);
        (await _images.GetAsync(new GuestDisk(Valid.ImageId, "raw", 0), default)).VirtualSize.ShouldBe(512);
    }

    [Fact]
    public async Task Get_OtherFormat_SaysWhichAreBootable() =>
        (await Should.ThrowAsync<GuestException>(() => _images.GetAsync(new GuestDisk(Valid.ImageId, "vhd", 0), default))).Message.ShouldContain("vhd");

    [Fact]
    public async Task Sweep_OldUnusedImage_IsRemovedAndOthersStay()
    {
        var ids = Enumerable.Range(1, 3).Select(n => $"00000000-0000-0000-0000-00000000000{n}").ToList();
        var paths = new List<string>();
        foreach (var id in ids)
        {
            _feed.Images[id] = () => new MemoryStream(new byte[512]);
            paths.Add((await _images.GetAsync(new GuestDisk(id, "raw", 0), default)).Path);
        }
        var old = TimeProvider.System.GetUtcNow().UtcDateTime - ImageCache.Retention - TimeSpan.FromMinutes(1);
        File.SetLastWriteTimeUtc(paths[0], old);
        File.SetLastWriteTimeUtc(paths[1], old);
        var part = Path.ChangeExtension(paths[0], ".part");
        await File.WriteAllTextAsync(part, "cut off");
        _images.Sweep(new HashSet<string> { ids[1] });
        paths.Select(File.Exists).ShouldBe([false, true, true]);
        File.Exists(part).ShouldBeFalse();
    }

    private sealed class SlowStream(byte[] content, TaskCompletionSource opened, Task go) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            opened.TrySetResult();
            await go.WaitAsync(cancellationToken);
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
