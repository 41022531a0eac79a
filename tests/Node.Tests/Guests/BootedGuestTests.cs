using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Guests;
using Nephos.Node.Tests.Compute.Qemu;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Guests;

/// <summary>The whole guest side with a guest that really boots: one life, told as the cloud asks for it.</summary>
[Trait("Category", "Live")]
public sealed class BootedGuestTests : IAsyncLifetime
{
    /// <summary>A boot takes ten seconds on an idle machine, and several times that on one that builds something else.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly SignalHub _signals = new();
    private LiveNamespace _ns = null!;
    private LivePlug _plug = null!;
    private InMemoryFeed _feed = null!;
    private QemuDriver _driver = null!;
    private GuestAgent _agent = null!;
    private long _generation;

    public async Task InitializeAsync()
    {
        _ns = await LiveNamespace.MakeAsync();
        _plug = new LivePlug(_ns);
        _feed = new InMemoryFeed(_signals);
        _feed.Images[Valid.ImageId] = () => File.OpenRead(LiveNamespace.Image());
        await StartNodeAsync();
    }

    public async Task DisposeAsync()
    {
        await StopNodeAsync();
        _ns.Dispose();
    }

    [Fact]
    public async Task Guest_FromBootToRemoval_DoesWhatTheCloudAsks()
    {
        var guest = Valid.Guest() with { ConfigDrive = true, GracefulStop = Patience };
        _feed.Trees[guest.Id] = new InstanceTree(guest.Id, new Dictionary<string, byte[]>
        {
            ["openstack/latest/meta_data.json"] = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
            {
                ["uuid"] = guest.Id, ["hostname"] = "lively", ["name"] = "lively", ["public_keys"] = new Dictionary<string, string>(),
            }),
            ["openstack/latest/user_data"] = "#!/bin/sh\necho user data of boot > /dev/ttyS0\n"u8.ToArray(),
        });
        await ApplyAsync(guest, GuestPower.Running);
        await ConsoleAsync(guest.Id, "ssh is up", "the guest booted");
        await ConsoleAsync(guest.Id, "host lively", "the guest found its config drive");
        await ConsoleAsync(guest.Id, "user data of boot", "the user data ran");

        // A card more, and away again: the guest takes part in both.
        var two = guest with { Nics = [.. guest.Nics, Valid.Nic()] };
        await ApplyAsync(two, GuestPower.Running);
        (await TapsAsync()).Count.ShouldBe(2);
        await ApplyAsync(guest, GuestPower.Running);
        (await TapsAsync()).ShouldHaveSingleItem().ShouldBe(TapNames.Of(guest.Nics[0].PortId));

        await ApplyAsync(guest with { Power = GuestPower.Paused }, GuestPower.Paused);
        await ApplyAsync(guest, GuestPower.Running);
        await ApplyAsync(guest with { Power = GuestPower.Suspended }, GuestPower.Suspended);
        (await TapsAsync()).ShouldBeEmpty();
        await ApplyAsync(guest, GuestPower.Running);
        var pid = Pid(guest.Id);

        // The node restarts; the guest does not notice.
        await StopNodeAsync();
        var before = _feed.Reports.Count;
        await StartNodeAsync();
        await _feed.WaitAsync(guest.Id, report => _feed.Reports.Count > before && report == _feed.Reports[^1], "the guest was adopted", Patience);
        _feed.Reports[^1].ShouldSatisfyAllConditions(report => report.Power.ShouldBe(GuestPower.Running), report => report.Unsolicited.ShouldBeFalse());
        Pid(guest.Id).ShouldBe(pid);

        // A resumed guest hears the power button, so its memory and devices are whole.
        await ApplyAsync(guest with { Boots = 2, LastReboot = RebootKind.Soft }, GuestPower.Running);
        Pid(guest.Id).ShouldNotBe(pid);
        await ConsoleAsync(guest.Id, "reboot: Power down", "the guest was shut down and not cut off");

        // Killed from outside: said at once, and not started again.
        await QemuProcess.KillAsync(Pid(guest.Id), GuestFolder(guest.Id), TimeProvider.System, default);
        (await _feed.WaitAsync(guest.Id, report => report.Unsolicited, "the guest went down", TimeSpan.FromSeconds(60))).Power.ShouldBe(GuestPower.Stopped);

        await ApplyAsync(guest with { Boots = 2 }, GuestPower.Running);
        await ApplyAsync(guest with { Boots = 2, Power = GuestPower.Stopped, GracefulStop = TimeSpan.Zero }, GuestPower.Stopped);
        await ApplyAsync(guest with { Power = GuestPower.Absent }, GuestPower.Absent);
        Directory.Exists(GuestFolder(guest.Id)).ShouldBeFalse();
        (await TapsAsync()).ShouldBeEmpty();
    }

    private async Task ApplyAsync(GuestSpec guest, GuestPower expected)
    {
        var next = guest with { Generation = ++_generation };
        _feed.Put(next);
        var report = await _feed.WaitAsync(guest.Id, report => report.Generation == next.Generation, $"generation {next.Generation} ({next.Power}) was applied", Patience);
        report.Error.ShouldBeNull();
        report.Power.ShouldBe(expected);
    }

    private async Task ConsoleAsync(string id, string text, string what)
    {
        using var stop = new CancellationTokenSource(Patience);
        string log;
        while (!(log = await _driver.ReadConsoleAsync(id, null, default)).Contains(text, StringComparison.Ordinal))
        {
            stop.IsCancellationRequested.ShouldBeFalse($"not seen that {what}; the console says:\n{log}");
            await SignalHub.WaitAsync(Task.Delay(Timeout.Infinite, stop.Token), TimeSpan.FromMilliseconds(100), TimeProvider.System, default);
        }
    }

    private int Pid(string id)
    {
        var files = new GuestFiles(GuestFolder(id));
        return QemuProcess.Find(files.PidFile, files.Folder).ShouldNotBeNull();
    }

    private string GuestFolder(string id) => Path.Combine(_ns.Folder, "guests", id);

    private async Task<IReadOnlyList<string>> TapsAsync()
    {
        var result = await _ns.RunAsync("ip", ["-o", "link", "show", "type", "tun"]);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':')[1].Trim())];
    }

    private async Task StartNodeAsync()
    {
        var options = new NodeOptions { Host = InMemoryFeed.Host, StateDirectory = _ns.Folder };
        var folders = new Nephos.Node.Compute.GuestFolders(options);
        var images = new ImageCache(options, folders, _feed, TimeProvider.System);
        _driver = new QemuDriver(
            folders, new Hypervisor(options, folders, _ns, NullLogger<Hypervisor>.Instance), new GuestDisks(options, folders, _feed, images, _ns), _plug,
            TimeProvider.System, NullLogger<QemuDriver>.Instance);
        _agent = new GuestAgent(options, folders, _driver, _feed, _signals, TimeProvider.System, NullLogger<GuestAgent>.Instance);
        await _agent.StartAsync(default);
    }

    private async Task StopNodeAsync()
    {
        await _agent.StopAsync(default);
        _agent.Dispose();
        await _driver.DisposeAsync();
    }
}
