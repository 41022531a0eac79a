#pragma warning disable RS0030 // It starts a database server of its own.
using Nephos.Kernel.Processes;

namespace Nephos.Testing;

/// <summary>A PostgreSQL server of our own in a temporary folder, reached through a socket in it.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nephos-pg-").FullName;
    private readonly ProcessRunner _runner = new();
    private readonly string _binaries = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin/";

    public string ConnectionString => $"Host={_directory};Username=postgres;Database=postgres;Maximum Pool Size=20";

    public async Task StartAsync()
    {
        var data = Path.Combine(_directory, "data");
        if (Environment.IsPrivilegedProcess) { await _runner.RunOrThrowAsync("chown", ["postgres", _directory]); }
        await Run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync");
        await Run("pg_ctl", "-D", data, "-w", "-l", Path.Combine(_directory, "log"), "-o", $"-k {_directory} -c listen_addresses= -c fsync=off", "start");
    }

    public async ValueTask DisposeAsync()
    {
        await Run("pg_ctl", "-D", Path.Combine(_directory, "data"), "-m", "immediate", "stop");
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private Task<string> Run(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? _runner.RunOrThrowAsync("runuser", ["-u", "postgres", "--", _binaries + program, .. arguments])
        : _runner.RunOrThrowAsync(_binaries + program, arguments);
}
