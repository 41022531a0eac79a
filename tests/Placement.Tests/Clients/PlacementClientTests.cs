using Nephos.Kernel.Api;
using Nephos.Keystone;
using Nephos.Testing;
using Nephos.Testing.Clients;
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
    public Task Client_EveryPlacementCommand_DoesWhatItSays() =>
        ClientConversation.SayAsync(cloud, "Placement.Tests/Clients/placement-conversation.txt", "Placement.Tests/Clients/placement-commands.txt");
}
