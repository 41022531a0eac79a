using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Node;
using Nephos.Kernel.Processes;
using Nephos.Node.Compute;
using Nephos.Node.Networks;

namespace Nephos.Node;

/// <summary>
/// Stops what a node left running on this machine, for <c>nephos down --guests</c>: guests are powered off (their disks stay), networks are removed. The
/// cloud must not be running; the rows stay as they are, and its next start finds the guests down and reports that.
/// </summary>
public static class NodeShutdown
{
    /// <param name="graceful">How long each guest may take to power off before it is stopped hard.</param>
    /// <returns>How many guests were running.</returns>
    public static async Task<int> StopAllAsync(NodeOptions options, TimeSpan graceful, CancellationToken cancel)
    {
        var services = new ServiceCollection().AddLogging().AddNode(options).AddSingleton<NoCloud>();
        services.AddSingleton<IGuestFeed>(p => p.GetRequiredService<NoCloud>());
        services.AddSingleton<INetworkFeed>(p => p.GetRequiredService<NoCloud>());
        services.AddSingleton<IInstanceMetadata>(p => p.GetRequiredService<NoCloud>());
        await using var provider = services.BuildServiceProvider();
        var driver = provider.GetRequiredService<IComputeDriver>();
        var guests = await driver.AdoptAsync(cancel).ConfigureAwait(false);
        var running = 0;
        await Parallel.ForEachAsync(guests, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancel }, async (id, stop) =>
        {
            var state = await driver.ObserveAsync(id, stop).ConfigureAwait(false);
            if (state.Power is not (GuestPower.Running or GuestPower.Paused)) { return; }
            Interlocked.Increment(ref running);
            await driver.StopAsync(id, graceful, stop).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await NodeNetworks.RemoveAllAsync(options, provider.GetRequiredService<IProcessRunner>(), cancel).ConfigureAwait(false);
        return running;
    }

    /// <summary>Nobody to speak to: stopping needs no desired state.</summary>
    private sealed class NoCloud : IGuestFeed, INetworkFeed, IInstanceMetadata
    {
        private static InvalidOperationException Asked() => new("the cloud is not running");
        Task<GuestDelta> IGuestFeed.PullAsync(string host, long since, CancellationToken cancel) => throw Asked();
        Task IGuestFeed.ReportAsync(string host, GuestReport report, CancellationToken cancel) => throw Asked();
        Task IGuestFeed.ReportNodeAsync(NodeFacts facts, CancellationToken cancel) => throw Asked();
        Task<Stream?> IGuestFeed.OpenImageAsync(string host, string imageId, CancellationToken cancel) => throw Asked();
        Task<InstanceTree?> IGuestFeed.GetTreeAsync(string host, string serverId, CancellationToken cancel) => throw Asked();
        Task<NetworkDelta> INetworkFeed.PullAsync(string host, long since, CancellationToken cancel) => throw Asked();
        Task INetworkFeed.ReportAsync(string host, IReadOnlyList<NetworkReport> reports, CancellationToken cancel) => throw Asked();
        Task INetworkFeed.ReportAgentsAsync(string host, IReadOnlyList<AgentFacts> agents, CancellationToken cancel) => throw Asked();
        Task<InstanceTree?> IInstanceMetadata.FindAsync(string networkId, string ipAddress, CancellationToken cancel) => throw Asked();
        Task<PasswordOutcome> IInstanceMetadata.SetPasswordAsync(string networkId, string ipAddress, string password, CancellationToken cancel) => throw Asked();
    }
}
