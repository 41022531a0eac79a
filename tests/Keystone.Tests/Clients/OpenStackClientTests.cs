using Nephos.Kernel.Api;
using Nephos.Kernel.Processes;
using Nephos.Testing;
using Shouldly;
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
    public async Task Client_EveryIdentityCommand_DoesWhatItSays()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Keystone.Tests", "Clients");
        var result = await cloud.Get<IProcessRunner>().RunAsync(
            "/usr/bin/python3", [Path.Combine(folder, "converse.py"), Path.Combine(folder, "identity-conversation.txt"), Path.Combine(folder, "identity-commands.txt"), cloud.Url + "/identity/v3", "secret", cloud.StateDirectory]);
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
    }
}
