using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Node.Compute;
using Shouldly;
using Xunit;

namespace Nephos.Testing.Kits;

/// <summary>
/// The contract of <see cref="IComputeDriver"/>. A driver's tests derive from it and say how to open the driver on the same state again, how to kill a
/// guest from outside, and which ports were plugged.
/// </summary>
public abstract class ComputeDriverKit : IAsyncLifetime
{
    private IComputeDriver? _driver;

    /// <summary>How long an event may take.</summary>
    protected virtual TimeSpan Patience => TimeSpan.FromSeconds(60);

    /// <summary>The driver under test; replaced by <see cref="RestartAsync"/>.</summary>
    protected IComputeDriver Driver => _driver ?? throw new InvalidOperationException("The kit was not initialised");

    /// <summary>A driver on the state directory of this test, as a newly started program would make it.</summary>
    protected abstract Task<IComputeDriver> OpenAsync();

    /// <summary>Ends the guest behind the driver's back.</summary>
    protected abstract Task KillAsync(string id);

    /// <summary>The ports that were plugged so far, in order.</summary>
    protected abstract IReadOnlyList<string> Plugged { get; }

    /// <summary>What is left on disk of the guest.</summary>
    protected abstract bool HasTraces(string id);

    /// <summary>A guest that this driver can start.</summary>
    protected abstract GuestSpec Spec(string id);

    public virtual async Task InitializeAsync() => _driver = await OpenAsync();

    public virtual async Task DisposeAsync()
    {
        foreach (var id in await Driver.AdoptAsync(default))
        {
            await Driver.RemoveAsync(id, default);
        }
        await CloseAsync(Driver);
    }

    [Fact]
    public async Task Observe_UnknownGuest_IsAbsent() =>
        (await Driver.ObserveAsync(NewId.Uuid(), default)).ShouldBe(new GuestState(GuestPower.Absent, 0));

    [Fact]
    public async Task Create_Twice_LeavesAStoppedGuest()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        await Driver.CreateAsync(spec, default);
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
        (await Driver.AdoptAsync(default)).ShouldContain(spec.Id);
    }

    [Fact]
    public async Task Start_Twice_RunsWithItsBoots()
    {
        var spec = await StartedAsync();
        await Driver.StartAsync(spec, default);
        await ShouldBeAsync(spec.Id, GuestPower.Running, spec.Boots);
        Plugged.ShouldBe(spec.Nics.Select(nic => nic.PortId));
    }

    [Fact]
    public async Task Start_AbsentGuest_Throws() => await Should.ThrowAsync<GuestException>(() => Driver.StartAsync(Spec(NewId.Uuid()), default));

    [Fact]
    public async Task Pause_Twice_HoldsAndStartGoesOn()
    {
        var spec = await StartedAsync();
        await Driver.PauseAsync(spec.Id, default);
        await Driver.PauseAsync(spec.Id, default);
        await ShouldBeAsync(spec.Id, GuestPower.Paused, spec.Boots);
        await Driver.StartAsync(spec with { Boots = spec.Boots + 1 }, default);
        await ShouldBeAsync(spec.Id, GuestPower.Running, spec.Boots);
    }

    [Fact]
    public async Task Diagnose_RunningGuest_CountsItsHardware_AndNothingElse()
    {
        (await Driver.DiagnoseAsync(NewId.Uuid(), default)).ShouldBeNull();
        var spec = await StartedAsync();
        var found = (await Driver.DiagnoseAsync(spec.Id, default)).ShouldNotBeNull();
        found.MemoryMib.ShouldBe(spec.RamMib);
        found.Cpus.Select(cpu => cpu.Id).ShouldBe(Enumerable.Range(0, spec.Vcpus));
        found.Disks.ShouldNotBeEmpty();
        found.Nics.Select(nic => (nic.PortId, nic.MacAddress)).ShouldBe(spec.Nics.Select(nic => (nic.PortId, nic.Mac)));
        await Driver.StopAsync(spec.Id, TimeSpan.Zero, default);
        (await Driver.DiagnoseAsync(spec.Id, default)).ShouldBeNull();
    }

    [Fact]
    public async Task Pause_StoppedGuest_Throws()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        await Should.ThrowAsync<GuestException>(() => Driver.PauseAsync(spec.Id, default));
        await Should.ThrowAsync<GuestException>(() => Driver.SuspendAsync(spec.Id, default));
    }

    [Fact]
    public async Task Suspend_Twice_EndsTheProcessAndStartGoesOn()
    {
        var spec = await StartedAsync();
        await Driver.SuspendAsync(spec.Id, default);
        await Driver.SuspendAsync(spec.Id, default);
        await ShouldBeAsync(spec.Id, GuestPower.Suspended, spec.Boots);
        (await Driver.OpenVncAsync(spec.Id, default)).ShouldBeNull();
        await RestartAsync();
        await ShouldBeAsync(spec.Id, GuestPower.Suspended, spec.Boots);
        await Driver.StartAsync(spec, default);
        await ShouldBeAsync(spec.Id, GuestPower.Running, spec.Boots);
    }

    [Fact]
    public async Task Stop_Twice_KeepsTheDisk()
    {
        var spec = await StartedAsync();
        await Driver.StopAsync(spec.Id, TimeSpan.Zero, default);
        await Driver.StopAsync(spec.Id, TimeSpan.Zero, default);
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
        await Driver.StartAsync(spec with { Boots = spec.Boots + 1 }, default);
        await ShouldBeAsync(spec.Id, GuestPower.Running, spec.Boots + 1);
    }

    [Fact]
    public async Task Stop_SuspendedGuest_ForgetsTheMemory()
    {
        var spec = await StartedAsync();
        await Driver.SuspendAsync(spec.Id, default);
        await Driver.StopAsync(spec.Id, TimeSpan.Zero, default);
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
    }

    [Fact]
    public async Task Stop_UnknownGuest_DoesNothing() => await Driver.StopAsync(NewId.Uuid(), TimeSpan.FromSeconds(1), default);

    [Fact]
    public async Task Remove_RunningGuestTwice_LeavesNothing()
    {
        var spec = await StartedAsync();
        await Driver.RemoveAsync(spec.Id, default);
        await Driver.RemoveAsync(spec.Id, default);
        await ShouldBeAsync(spec.Id, GuestPower.Absent, 0);
        HasTraces(spec.Id).ShouldBeFalse("a removed guest left something on disk");
        (await Driver.AdoptAsync(default)).ShouldNotContain(spec.Id);
    }

    [Fact]
    public async Task Restart_OfTheProgram_FindsTheGuestRunning()
    {
        var spec = await StartedAsync();
        await RestartAsync();
        (await Driver.AdoptAsync(default)).ShouldContain(spec.Id);
        await ShouldBeAsync(spec.Id, GuestPower.Running, spec.Boots);
        await Driver.PauseAsync(spec.Id, default);
        await ShouldBeAsync(spec.Id, GuestPower.Paused, spec.Boots);
    }

    [Fact]
    public async Task Changed_GuestKilled_IsRaisedAndTheGuestIsStopped()
    {
        var spec = await StartedAsync();
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Driver.Changed += id =>
        {
            if (id == spec.Id)
            {
                changed.TrySetResult();
            }
        };
        await KillAsync(spec.Id);
        (await Task.WhenAny(changed.Task, Task.Delay(Patience))).ShouldBe(changed.Task, "no Changed event for a killed guest");
        await ShouldBeAsync(spec.Id, GuestPower.Stopped, 0);
    }

    [Fact]
    public async Task Reshape_CardAdded_IsPluggedOnce()
    {
        var spec = await StartedAsync();
        Driver.Capabilities.HotPlugNics.ShouldBeTrue("a driver without hot-plug overrides this test");
        var more = spec with { Nics = [.. spec.Nics, Nic()] };
        await Driver.ReshapeAsync(more, default);
        await Driver.ReshapeAsync(more, default);
        Plugged.ShouldBe(more.Nics.Select(nic => nic.PortId));
    }

    [Fact]
    public async Task Console_GuestThatNeverRan_IsEmpty() => (await Driver.ReadConsoleAsync(NewId.Uuid(), 10, default)).ShouldBeEmpty();

    [Fact]
    public async Task Vnc_RunningGuest_SpeaksRfb()
    {
        var spec = await StartedAsync();
        await using var vnc = (await Driver.OpenVncAsync(spec.Id, default)).ShouldNotBeNull();
        var greeting = new byte[4];
        await vnc.ReadExactlyAsync(greeting);
        greeting.ShouldBe("RFB "u8.ToArray());
    }

    /// <summary>A network card of a new port.</summary>
    protected static GuestNic Nic()
    {
        var port = NewId.Uuid();
        return new GuestNic(port, NewId.Uuid(), $"fa:16:3e:{port[..2]}:{port[2..4]}:{port[4..6]}", 1450);
    }

    /// <summary>A created and started guest.</summary>
    protected async Task<GuestSpec> StartedAsync()
    {
        var spec = Spec(NewId.Uuid());
        await Driver.CreateAsync(spec, default);
        await Driver.StartAsync(spec, default);
        return spec;
    }

    /// <summary>The program ends and starts again; guests go on.</summary>
    protected async Task RestartAsync()
    {
        await CloseAsync(Driver);
        _driver = await OpenAsync();
    }

    protected async Task ShouldBeAsync(string id, GuestPower power, long boots) =>
        (await Driver.ObserveAsync(id, default)).ShouldBe(new GuestState(power, boots));

    private static async Task CloseAsync(IComputeDriver driver)
    {
        if (driver is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}
