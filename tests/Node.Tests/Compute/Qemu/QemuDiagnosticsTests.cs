using System.Text.Json;
using Nephos.Contracts.Node;
using Nephos.Node.Compute.Qemu;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute.Qemu;

/// <summary>Reading of what QEMU 7.2 and the kernel say.</summary>
public sealed class QemuDiagnosticsTests
{
    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    [Theory]
    [InlineData("7 (CPU 0/KVM) S 1 1 1 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 4 0 100", 300)]
    [InlineData("7 (a ) b (c)) R 1 1 1 0 -1 4194304 1 0 0 0 1 2 0 0 20 0 4 0 100", 3)]
    public void Ticks_NamesWithBlanksAndBrackets_AreSkipped(string stat, long ticks) => QemuDiagnostics.Ticks(stat).ShouldBe(ticks);

    [Fact]
    public void Cpus_EachByItsThread() => QemuDiagnostics.Cpus(
            Json("""[{"thread-id": 11, "props": {}, "qom-path": "/x", "target": "x86_64", "cpu-index": 0}, {"thread-id": 12, "cpu-index": 1, "target": "x86_64"}]"""),
            thread => $"{thread} (CPU) S 1 1 1 0 -1 0 0 0 0 0 {thread} 0 0 0")
        .ShouldBe([new CpuDiagnostics(0, 110_000_000), new CpuDiagnostics(1, 120_000_000)]);

    [Fact]
    public void Disks_OnlyThoseWithADevice() => QemuDiagnostics.Disks(
            Json("""[{"device": "", "qdev": "/machine/peripheral/disk-root/virtio-backend", "stats": {"rd_bytes": 5, "rd_operations": 2, "wr_bytes": 7, "wr_operations": 3, "failed_rd_operations": 1, "failed_wr_operations": 1}}, {"device": "", "node-name": "root-file", "stats": {"rd_bytes": 5}}]"""))
        .ShouldBe([new DiskDiagnostics("vda", 5, 2, 7, 3, 2)]);

    [Fact]
    public void Nic_WhatTheTapSends_TheGuestReceives()
    {
        var counters = new Dictionary<string, long> { ["tx_bytes"] = 1, ["tx_packets"] = 2, ["tx_errors"] = 3, ["tx_dropped"] = 4, ["rx_bytes"] = 5, ["rx_packets"] = 6, ["rx_errors"] = 7, ["rx_dropped"] = 8 };
        QemuDiagnostics.Nic(new LaunchNic("p", "fa:16:3e:00:00:01", 1450, 3), name => counters[name]).ShouldBe(new NicDiagnostics("p", "fa:16:3e:00:00:01", 1, 2, 3, 4, 5, 6, 7, 8));
    }
}
