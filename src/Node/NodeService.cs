using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Processes;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Fake;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Guests;
using Nephos.Node.Networks;

namespace Nephos.Node;

/// <summary>
/// The node role: everything that touches this machine. It needs <see cref="IGuestFeed"/>, <see cref="INetworkFeed"/> and <see cref="IInstanceMetadata"/> from whoever
/// speaks for the cloud, and offers <see cref="INodeConsole"/>.
/// </summary>
public static class NodeService
{
    public static IServiceCollection AddNode(this IServiceCollection services, NodeOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SignalHub>();
        services.TryAddSingleton<IProcessRunner, ProcessRunner>();
        // Networks first: a guest that starts waits for its ports to be plugged.
        services.AddNodeNetworks(options);
        services.AddSingleton<GuestFolders>();
        services.AddComputeDriver(options);
        services.AddSingleton<INodeConsole, NodeConsole>();
        services.AddSingleton<GuestAgent>();
        services.AddHostedService(provider => provider.GetRequiredService<GuestAgent>());
        return services;
    }

    private static void AddComputeDriver(this IServiceCollection services, NodeOptions options)
    {
        switch (options.ComputeDriver)
        {
            case "qemu":
                services.AddSingleton<Hypervisor>();
                services.AddSingleton<ImageCache>();
                services.AddSingleton<GuestDisks>();
                services.AddSingleton<IComputeDriver, QemuDriver>();
                break;
            case "fake":
                services.AddSingleton<FakeKnobs>();
                services.AddSingleton<FakeDriver>();
                services.AddSingleton<IComputeDriver>(provider => provider.GetRequiredService<FakeDriver>());
                break;
            default:
                throw new ArgumentException($"There is no compute driver '{options.ComputeDriver}'; there are qemu and fake", nameof(options));
        }
    }
}
