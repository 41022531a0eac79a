using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Processes;
using Nephos.Node.Networks;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

/// <summary>The node is killed between any two programs it runs; the next one converges and leaves nothing behind.</summary>
[Trait("Category", "Live")]
public sealed class KilledDriverLiveTests
{
    [Fact]
    public async Task Kill_AtAnyProgram_ThenAFullPassConverges()
    {
        await using var lab = await NetworkLab.CreateAsync();
        var outside = Records.Public();
        var network = Records.Network();
        var group = Records.Group(Records.AllowAllOut, Records.Allow("icmp"));
        var port = Records.Port(network, 11, group.Id);
        var state = Records.State(network, [port], group);
        var router = Records.Router(outside, "172.24.4.10", [new FloatingIpSpec(NewId.Uuid(), "172.24.4.100", "10.7.0.11")], network);
        var whole = new Mortal(int.MaxValue);
        await RunAsync(lab, whole, outside, state, router);
        await RemoveAsync(lab, new Mortal(int.MaxValue), state, router);
        whole.Calls.ShouldBeInRange(10, 40, "a network and a router cost a bounded number of programs");

        for (var calls = 0; calls < whole.Calls; calls++)
        {
            await DieAsync(() => RunAsync(lab, new Mortal(calls), outside, state, router));
            // A death in removal, too, of what the death in making left.
            await DieAsync(() => RemoveAsync(lab, new Mortal(calls % 5), state, router));
            await RunAsync(lab, new Mortal(int.MaxValue), outside, state, router);
            var names = new NodeNames(lab.Options.StateDirectory);
            var inside = (await lab.RunAsync(Netns.Named(names.Router(router.Router.Id)), "ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", "10.7.0.2")).Output;
            inside.ShouldContain("bytes from", customMessage: $"after a death at call {calls}");
            (await lab.RunAsync(Netns.Named(names.Router(router.Router.Id)), "ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", NetworkLab.HostAddress)).Output
                .ShouldContain("bytes from", customMessage: $"after a death at call {calls}");
            await RemoveAsync(lab, new Mortal(int.MaxValue), state, router);
            (await lab.LeftoversAsync()).ShouldBe("", $"after a death at call {calls}");
        }
    }

    private static LinuxBridgeDriver Driver(NetworkLab lab, IProcessRunner runner) =>
        new(runner, lab.Options, lab.Home, new NoServers(), NullLogger<LinuxBridgeDriver>.Instance);

    private static async Task RunAsync(NetworkLab lab, Mortal runner, NetworkSpec outside, NetworkState state, RouterState router)
    {
        await using var driver = Driver(lab, runner);
        await driver.PrepareAsync(default);
        await driver.ApplyNetworkAsync(Records.State(outside, []), default);
        await driver.ApplyNetworkAsync(state, default);
        await driver.ApplyRouterAsync(router, default);
    }

    private static async Task RemoveAsync(NetworkLab lab, Mortal runner, NetworkState state, RouterState router)
    {
        await using var driver = Driver(lab, runner);
        await driver.RemoveRouterAsync(router.Router.Id, default);
        await driver.RemoveNetworkAsync(state.Network.Id, default);
        await driver.RemoveAllAsync(default);
    }

    private static async Task DieAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException)
        {
            // Died as told.
        }
    }

    /// <summary>Runs that many programs, and after the last one "dies": its effect is there, its caller does not go on.</summary>
    private sealed class Mortal(int calls) : IProcessRunner
    {
        private readonly ProcessRunner _runner = new();
        private int _left = calls;

        public int Calls { get; private set; }

        public async Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, ReadOnlyMemory<byte>? input = null, TimeSpan? limit = null, CancellationToken cancel = default)
        {
            if (Interlocked.Decrement(ref _left) < 0)
            {
                throw new OperationCanceledException("dead");
            }
            Calls++;
            return await _runner.RunAsync(program, arguments, input, limit, cancel);
        }
    }
}
