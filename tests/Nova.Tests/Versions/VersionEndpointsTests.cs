using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Versions;

public sealed class VersionEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    [Theory]
    [InlineData("/compute")]
    [InlineData("/compute/")]
    public async Task List_WithoutToken_NamesTheFrozenVersionFirst(string path)
    {
        var versions = (await cloud.Anonymous.Get(path)).Is(200)["versions"];
        (versions[0]!["id"]!.ToString(), versions[0]!["status"]!.ToString(), versions[0]!["version"]!.ToString()).ShouldBe(("v2.0", "SUPPORTED", ""));
        var version = versions[1]!;
        version["id"]!.ToString().ShouldBe("v2.1");
        version["version"]!.ToString().ShouldBe("2.104");
        version["min_version"]!.ToString().ShouldBe("2.1");
        version["links"]![0]!["href"]!.ToString().ShouldBe("http://localhost/compute/v2.1/");
    }

    [Fact]
    public async Task FrozenVersion_ServesAsTheLowest() => (await cloud.NewUser().Get("/compute/v2/flavors")).Is(200).Header("OpenStack-API-Version").ShouldBe("compute 2.1");

    [Fact]
    public async Task Show_WithoutToken_IsTheVersion() =>
        (await cloud.Anonymous.Get("/compute/v2.1/")).Is(200)["version"]["media-types"]![0]!["type"]!.ToString().ShouldBe("application/vnd.openstack.compute+json;version=2.1");

    [Fact]
    public async Task Microversion_Asked_IsAnnouncedInBothHeaders()
    {
        var reply = (await cloud.NewUser().At("compute 2.79").Get("/compute/v2.1/flavors")).Is(200);
        reply.Header("OpenStack-API-Version").ShouldBe("compute 2.79");
        reply.Header("X-OpenStack-Nova-API-Version").ShouldBe("2.79");
        (await cloud.NewUser().At("compute 2.999").Get("/compute/v2.1/flavors")).Is(406)["computeFault"]["message"]!.ToString()
            .ShouldBe("Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is 2.104.");
        (await cloud.Anonymous.Get("/compute/v2.1/flavors")).Is(401);
    }
}
