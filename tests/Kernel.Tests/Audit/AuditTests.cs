using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Kernel.Api;
using Nephos.Kernel.Audit;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Audit;

public sealed class AuditTests
{
    /// <summary>Python's <c>uuid.uuid5(uuid.UUID('4332ecab-770b-4288-a680-b9aca3b1b153'), 'admin').hex</c>.</summary>
    [Theory]
    [InlineData("admin", "db03747ae9c554d097b5e8c328115940")]
    [InlineData("3f2504e04f8911d39a0c0305e82c3301", "3f2504e04f8911d39a0c0305e82c3301")]
    public void ResourceId_IsUpstreams(string id, string wanted) => CadfEvent.ResourceId(id).ShouldBe(wanted);

    [Theory]
    [InlineData("/v3/users/{user_id}", "user")]
    [InlineData("/v3/policies", "policy")]
    [InlineData("/v2.1/servers/{server_id}/os-interface", "os-interface")]
    [InlineData("/v2.1/os-server-addresses", "os-server-address")]
    public void Resource_OfAPath_IsItsLastWord(string path, string wanted) => AuditTrail.ResourceOf(path).ShouldBe(wanted);

    [Fact]
    public async Task File_ThatIsFull_IsPutAsideAndTheOldestGoes()
    {
        var folder = Directory.CreateTempSubdirectory("nephos-audit-");
        try
        {
            var log = new AuditLog(new AuditSettings { MaxSizeMib = 1, KeptFiles = 2 }, new CloudFacts { StateDirectory = folder.FullName, PublicUrl = "http://x", AdminPassword = "x" }, NullLogger<AuditLog>.Instance);
            await log.StartAsync(default);
            for (var i = 0; i < 4; i++)
            {
                var line = new byte[1 << 20];
                Array.Fill(line, (byte)('0' + i));
                await log.WriteAsync(line);
                var deadline = Environment.TickCount64 + 10_000;
                while (!IsAside(log.Path + ".1", line[0]))
                {
                    if (Environment.TickCount64 > deadline) { throw new TimeoutException($"file {i} was not put aside"); }
                    await Task.Yield();
                }
            }
            await log.WriteAsync("last\n"u8.ToArray());
            await log.StopAsync(default);
            (await File.ReadAllTextAsync(log.Path)).ShouldBe("last\n");
            Directory.GetFiles(folder.FullName).Length.ShouldBe(3);
            if (!OperatingSystem.IsWindows()) { File.GetUnixFileMode(log.Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite); }
            log.Dispose();
        }
        finally { folder.Delete(recursive: true); }
    }

    private static bool IsAside(string path, byte first)
    {
        if (!File.Exists(path)) { return false; }
        using var file = File.OpenRead(path);
        return file.ReadByte() == first;
    }
}
