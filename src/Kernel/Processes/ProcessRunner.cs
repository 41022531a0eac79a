#pragma warning disable RS0030 // The one place that starts programs.
using System.Diagnostics;

namespace Nephos.Kernel.Processes;

/// <summary>The real runner.</summary>
public sealed class ProcessRunner : IProcessRunner
{
    /// <summary>Long enough for a slow disk, short enough that a hung tool is noticed.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    /// <inheritdoc />
    public async Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, ReadOnlyMemory<byte>? input = null, TimeSpan? limit = null, CancellationToken cancel = default)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        start.Environment.Clear();
        start.Environment["PATH"] = path + ":/usr/sbin:/sbin";
        start.Environment["LANG"] = "C";
        start.Environment["HOME"] = "/root";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(limit ?? DefaultLimit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(stop.Token);
            var error = process.StandardError.ReadToEndAsync(stop.Token);
            if (input is { } bytes)
            {
                await process.StandardInput.BaseStream.WriteAsync(bytes, stop.Token).ConfigureAwait(false);
            }
            process.StandardInput.Close();
            await process.WaitForExitAsync(stop.Token).ConfigureAwait(false);
            return new ProcessResult(process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {(limit ?? DefaultLimit).TotalSeconds:0} s");
        }
    }
}
