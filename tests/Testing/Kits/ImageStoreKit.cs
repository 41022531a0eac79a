using System.Security.Cryptography;
using Nephos.Glance.Stores;
using Shouldly;
using Xunit;

namespace Nephos.Testing.Kits;

/// <summary>
/// What every store of images must do: a key has all of its bytes or none, whatever happens to who writes it. Each store's test derives from it.
/// </summary>
public abstract class ImageStoreKit
{
    /// <summary>The store under test, empty.</summary>
    protected abstract IImageStore Store { get; }

    /// <summary>Opens the store anew, as a process that starts after a crash does. A store that forgets gives a new one.</summary>
    protected abstract IImageStore Reopen();

    private static byte[] Bytes(int size) => RandomNumberGenerator.GetBytes(size);

    private static async Task Put(IImageStore store, string key, byte[] bytes)
    {
        await using var writer = store.Begin();
        foreach (var chunk in bytes.Chunk(7000)) { await writer.WriteAsync(chunk, default); }
        await writer.CommitAsync(key);
    }

    private static async Task<byte[]?> Read(IImageStore store, string key)
    {
        await using var stream = await store.OpenAsync(key, default);
        if (stream is null) { return null; }
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task Committed_Bytes_AreThere(int size)
    {
        var bytes = Bytes(size);
        await Put(Store, "a", bytes);
        (await Read(Store, "a")).ShouldBe(bytes);
        (await Store.KeysAsync(default)).ShouldBe(["a"]);
        Store.Url("a").ShouldContain("://");
        Store.Type.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Bytes_AreSeekable()
    {
        var bytes = Bytes(10_000);
        await Put(Store, "a", bytes);
        await using var stream = (await Store.OpenAsync("a", default))!;
        stream.Position = 9_000;
        var tail = new byte[1_000];
        await stream.ReadExactlyAsync(tail);
        tail.ShouldBe(bytes[9_000..]);
        (await stream.ReadAsync(tail)).ShouldBe(0);
    }

    [Fact]
    public async Task Abandoned_Write_LeavesNothing()
    {
        await using (var writer = Store.Begin()) { await writer.WriteAsync(Bytes(100), default); }
        (await Store.KeysAsync(default)).ShouldBeEmpty();
        (await Store.OpenAsync("a", default)).ShouldBeNull();
        (await Store.RemoveLeftoversAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Writer_ShowsWhatItHas()
    {
        var bytes = Bytes(5_000);
        await using var writer = Store.Begin();
        await writer.WriteAsync(bytes, default);
        await using (var seen = writer.Read())
        {
            seen.Length.ShouldBe(5_000);
            seen.Position = 4_000;
            var tail = new byte[1_000];
            await seen.ReadExactlyAsync(tail);
            tail.ShouldBe(bytes[4_000..]);
        }
        await writer.CommitAsync("a");
        (await Read(Store, "a")).ShouldBe(bytes);
    }

    [Fact]
    public async Task Commit_OverAKey_ReplacesIt_AndReadersKeepTheirs()
    {
        var (first, second) = (Bytes(2_000), Bytes(1_000));
        await Put(Store, "a", first);
        await using var reader = (await Store.OpenAsync("a", default))!;
        await Put(Store, "a", second);
        (await Read(Store, "a")).ShouldBe(second);
        var seen = new byte[2_000];
        await reader.ReadExactlyAsync(seen);
        seen.ShouldBe(first);
    }

    [Fact]
    public async Task Delete_RemovesOnce_AndReadersKeepTheirs()
    {
        var bytes = Bytes(3_000);
        await Put(Store, "a", bytes);
        await using var reader = (await Store.OpenAsync("a", default))!;
        (await Store.DeleteAsync("a")).ShouldBeTrue();
        (await Store.DeleteAsync("a")).ShouldBeFalse();
        (await Store.OpenAsync("a", default)).ShouldBeNull();
        (await Store.KeysAsync(default)).ShouldBeEmpty();
        var seen = new byte[3_000];
        await reader.ReadExactlyAsync(seen);
        seen.ShouldBe(bytes);
    }

    [Fact]
    public async Task Living_Writes_AreNoLeftovers_AndDeadOnesAre()
    {
        await using var writer = Store.Begin();
        await writer.WriteAsync(Bytes(100), default);
        (await Store.RemoveLeftoversAsync()).ShouldBe(0);
        // The same place seen by the process that starts after this one died.
        var after = Reopen();
        await after.RemoveLeftoversAsync();
        (await after.KeysAsync(default)).ShouldBeEmpty();
        (await after.RemoveLeftoversAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Many_WritersAtOnce_DoNotMeet()
    {
        var all = Enumerable.Range(0, 20).ToDictionary(i => "k" + i, i => Bytes(1000 + i));
        await Task.WhenAll(all.Select(p => Put(Store, p.Key, p.Value)));
        (await Store.KeysAsync(default)).Order().ShouldBe(all.Keys.Order());
        foreach (var (key, bytes) in all) { (await Read(Store, key)).ShouldBe(bytes); }
    }

    [Fact]
    public async Task Taken_File_IsTheKey()
    {
        if (Store is not ITakesFiles takes) { return; }
        var folder = Directory.CreateTempSubdirectory("nephos-take-").FullName;
        try
        {
            var (path, bytes) = (Path.Combine(folder, "f"), Bytes(1_000));
            await File.WriteAllBytesAsync(path, bytes);
            // False says that it lies on another file system, and leaves it.
            if (takes.Take(path, "a"))
            {
                (await Read(Store, "a")).ShouldBe(bytes);
                File.Exists(path).ShouldBeFalse();
            }
            else { File.Exists(path).ShouldBeTrue(); }
        }
        finally { Directory.Delete(folder, recursive: true); }
    }
}
