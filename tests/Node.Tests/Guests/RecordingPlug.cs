using System.Collections.Concurrent;
using Nephos.Node.Networks;

namespace Nephos.Node.Tests.Guests;

/// <summary>A network side that remembers what was plugged, and refuses the ports it is told to refuse.</summary>
internal sealed class RecordingPlug : INetworkPlug
{
    public ConcurrentQueue<string> Ports { get; } = new();

    public ConcurrentDictionary<string, string> Refused { get; } = new(StringComparer.Ordinal);

    public Task PlugAsync(string portId, string tap, CancellationToken cancel)
    {
        if (Refused.TryGetValue(portId, out var why))
        {
            throw new PlugException(why);
        }
        Ports.Enqueue(portId);
        return Task.CompletedTask;
    }
}
