using Nephos.Host.Control;
using Nephos.Kernel.Processes;

namespace Nephos.Host.Startup;

/// <summary><c>up --detach</c>: starts the same command without it in a session of its own, and waits until it is ready.</summary>
internal static class Background
{
    public static async Task<int> StartAsync(string state, string[] arguments, CancellationToken cancel)
    {
        Directory.CreateDirectory(state);
        var log = Path.Combine(state, "nephos.log");
        var program = Environment.ProcessPath!;
        string[] self = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Environment.GetCommandLineArgs()[0]] : [program];
        var words = self.Concat(arguments.Where(a => a != "--detach")).Select(ClientFiles.Quote);
        // The shell only redirects and becomes the program; every word is quoted.
        await new ProcessRunner().RunOrThrowAsync("setsid", ["--fork", "sh", "-c", $"exec {string.Join(' ', words)} </dev/null >>{ClientFiles.Quote(log)} 2>&1"], cancel: cancel).ConfigureAwait(false);
        using var client = new ControlClient(state);
        var deadline = Environment.TickCount64 + 120_000;
        while (Environment.TickCount64 < deadline)
        {
            if (await client.StatusAsync(cancel).ConfigureAwait(false) is { } status)
            {
                Console.WriteLine($"The cloud runs at {status.Url} (pid {status.ProcessId}, log {log}).");
                Console.WriteLine(RunningCloud.Hint(state));
                return 0;
            }
            await Task.Delay(50, cancel).ConfigureAwait(false);
        }
        Console.Error.WriteLine($"nephos: the cloud did not become ready within 120 s; its log is {log}");
        return 1;
    }
}
