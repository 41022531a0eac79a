using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute;
using Nephos.Node.Guests;
using Nephos.Node.Networks;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests;

public sealed class NodeServiceTests
{
    [Theory]
    [InlineData("fake", "fake", "FakeDriver")]
    [InlineData("qemu", "linuxbridge", "QemuDriver")]
    public async Task AddNode_EachDriver_IsWhole(string compute, string network, string driver)
    {
        var services = new ServiceCollection().AddLogging()
            .AddSingleton<IGuestFeed>(new InMemoryFeed(new SignalHub()))
            .AddSingleton<INetworkFeed, NoNetworks>().AddSingleton<IInstanceMetadata, NoMetadata>()
            .AddNode(new NodeOptions { Host = "node1", StateDirectory = "/nonexistent", ComputeDriver = compute, NetworkDriver = network });
        await using var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        provider.GetRequiredService<IComputeDriver>().GetType().Name.ShouldBe(driver);
        provider.GetRequiredService<INodeConsole>().ShouldNotBeNull();
        provider.GetServices<IHostedService>().Select(service => service.GetType()).ShouldBe([typeof(NetworkAgent), typeof(GuestAgent)]);
    }

    [Fact]
    public void AddNode_UnknownDriver_NamesThoseThereAre() =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddNode(new NodeOptions { Host = "node1", StateDirectory = "/s", ComputeDriver = "xen" })).Message.ShouldContain("qemu and fake");

    private sealed class NoNetworks : INetworkFeed
    {
        public Task<NetworkDelta> PullAsync(string host, long since, CancellationToken cancel) => Task.FromResult(new NetworkDelta(1, true, [], [], [], [], []));

        public Task ReportAsync(string host, IReadOnlyList<NetworkReport> reports, CancellationToken cancel) => Task.CompletedTask;

        public Task ReportAgentsAsync(string host, IReadOnlyList<AgentFacts> agents, CancellationToken cancel) => Task.CompletedTask;
    }

    private sealed class NoMetadata : IInstanceMetadata
    {
        public Task<InstanceTree?> FindAsync(string networkId, string ipAddress, CancellationToken cancel) => Task.FromResult<InstanceTree?>(null);

        public Task<PasswordOutcome> SetPasswordAsync(string networkId, string ipAddress, string password, CancellationToken cancel) => Task.FromResult(PasswordOutcome.Unknown);
    }
}
