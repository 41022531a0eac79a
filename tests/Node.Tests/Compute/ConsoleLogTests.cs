using FsCheck;
using FsCheck.Fluent;
using Nephos.Node.Compute;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute;

public sealed class ConsoleLogTests
{
    /// <summary>Upstream: <c>'\n'.join(log.split('\n')[-length:])</c>, empty for zero.</summary>
    [Fact]
    public void Tail_AnyTextAndCount_IsAsUpstreamCounts() =>
        Prop.ForAll(ArbMap.Default.ArbFor<bool[]>(), Gen.Choose(0, 20).ToArbitrary(), (breaks, count) =>
        {
            var text = string.Concat((breaks ?? []).Select(b => b ? "\n" : "x"));
            return ConsoleLog.Tail(text, count) == string.Join('\n', text.Split('\n').TakeLast(count));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Read_LongLog_IsItsBoundedEnd()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "console.log"), new string('a', 300_000) + "\nlast");
        var text = await ConsoleLog.ReadAsync(folder.Path, null, default);
        text.Length.ShouldBe(ConsoleLog.MaxBytes);
        text.ShouldEndWith("\nlast");
        (await ConsoleLog.ReadAsync(folder.Path, 1, default)).ShouldBe("last");
    }

    [Fact]
    public async Task Shorten_LongLog_KeepsItsEndReadableWhileTheWriterAppends()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "console.log");
        using var guest = new FileStream(path, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 });
        guest.Write(new byte[(int)ConsoleLog.RotateAt]);
        guest.Write("\nbefore\n"u8);
        await ConsoleLog.ShortenAsync(folder.Path, default);
        new FileInfo(path).Length.ShouldBe(0);
        await File.AppendAllTextAsync(path, "after\n");
        (await ConsoleLog.ReadAsync(folder.Path, 3, default)).ShouldBe("before\nafter\n");
    }

    [Fact]
    public async Task Read_NoLog_IsEmpty() => (await ConsoleLog.ReadAsync("/nonexistent", 5, default)).ShouldBeEmpty();
}
