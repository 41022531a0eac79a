#pragma warning disable RS0030 // It starts and stops whole programs and measures time.
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Nephos.Bench;

/// <summary>The program in a process of its own.</summary>
internal sealed class Cloud : IDisposable
{
    public const string Url = "http://127.0.0.1:8790";
    private readonly Process _process;
    private readonly string _state;

    private Cloud(Process process, string state, double readyAfter)
    {
        _process = process;
        _state = state;
        ReadyAfter = readyAfter;
        Http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 128 }) { BaseAddress = new Uri(Url), Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>Milliseconds from the start of the process to its line that says ready.</summary>
    public double ReadyAfter { get; }
    public HttpClient Http { get; }
    public string ProjectId { get; private set; } = "";
    public string Password => File.ReadAllText(Path.Combine(_state, "admin-password")).Trim();

    public static async Task<Cloud> StartAsync(string program, string state)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in new[] { "up", "--drivers", "fake", "--state", state, "--listen", Url[7..] }) { start.ArgumentList.Add(word); }
        var watch = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("Nephos is ready", StringComparison.Ordinal)) { return new Cloud(process, state, watch.Elapsed.TotalMilliseconds); }
        }
        throw new InvalidOperationException("the program ended before it was ready");
    }

    public async Task LoginAsync()
    {
        var domain = new { id = "default" };
        using var answer = await Http.PostAsJsonAsync("/identity/v3/auth/tokens", new
        {
            auth = new
            {
                identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", domain, password = Password } } },
                scope = new { project = new { name = "admin", domain } },
            },
        });
        answer.EnsureSuccessStatusCode();
        ProjectId = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["token"]!["project"]!["id"]!.ToString();
        Http.DefaultRequestHeaders.Add("X-Auth-Token", answer.Headers.GetValues("X-Subject-Token").Single());
    }

    /// <summary>Proportional set size: the process's own memory and its share of what it shares.</summary>
    public long PssMib() => File.ReadLines($"/proc/{_process.Id}/smaps_rollup").Where(l => l.StartsWith("Pss:", StringComparison.Ordinal))
        .Select(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) >> 10).First();

    /// <summary>What all of the program's threads have taken so far: tells more than the clock where others use the processors too.</summary>
    public double ProcessorMs()
    {
        _process.Refresh();
        return _process.TotalProcessorTime.TotalMilliseconds;
    }

    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited) { _process.Kill(); }
        _process.Dispose();
        Http.Dispose();
    }
}
