using System.Globalization;
using Nephos.Contracts.Node;
using Nephos.Node.Compute;

namespace Nephos.Node.Guests;

/// <summary>What this machine has: processors, memory, disk. Read from /proc once, but for the disk, which may grow.</summary>
internal sealed class MachineFacts(NodeOptions options, GuestFolders folders)
{
    private readonly Lazy<(int RamMib, CpuFacts Cpu)> _fixed = new(() => (
        File.Exists("/proc/meminfo") ? RamMibOf(File.ReadLines("/proc/meminfo")) : (int)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20),
        File.Exists("/proc/cpuinfo") ? CpuFactsOf(File.ReadLines("/proc/cpuinfo")) : new CpuFacts("", "", [], 1, Environment.ProcessorCount, 1)));

    public NodeFacts Read(HypervisorFacts hypervisor)
    {
        var (ram, cpu) = _fixed.Value;
        if (hypervisor.Type == "fake")
        {
            // Guests that cost nothing need a host without end; the figures are those of upstream's fake driver (nova/virt/fake.py).
            return new NodeFacts
            {
                Host = options.Host,
                HypervisorType = hypervisor.Type,
                HypervisorVersion = hypervisor.Version,
                Vcpus = 1000,
                RamMib = 800_000,
                DiskGib = 600_000,
                HostIp = options.HostIp,
            };
        }
        return new NodeFacts
        {
            Host = options.Host,
            HypervisorType = hypervisor.Type,
            HypervisorVersion = hypervisor.Version,
            Vcpus = Environment.ProcessorCount,
            RamMib = ram,
            DiskGib = (int)(new DriveInfo(folders.State).TotalSize >> 30),
            HostIp = options.HostIp,
            CpuModel = cpu.Model,
            CpuVendor = cpu.Vendor,
            CpuFeatures = cpu.Features,
            Sockets = cpu.Sockets,
            Cores = cpu.Cores,
            Threads = cpu.Threads,
            Kvm = hypervisor.Kvm,
        };
    }

    /// <summary>MemTotal of /proc/meminfo, which is in KiB.</summary>
    internal static int RamMibOf(IEnumerable<string> meminfo)
    {
        foreach (var line in meminfo)
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal))
            {
                var digits = line.AsSpan("MemTotal:".Length).Trim();
                return (int)(long.Parse(digits[..digits.IndexOf(' ')], CultureInfo.InvariantCulture) >> 10);
            }
        }
        return 0;
    }

    /// <summary>/proc/cpuinfo: a block per logical processor; the first one's model counts for all, as upstream does it.</summary>
    internal static CpuFacts CpuFactsOf(IEnumerable<string> cpuinfo)
    {
        var (model, vendor, siblings, cores, logical) = ("", "", 1, 1, 0);
        IReadOnlyList<string> features = [];
        var sockets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in cpuinfo)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                continue;
            }
            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].TrimEnd())
            {
                case "processor": logical++; break;
                case "vendor_id": vendor = value; break;
                case "model name": model = value; break;
                case "physical id": sockets.Add(value); break;
                case "siblings" when int.TryParse(value, CultureInfo.InvariantCulture, out var n) && n > 0: siblings = n; break;
                case "cpu cores" when int.TryParse(value, CultureInfo.InvariantCulture, out var n) && n > 0: cores = n; break;
                case "flags" when features.Count == 0: features = value.Split(' ', StringSplitOptions.RemoveEmptyEntries); break;
            }
        }
        return sockets.Count > 0
            ? new CpuFacts(model, vendor, features, sockets.Count, cores, Math.Max(1, siblings / cores))
            : new CpuFacts(model, vendor, features, 1, Math.Max(1, logical), 1);
    }
}

/// <summary>Processors as <c>cpu_info</c> of a hypervisor shows them.</summary>
internal sealed record CpuFacts(string Model, string Vendor, IReadOnlyList<string> Features, int Sockets, int Cores, int Threads);
