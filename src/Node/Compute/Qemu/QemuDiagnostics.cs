using System.Globalization;
using System.Text.Json;
using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>Puts together what QEMU, its threads and the tap devices count.</summary>
internal static class QemuDiagnostics
{
    /// <summary>Kernel ticks in a second as user space sees them (USER_HZ), on every architecture we run on.</summary>
    private const long NanosecondsPerTick = 1_000_000_000 / 100;

    public static async Task<GuestDiagnostics> ReadAsync(QemuGuest guest, bool kvm, CancellationToken cancel)
    {
        var cpus = await guest.Qmp.ExecuteAsync("query-cpus-fast", cancel: cancel).ConfigureAwait(false);
        var blocks = await guest.Qmp.ExecuteAsync("query-blockstats", cancel: cancel).ConfigureAwait(false);
        var memory = await guest.Qmp.ExecuteAsync("query-memory-size-summary", cancel: cancel).ConfigureAwait(false);
        var balloon = await guest.Qmp.ExecuteAsync("query-balloon", cancel: cancel).ConfigureAwait(false);
        return new GuestDiagnostics(
            kvm ? "kvm" : "qemu", memory.GetProperty("base-memory").GetInt64() >> 20, balloon.GetProperty("actual").GetInt64() >> 20,
            Cpus(cpus, thread => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{guest.Pid}/task/{thread}/stat"))),
            Disks(blocks),
            [.. guest.Launch.Nics.Select(nic => Nic(nic, name => Counter(TapNames.Of(nic.PortId), name)))]);
    }

    /// <summary>All processors may share a thread: emulation without threads of its own counts the one time for each.</summary>
    internal static List<CpuDiagnostics> Cpus(JsonElement cpus, Func<int, string> statOf) =>
        [.. cpus.EnumerateArray().Select(cpu => new CpuDiagnostics(cpu.GetProperty("cpu-index").GetInt32(), Ticks(statOf(cpu.GetProperty("thread-id").GetInt32())) * NanosecondsPerTick))];

    /// <summary>User and system time in a thread's stat line (proc(5): the fields after the name, which may hold blanks and brackets).</summary>
    internal static long Ticks(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    /// <summary>The root disk and the config drive; entries without a device are nodes below them.</summary>
    internal static List<DiskDiagnostics> Disks(JsonElement blocks) =>
    [
        .. blocks.EnumerateArray().Where(b => b.TryGetProperty("qdev", out var device) && device.GetString() is { Length: > 0 }).Select((block, i) =>
        {
            var stats = block.GetProperty("stats");
            long Of(string name) => stats.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
            return new DiskDiagnostics("vd" + (char)('a' + i), Of("rd_bytes"), Of("rd_operations"), Of("wr_bytes"), Of("wr_operations"), Of("failed_rd_operations") + Of("failed_wr_operations"));
        }),
    ];

    /// <summary>What the tap device sends, the guest receives.</summary>
    internal static NicDiagnostics Nic(LaunchNic nic, Func<string, long> counter) => new(
        nic.PortId, nic.Mac, counter("tx_bytes"), counter("tx_packets"), counter("tx_errors"), counter("tx_dropped"), counter("rx_bytes"), counter("rx_packets"), counter("rx_errors"), counter("rx_dropped"));

    /// <summary>Zero for a device that is not there: a card may be pulled while it is looked at.</summary>
    private static long Counter(string tap, string name)
    {
        try
        {
            return long.Parse(File.ReadAllText($"/sys/class/net/{tap}/statistics/{name}").Trim(), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    }
}
