using Nephos.Kernel.Api;
using Nephos.Kernel.Processes;
using Nephos.Keystone;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests.Clients;

/// <summary>Placement and Keystone on a port of the loopback.</summary>
public sealed class ListeningCloud : TestCloud
{
    protected override bool Listens => true;
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService(), new PlacementService()];
}

/// <summary>The real <c>openstack</c> client with osc-placement (Debian's packages) says each of its placement commands: <c>placement-conversation.txt</c>.</summary>
public sealed class PlacementClientTests(ListeningCloud cloud) : IClassFixture<ListeningCloud>
{
    [Fact]
    public async Task Client_EveryPlacementCommand_DoesWhatItSays()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Placement.Tests", "Clients");
        var converse = Path.Combine(Repository.Root, "tests", "Keystone.Tests", "Clients", "converse.py");
        var result = await cloud.Get<IProcessRunner>().RunAsync(
            "/usr/bin/python3", [converse, Path.Combine(folder, "placement-conversation.txt"), Path.Combine(folder, "placement-commands.txt"), cloud.Url + "/identity/v3", "secret", cloud.StateDirectory]);
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
    }
}
