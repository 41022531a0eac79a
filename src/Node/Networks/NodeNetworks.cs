using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Kernel.Processes;
using Nephos.Kernel.Signals;
using Nephos.Node.Networks.Fake;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks;

/// <summary>The network side of the node. It needs <see cref="INetworkFeed"/> and <see cref="IInstanceMetadata"/> from the cloud and offers <see cref="INetworkPlug"/> to the guests' side.</summary>
public static class NodeNetworks
{
    public static IServiceCollection AddNodeNetworks(this IServiceCollection services, NodeOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SignalHub>();
        services.TryAddSingleton<IProcessRunner, ProcessRunner>();
        switch (options.NetworkDriver)
        {
            case "linuxbridge":
                services.AddSingleton<INetworkDriver>(provider => new LinuxBridgeDriver(
                    provider.GetRequiredService<IProcessRunner>(), options, Netns.Own,
                    new NamespaceServers(provider.GetRequiredService<IInstanceMetadata>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()),
                    provider.GetRequiredService<ILogger<LinuxBridgeDriver>>()));
                break;
            case "fake":
                services.TryAddSingleton<FakeNetworkKnobs>();
                services.AddSingleton(provider => new FakeNetworkDriver(options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<FakeNetworkKnobs>()));
                services.AddSingleton<INetworkDriver>(static provider => provider.GetRequiredService<FakeNetworkDriver>());
                break;
            default:
                throw new ArgumentException($"There is no network driver '{options.NetworkDriver}'; there are linuxbridge and fake", nameof(options));
        }
        services.AddSingleton(provider => new NetworkAgent(options, provider.GetRequiredService<INetworkDriver>(), provider.GetRequiredService<INetworkFeed>(),
            provider.GetRequiredService<SignalHub>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<NetworkAgent>>()));
        services.AddSingleton<INetworkPlug>(static provider => provider.GetRequiredService<NetworkAgent>());
        services.AddHostedService(static provider => provider.GetRequiredService<NetworkAgent>());
        return services;
    }

    /// <summary>Removes every namespace, bridge, rule and route of this node from the machine, for <c>nephos down --guests</c>. No agent may run meanwhile.</summary>
    public static async Task RemoveAllAsync(NodeOptions options, IProcessRunner runner, CancellationToken cancel)
    {
        await using INetworkDriver driver = options.NetworkDriver == "fake"
            ? new FakeNetworkDriver(options, TimeProvider.System, new FakeNetworkKnobs())
            : new LinuxBridgeDriver(runner, options, Netns.Own, new NoServers(), Microsoft.Extensions.Logging.Abstractions.NullLogger<LinuxBridgeDriver>.Instance);
        await driver.RemoveAllAsync(cancel);
    }
}
