using Nephos.Contracts.Node;
using Nephos.Node.Compute;

namespace Nephos.Node.Guests;

/// <summary>Consoles of this host's guests, and what is counted of them.</summary>
public sealed class NodeConsole(NodeOptions options, IComputeDriver driver) : INodeConsole
{
    public Task<string> ReadConsoleAsync(string host, string serverId, int? lines, CancellationToken cancel) =>
        IsHere(host) ? driver.ReadConsoleAsync(serverId, lines, cancel) : Task.FromResult("");

    public Task<Stream?> OpenVncAsync(string host, string serverId, CancellationToken cancel) =>
        IsHere(host) ? driver.OpenVncAsync(serverId, cancel) : Task.FromResult<Stream?>(null);

    public Task<GuestDiagnostics?> DiagnoseAsync(string host, string serverId, CancellationToken cancel) =>
        IsHere(host) ? driver.DiagnoseAsync(serverId, cancel) : Task.FromResult<GuestDiagnostics?>(null);

    private bool IsHere(string host) => string.Equals(host, options.Host, StringComparison.Ordinal);
}
