using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Processes;

namespace Nephos.Node.Compute.Qemu;

/// <summary>What was found out about QEMU on this machine; true as long as program and kernel are the same (<see cref="Key"/>).</summary>
internal sealed record HypervisorRecord(string Key, int Version, bool? Kvm);

/// <summary>
/// The QEMU of this machine: where it is, its version, which accelerator works. Finding out takes a version query (50 ms) and, where /dev/kvm exists, a probe
/// (0.1 s to 3 s); both happen once per program and kernel and are kept in <c>hypervisor.json</c>, so that no start of the node or of a guest pays for them.
/// </summary>
internal sealed partial class Hypervisor(NodeOptions options, GuestFolders folders, IProcessRunner runner, ILogger<Hypervisor> log) : IDisposable
{
    private const string Program = "qemu-system-x86_64";

    private readonly SemaphoreSlim _one = new(1);
    private HypervisorRecord? _known;
    private Task<bool>? _probe;

    /// <summary>Version and accelerator as far as known; starts the probe when it is not, and does not wait for it.</summary>
    public async Task<HypervisorFacts> DescribeAsync(CancellationToken cancel)
    {
        if (await FindAsync(cancel).ConfigureAwait(false) is not { } known)
        {
            return new HypervisorFacts("QEMU", 0, Kvm: false, Settled: true);
        }
        return new HypervisorFacts("QEMU", known.Version, known.Kvm ?? false, Settled: known.Kvm is not null);
    }

    /// <summary>The accelerator (kvm or tcg) and QEMU's version for a start; waits for a probe under way, which its own limit bounds.</summary>
    public async Task<(string Accelerator, int Version)> ForStartAsync(CancellationToken cancel)
    {
        var known = await FindAsync(cancel).ConfigureAwait(false) ?? throw new GuestException(QemuErrors.Missing);
        var kvm = known.Kvm ?? await _probe!.WaitAsync(cancel).ConfigureAwait(false);
        return (kvm ? "kvm" : "tcg", known.Version);
    }

    /// <summary>Runs QEMU, which daemonizes. Throws <see cref="GuestException"/> when it refuses.</summary>
    public async Task RunAsync(IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        ProcessResult result;
        try
        {
            result = await runner.RunAsync(Program, arguments, limit: TimeSpan.FromSeconds(60), cancel: cancel).ConfigureAwait(false);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new GuestException(QemuErrors.Missing, e);
        }
        if (!result.Ok)
        {
            LogRefused(result.ExitCode, result.Error.Trim());
            throw new GuestException(QemuErrors.Words(result.Error));
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>The number that upstream makes of a version: 7.2.22 is 7002022; zero when there is none.</summary>
    internal static int ParseVersion(string printed) =>
        VersionPattern().Match(printed) is { Success: true } match
            ? (Part(match, 1) * 1_000_000) + (Part(match, 2) * 1000) + Part(match, 3)
            : 0;

    private static int Part(Match match, int group) => int.TryParse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var part) ? part : 0;

    [GeneratedRegex(@"version (\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?")]
    private static partial Regex VersionPattern();

    private async Task<HypervisorRecord?> FindAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (Locate() is not { } key)
            {
                return null;
            }
            if (_known?.Key != key)
            {
                _known = Load() is { } stored && stored.Key == key ? stored : new HypervisorRecord(key, await AskVersionAsync(cancel).ConfigureAwait(false), null);
            }
            if (_known.Kvm is null || options.Accelerator != "auto")
            {
                Decide();
            }
            return _known;
        }
        finally
        {
            _one.Release();
        }
    }

    private void Decide()
    {
        if (options.Accelerator != "auto")
        {
            _known = _known! with { Kvm = options.Accelerator == "kvm" };
        }
        else if (!File.Exists("/dev/kvm"))
        {
            Remember(false);
        }
        else if (_probe is null)
        {
            _probe = ProbeAsync();
        }
        else if (_probe.IsCompletedSuccessfully)
        {
            Remember(_probe.Result);
        }
    }

    private async Task<bool> ProbeAsync()
    {
        var firmware = Path.Combine(folders.State, "probe.bin");
        try
        {
            GuestFolders.MakePrivate(folders.State);
            GuestFolders.WriteWhole(firmware, AcceleratorProbe.Firmware());
            var result = await runner.RunAsync(Program, AcceleratorProbe.CommandLine("kvm", firmware), limit: AcceleratorProbe.Limit).ConfigureAwait(false);
            if (result.ExitCode == AcceleratorProbe.Works)
            {
                return true;
            }
            LogNoKvm(result.Error.Trim());
        }
        catch (TimeoutException)
        {
            LogNoKvm("the guest did not come to its end");
        }
        catch (Exception e) when (e is IOException or System.ComponentModel.Win32Exception)
        {
            LogNoKvm(e.Message);
        }
        finally
        {
            File.Delete(firmware);
        }
        return false;
    }

    private void Remember(bool kvm)
    {
        _known = _known! with { Kvm = kvm };
        _probe = null;
        GuestFolders.MakePrivate(folders.State);
        GuestFolders.WriteWhole(RecordPath, JsonSerializer.SerializeToUtf8Bytes(_known, NodeJson.Default.HypervisorRecord));
    }

    private string RecordPath => Path.Combine(folders.State, "hypervisor.json");

    private HypervisorRecord? Load()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordPath), NodeJson.Default.HypervisorRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Names the program's file and the kernel; null when there is no QEMU.</summary>
    private static string? Locate()
    {
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin"))
        {
            var file = new FileInfo(Path.Combine(folder, Program));
            if (file.Exists)
            {
                return $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks} {Environment.OSVersion.Version} {File.Exists("/dev/kvm")}";
            }
        }
        return null;
    }

    private async Task<int> AskVersionAsync(CancellationToken cancel) =>
        ParseVersion(await runner.RunOrThrowAsync(Program, ["--version"], cancel: cancel).ConfigureAwait(false));

    [LoggerMessage(LogLevel.Warning, "KVM is there but a tiny guest did not run on it ({Reason}): guests are emulated by TCG")]
    private partial void LogNoKvm(string reason);

    [LoggerMessage(LogLevel.Warning, "QEMU ended with {Code}: {Error}")]
    private partial void LogRefused(int code, string error);
}
