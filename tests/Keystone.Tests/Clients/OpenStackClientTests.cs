using Nephos.Kernel.Api;
using Nephos.Testing;
using Nephos.Testing.Clients;
using Xunit;

namespace Nephos.Keystone.Tests.Clients;

/// <summary>Keystone alone on a port of the loopback.</summary>
public sealed class ListeningCloud : TestCloud
{
    protected override bool Listens => true;
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
}

/// <summary>The real <c>openstack</c> client (Debian's python3-openstackclient) says each of its identity commands: <c>identity-conversation.txt</c>.</summary>
public sealed class OpenStackClientTests(ListeningCloud cloud) : IClassFixture<ListeningCloud>
{
    [Fact]
    public Task Client_EveryIdentityCommand_DoesWhatItSays() =>
        ClientConversation.SayAsync(cloud, "Keystone.Tests/Clients/identity-conversation.txt", "Keystone.Tests/Clients/identity-commands.txt");
}
