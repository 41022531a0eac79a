using System.ComponentModel;
using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Kernel.Processes;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Guests;
using Nephos.Node.Networks;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Guests;

public sealed class GuestErrorsTests
{
    [Fact]
    public void Words_DiskFull_SaysSo()
    {
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var e = Should.Throw<IOException>(() => full.WriteByte(1));
        GuestErrors.Words(e).ShouldBe("The host's disk is full");
    }

    [Fact]
    public void Words_ForTheUser_AreKept()
    {
        GuestErrors.Words(new GuestException("a")).ShouldBe("a");
        GuestErrors.Words(new PlugException("b")).ShouldBe("b");
    }

    [Fact]
    public void Words_Unforeseen_HideTheMachine() =>
        GuestErrors.Words(new UnauthorizedAccessException("/var/lib/nephos/secret")).ShouldBe("Internal error on the host (UnauthorizedAccessException)");

    [Fact]
    public async Task Run_QemuIsMissing_SaysWhatToInstall()
    {
        var options = new NodeOptions { Host = "node1", StateDirectory = "/nonexistent" };
        using var hypervisor = new Hypervisor(options, new GuestFolders(options), new NoPrograms(), NullLogger<Hypervisor>.Instance);
        (await Should.ThrowAsync<GuestException>(() => hypervisor.RunAsync([], default))).Message
            .ShouldBe("qemu-system-x86_64 is not installed: apt install qemu-system-x86");
    }

    private sealed class NoPrograms : IProcessRunner
    {
        public Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, ReadOnlyMemory<byte>? input = null, TimeSpan? limit = null, CancellationToken cancel = default) =>
            throw new Win32Exception(2);
    }
}
