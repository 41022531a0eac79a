using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Processes;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Networks;
using Nephos.Node.Tests.Guests;
using Nephos.Testing.Kits;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute.Qemu;

/// <summary>The contract with real QEMU. The guests are stopped long before they have booted, but for the tests that say so.</summary>
[Trait("Category", "Live")]
public sealed class QemuDriverTests : ComputeDriverKit
{
    private LiveNamespace _ns = null!;
    private LivePlug _plug = null!;
    private InMemoryFeed _feed = null!;

    protected override IReadOnlyList<string> Plugged => [.. _plug.Recorded.Ports];

    private string GuestFolder(string id) => Path.Combine(_ns.Folder, "guests", id);

    public override async Task InitializeAsync()
    {
        _ns = await LiveNamespace.MakeAsync();
        _plug = new LivePlug(_ns);
        _feed = new InMemoryFeed(new SignalHub());
        _feed.Images[Valid.ImageId] = () => File.OpenRead(LiveNamespace.Image());
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _ns.Dispose();
    }

    protected override async Task<IComputeDriver> OpenAsync()
    {
        var driver = Open(_plug);
        await driver.AdoptAsync(default);
        return driver;
    }

    protected override async Task KillAsync(string id)
    {
        var files = new GuestFiles(GuestFolder(id));
        var pid = QemuProcess.Find(files.PidFile, files.Folder).ShouldNotBeNull();
        await QemuProcess.KillAsync(pid, files.Folder, TimeProvider.System, default);
    }

    protected override bool HasTraces(string id) => Directory.Exists(GuestFolder(id)) || QemuProcess.FindAll(GuestFolder(id)).Any();

    protected override GuestSpec Spec(string id) => Valid.Guest(id) with { Boots = 3, RamMib = 64 };

    [Fact]
    public async Task Start_PortRefused_LeavesNoProcessAndSaysWhy()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        _plug.Recorded.Refused[spec.Nics[0].PortId] = "The port does not exist";
        (await Should.ThrowAsync<PlugException>(() => Driver.StartAsync(spec, default))).Message.ShouldBe("The port does not exist");
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
        QemuProcess.FindAll(GuestFolder(spec.Id)).ShouldBeEmpty();
        (await TapsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Start_TapInUse_SaysSo()
    {
        var spec = Spec(NewId.Uuid());
        var other = Spec(NewId.Uuid()) with { Nics = spec.Nics };
        await Driver.CreateAsync(spec, default);
        await Driver.StartAsync(spec, default);
        await Driver.CreateAsync(other, default);
        (await Should.ThrowAsync<GuestException>(() => Driver.StartAsync(other, default))).Message.ShouldContain("in use by another process");
    }

    [Fact]
    public async Task Start_Cancelled_LeavesNoProcess()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        using var stop = new CancellationTokenSource();
        await using var driver = Open(new CancellingPlug(stop));
        await Should.ThrowAsync<OperationCanceledException>(() => driver.StartAsync(spec, stop.Token));
        QemuProcess.FindAll(GuestFolder(spec.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Adopt_ProgramKilledDuringTheStart_EndsTheHalfStartedGuest()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        // A start that got as far as the cards when its program was killed: what it held in memory is gone, the process is there.
        await using var killed = Open(new NeverPlug());
        _ = killed.StartAsync(spec, default);
        await UntilAsync(() => File.Exists(new GuestFiles(GuestFolder(spec.Id)).Qmp));
        await killed.DisposeAsync();
        await RestartAsync();
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
        QemuProcess.FindAll(GuestFolder(spec.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Adopt_PidFileLost_EndsTheStray()
    {
        var spec = await StartedAsync();
        File.Delete(new GuestFiles(GuestFolder(spec.Id)).PidFile);
        await RestartAsync();
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
        QemuProcess.FindAll(GuestFolder(spec.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Stop_GuestThatDoesNotAnswer_EndsIt()
    {
        var spec = await StartedAsync();
        var pid = QemuProcess.FindAll(GuestFolder(spec.Id)).ShouldHaveSingleItem();
        await _ns.RunOrThrowAsync("kill", ["-STOP", $"{pid}"]);
        await Driver.StopAsync(spec.Id, TimeSpan.Zero, default);
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
    }

    [Fact]
    public async Task Observe_AdoptedGuestThatIsStuck_TimesOutAndDoesNotEndIt()
    {
        var spec = await StartedAsync();
        await ((IAsyncDisposable)Driver).DisposeAsync();
        var pid = QemuProcess.FindAll(GuestFolder(spec.Id)).ShouldHaveSingleItem();
        await _ns.RunOrThrowAsync("kill", ["-STOP", $"{pid}"]);
        await using var next = Open(_plug, limit: TimeSpan.FromMilliseconds(200));
        for (var attempt = 0; attempt < 4; attempt++)
        {
            await Should.ThrowAsync<TimeoutException>(() => next.ObserveAsync(spec.Id, default));
        }
        await _ns.RunOrThrowAsync("kill", ["-CONT", $"{pid}"]);
        await next.DisposeAsync();
        // It first has to work off the connections that were given up.
        await TestCloud.Until(async () =>
        {
            try
            {
                await ShouldBeAsync(spec.Id, GuestPower.Running, 3);
                return true;
            }
            catch (TimeoutException)
            {
                return false;
            }
        }, answers => answers, "the guest to answer again");
    }

    [Fact]
    public async Task Create_TwoGuestsAtOnce_FetchTheImageOnce()
    {
        await Task.WhenAll(Driver.CreateAsync(Spec(NewId.Uuid()), default), Driver.CreateAsync(Spec(NewId.Uuid()), default));
        _feed.ImageOpens.ShouldBe(1);
    }

    [Fact]
    public async Task Create_ImageGone_SaysSo()
    {
        _feed.Images.Clear();
        (await Should.ThrowAsync<GuestException>(() => Driver.CreateAsync(Spec(NewId.Uuid()), default))).Message.ShouldBe($"Image {Valid.ImageId} could not be found");
    }

    [Fact]
    public async Task Reshape_PausedGuestWithCardAdded_KeepsItOverSuspend()
    {
        var spec = await StartedAsync();
        await Driver.PauseAsync(spec.Id, default);
        var more = spec with { Nics = [.. spec.Nics, Nic()] };
        await Driver.ReshapeAsync(more, default);
        await Driver.SuspendAsync(spec.Id, default);
        (await TapsAsync()).ShouldBeEmpty();
        await Driver.StartAsync(more, default);
        (await TapsAsync()).ShouldBe(more.Nics.Select(nic => TapNames.Of(nic.PortId)), ignoreOrder: true);
    }

    [Fact]
    public async Task Start_EveryKindOfHardware_IsTakenByQemu()
    {
        (string, string)[][] kinds =
        [
            [("hw_machine_type", "pc"), ("hw_disk_bus", "ide"), ("hw_vif_model", "e1000"), ("hw_video_model", "cirrus")],
            [("hw_disk_bus", "scsi"), ("hw_vif_model", "e1000e"), ("hw_video_model", "none")],
            [("hw_disk_bus", "sata"), ("hw_vif_model", "rtl8139")],
            [("hw_disk_bus", "usb"), ("hw_vif_model", "vmxnet3")],
        ];
        foreach (var kind in kinds)
        {
            var spec = Spec(NewId.Uuid()) with { Hardware = kind.ToDictionary(pair => pair.Item1, pair => pair.Item2) };
            await Driver.CreateAsync(spec, default);
            await Driver.StartAsync(spec, default);
            await ShouldBeAsync(spec.Id, GuestPower.Running, 3);
            await Driver.RemoveAsync(spec.Id, default);
        }
    }

    [Fact]
    public async Task Start_IsoImage_RunsWithoutAnOverlay()
    {
        var spec = Spec(NewId.Uuid()) with { Root = new GuestDisk(NewId.Uuid(), "iso", 0) };
        _feed.Images[spec.Root.ImageId] = () => new MemoryStream(new byte[1 << 20]);
        await Driver.CreateAsync(spec, default);
        await Driver.StartAsync(spec, default);
        await ShouldBeAsync(spec.Id, GuestPower.Running, 3);
        File.Exists(new GuestFiles(GuestFolder(spec.Id)).Overlay).ShouldBeFalse();
    }

    [Fact]
    public async Task Describe_ThisMachine_SettlesAndRemembers()
    {
        await using var driver = Open(_plug, accelerator: "auto");
        HypervisorFacts facts;
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!(facts = await driver.DescribeAsync(stop.Token)).Settled)
        {
            await Task.Yield();
        }
        facts.Type.ShouldBe("QEMU");
        facts.Version.ShouldBeGreaterThan(6_000_000);
        File.Exists(Path.Combine(_ns.Folder, "hypervisor.json")).ShouldBeTrue();
    }

    [Fact]
    public async Task Start_StateDirectoryTooDeepForSockets_WorksAllTheSame()
    {
        var deep = Path.Combine(_ns.Folder, new string('d', 100));
        await using var driver = Open(_plug, state: deep);
        var spec = Spec(NewId.Uuid());
        await driver.CreateAsync(spec, default);
        await driver.StartAsync(spec, default);
        await driver.SuspendAsync(spec.Id, default);
        await driver.StartAsync(spec, default);
        await driver.DisposeAsync();
        await using var next = Open(_plug, state: deep);
        (await next.ObserveAsync(spec.Id, default)).Power.ShouldBe(GuestPower.Running);
        await next.RemoveAsync(spec.Id, default);
        Directory.EnumerateFileSystemEntries("/run", "nephos-*").Where(link => new FileInfo(link).LinkTarget?.StartsWith(deep, StringComparison.Ordinal) == true).ShouldBeEmpty();
    }

    private QemuDriver Open(INetworkPlug plug, string accelerator = "tcg", string? state = null, TimeSpan? limit = null)
    {
        var options = new NodeOptions { Host = "node1", StateDirectory = state ?? _ns.Folder, Accelerator = accelerator };
        var folders = new GuestFolders(options);
        var images = new ImageCache(options, folders, _feed, TimeProvider.System);
        return new QemuDriver(
            folders, new Hypervisor(options, folders, _ns, NullLogger<Hypervisor>.Instance), new GuestDisks(options, folders, _feed, images, _ns), plug,
            TimeProvider.System, NullLogger<QemuDriver>.Instance) { ConnectLimit = limit ?? QmpClient.DefaultLimit };
    }

    private async Task<IReadOnlyList<string>> TapsAsync()
    {
        var result = await _ns.RunAsync("ip", ["-o", "link", "show", "type", "tun"]);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':')[1].Trim())];
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            stop.IsCancellationRequested.ShouldBeFalse("QEMU did not come up");
            await Task.Yield();
        }
    }

    private sealed class CancellingPlug(CancellationTokenSource stop) : INetworkPlug
    {
        public Task PlugAsync(string portId, string tap, CancellationToken cancel)
        {
            stop.Cancel();
            return Task.FromCanceled(cancel);
        }
    }

    private sealed class NeverPlug : INetworkPlug
    {
        public Task PlugAsync(string portId, string tap, CancellationToken cancel) => Task.Delay(Timeout.Infinite, cancel);
    }
}
