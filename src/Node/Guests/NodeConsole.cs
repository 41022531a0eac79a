using Nephos.Contracts.Node;
using Nephos.Node.Compute;

namespace Nephos.Node.Guests;

/// <summary>Consoles of this host's guests.</summary>
public sealed class NodeConsole(NodeOptions options, IComputeDriver driver) : INodeConsole
{
    public Task<string> ReadConsoleAsync(string host, string serverId, int? lines, CancellationToken cancel) =>
        IsHere(host) ? driver.ReadConsoleAsync(serverId, lines, cancel) : Task.FromResult("");

    public Task<Stream?> OpenVncAsync(string host, string serverId, CancellationToken cancel) =>
        IsHere(host) ? driver.OpenVncAsync(serverId, cancel) : Task.FromResult<Stream?>(null);

    private bool IsHere(string host) => string.Equals(host, options.Host, StringComparison.Ordinal);
}
