using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Nephos.Contracts.Node;
using Nephos.Node.Networks;

namespace Nephos.Node.Compute.Fake;

/// <summary>
/// Guests that are a line in a file. For tests of everything above it, and for a cloud without root or a hypervisor. It plugs cards as a real one does, and
/// guests "run" on while the program is stopped: the state is in <c>guests/ID/fake.json</c>.
/// </summary>
public sealed class FakeDriver(GuestFolders folders, INetworkPlug plug, TimeProvider time, FakeKnobs knobs) : IComputeDriver
{
    private const string FileName = "fake.json";

    // Written by the caller that changes the guest; the agent makes one change at a time per guest.
    private readonly ConcurrentDictionary<string, FakeGuest> _guests = new(StringComparer.Ordinal);

    public ComputeCapabilities Capabilities { get; } = new(HotPlugNics: true, Suspend: true);

    public event Action<string>? Changed;

    public Task<HypervisorFacts> DescribeAsync(CancellationToken cancel) => Task.FromResult(new HypervisorFacts("fake", 1_000_000, Kvm: false, Settled: true));

    public Task<IReadOnlyList<string>> AdoptAsync(CancellationToken cancel) => Task.FromResult(folders.List());

    public Task<GuestState> ObserveAsync(string id, CancellationToken cancel)
    {
        if (knobs.Mute?.Invoke(id) == true)
        {
            throw new TimeoutException("The fake driver was told not to answer");
        }
        var guest = Find(id);
        return Task.FromResult(guest is null ? default : new GuestState(guest.Power, guest.Power == GuestPower.Stopped ? 0 : guest.Boots, guest.Halt));
    }

    public Task CreateAsync(GuestSpec spec, CancellationToken cancel) => knobs.ChangeAsync("Create", spec.Id, time, () =>
    {
        if (Find(spec.Id) is null)
        {
            Put(spec.Id, new FakeGuest(GuestPower.Stopped, 0, []));
        }
        return Task.CompletedTask;
    }, cancel);

    public Task StartAsync(GuestSpec spec, CancellationToken cancel) => knobs.ChangeAsync("Start", spec.Id, time, async () =>
    {
        var guest = Find(spec.Id) ?? throw new GuestException("The guest has no disk");
        if (guest.Power == GuestPower.Stopped)
        {
            await PlugAsync(spec.Nics, cancel).ConfigureAwait(false);
            Put(spec.Id, new FakeGuest(GuestPower.Running, spec.Boots, [.. spec.Nics.Select(nic => nic.PortId)], spec.Vcpus, spec.RamMib, [.. spec.Nics.Select(nic => nic.Mac)]));
        }
        else
        {
            Put(spec.Id, guest with { Power = GuestPower.Running, Halt = GuestHalt.None });
            // It writes at once, as a guest does that was stopped in the middle of it.
            if (guest.Halt == GuestHalt.DiskFull && knobs.DiskFull) { Halt(spec.Id, GuestHalt.DiskFull); }
        }
    }, cancel);

    public bool HasRoom() => !knobs.DiskFull;

    public Task ReshapeAsync(GuestSpec spec, CancellationToken cancel)
    {
        if (Find(spec.Id) is not { Power: GuestPower.Running or GuestPower.Paused } guest || guest.Ports.SequenceEqual(spec.Nics.Select(nic => nic.PortId), StringComparer.Ordinal))
        {
            return Task.CompletedTask;
        }
        return knobs.ChangeAsync("Reshape", spec.Id, time, async () =>
        {
            await PlugAsync(spec.Nics.Where(nic => !guest.Ports.Contains(nic.PortId, StringComparer.Ordinal)), cancel).ConfigureAwait(false);
            Put(spec.Id, guest with { Ports = [.. spec.Nics.Select(nic => nic.PortId)], Macs = [.. spec.Nics.Select(nic => nic.Mac)] });
        }, cancel);
    }

    public Task PauseAsync(string id, CancellationToken cancel) => knobs.ChangeAsync("Pause", id, time, () =>
    {
        var guest = Find(id) is { Power: GuestPower.Running or GuestPower.Paused } live ? live : throw new GuestException("The guest cannot be paused because it does not run");
        Put(id, guest with { Power = GuestPower.Paused });
        return Task.CompletedTask;
    }, cancel);

    public Task SuspendAsync(string id, CancellationToken cancel) => knobs.ChangeAsync("Suspend", id, time, () =>
    {
        var guest = Find(id) is { Power: not GuestPower.Stopped } live ? live : throw new GuestException("The guest cannot be suspended because it does not run");
        Put(id, guest with { Power = GuestPower.Suspended });
        return Task.CompletedTask;
    }, cancel);

    public Task StopAsync(string id, TimeSpan graceful, CancellationToken cancel) => knobs.ChangeAsync("Stop", id, time, () =>
    {
        if (Find(id) is { } guest)
        {
            Put(id, guest with { Power = GuestPower.Stopped, Halt = GuestHalt.None });
        }
        return Task.CompletedTask;
    }, cancel);

    public Task RemoveAsync(string id, CancellationToken cancel) => knobs.ChangeAsync("Remove", id, time, () =>
    {
        _guests.TryRemove(id, out _);
        var folder = folders.Of(id);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
        return Task.CompletedTask;
    }, cancel);

    public Task SweepAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task<string> ReadConsoleAsync(string id, int? lines, CancellationToken cancel)
    {
        // Long enough for clients that ask for the last ten lines and count them.
        var log = Find(id) is { Boots: > 0 and var boots } ? string.Concat(Enumerable.Range(1, 20).Select(line => $"fake guest {id}, start {boots}, line {line}\n")) : "";
        return Task.FromResult(ConsoleLog.Tail(log, lines));
    }

    public Task<Stream?> OpenVncAsync(string id, CancellationToken cancel) =>
        Task.FromResult<Stream?>(Find(id) is { Power: GuestPower.Running or GuestPower.Paused } ? new MemoryStream(Encoding.ASCII.GetBytes("RFB 003.008\n"), writable: false) : null);

    /// <summary>A guest that is a line in a file has the hardware it was given and has done nothing with it.</summary>
    public Task<GuestDiagnostics?> DiagnoseAsync(string id, CancellationToken cancel) => Task.FromResult(Find(id) is not { Power: GuestPower.Running } guest ? null : new GuestDiagnostics(
        "fake", guest.RamMib, guest.RamMib, [.. Enumerable.Range(0, guest.Vcpus).Select(cpu => new CpuDiagnostics(cpu, 0))], [new DiskDiagnostics("vda", 0, 0, 0, 0, 0)],
        [.. guest.Ports.Zip(guest.Macs ?? [], (port, mac) => new NicDiagnostics(port, mac, 0, 0, 0, 0, 0, 0, 0, 0))]));

    /// <summary>The guest goes down by itself: power-off inside, a crash, a killed process.</summary>
    public void GoDown(string id)
    {
        if (Find(id) is { } guest)
        {
            Put(id, guest with { Power = GuestPower.Stopped });
            Changed?.Invoke(id);
        }
    }

    /// <summary>The hypervisor holds the guest's CPUs by itself.</summary>
    public void Halt(string id, GuestHalt why)
    {
        if (Find(id) is { Power: GuestPower.Running } guest)
        {
            Put(id, guest with { Power = GuestPower.Paused, Halt = why });
            Changed?.Invoke(id);
        }
    }

    /// <summary>The ports that the guest has.</summary>
    public IReadOnlyList<string> PortsOf(string id) => Find(id)?.Ports ?? [];

    private async Task PlugAsync(IEnumerable<GuestNic> nics, CancellationToken cancel)
    {
        foreach (var nic in nics)
        {
            await plug.PlugAsync(nic.PortId, TapNames.Of(nic.PortId), cancel).ConfigureAwait(false);
        }
    }

    private FakeGuest? Find(string id)
    {
        if (_guests.TryGetValue(id, out var guest))
        {
            return guest;
        }
        var path = Path.Combine(folders.Of(id), FileName);
        if (!File.Exists(path) || JsonSerializer.Deserialize(File.ReadAllBytes(path), NodeJson.Default.FakeGuest) is not { } stored)
        {
            return null;
        }
        return _guests.GetOrAdd(id, stored);
    }

    private void Put(string id, FakeGuest guest)
    {
        GuestFolders.WriteWhole(Path.Combine(folders.Make(id), FileName), JsonSerializer.SerializeToUtf8Bytes(guest, NodeJson.Default.FakeGuest));
        _guests[id] = guest;
    }
}

/// <summary>A fake guest as stored.</summary>
internal sealed record FakeGuest(GuestPower Power, long Boots, IReadOnlyList<string> Ports, int Vcpus = 0, int RamMib = 0, IReadOnlyList<string>? Macs = null, GuestHalt Halt = GuestHalt.None);
