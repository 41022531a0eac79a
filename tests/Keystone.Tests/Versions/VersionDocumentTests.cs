using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Versions;

public sealed class VersionDocumentTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private Task<TestReply> Ask(string path, string? accept) => cloud.Anonymous.Send(HttpMethod.Get, "/identity" + path, null, accept is null ? [] : [("Accept", accept)]);

    [Fact]
    public async Task Root_WithoutAccept_ListsVersions()
    {
        var all = (await Ask("/", null)).Is(300);
        all.Header("Location").ShouldBe("http://localhost/identity/v3/");
        var version = (await Ask("/v3", "application/json")).Is(200)["version"];
        version.ToJsonString().Replace("\\u002B", "+", StringComparison.Ordinal).ShouldBe("""{"id":"v3.14","status":"stable","updated":"2020-04-07T00:00:00Z","links":[{"rel":"self","href":"http://localhost/identity/v3/"}],"media-types":[{"base":"application/json","type":"application/vnd.openstack.identity-v3+json"}]}""");
        all["versions"]["values"]![0]!.ToJsonString().ShouldBe(version.ToJsonString());
        (await Ask("/v3/", null)).Is(200);
        (await cloud.Anonymous.Head("/identity/v3")).Is(200);
    }

    [Theory]
    [InlineData("application/json-home")]
    [InlineData("application/json;q=0.5, application/json-home")]
    [InlineData("*/*, application/json-home")]
    public async Task V3_JsonHomeAccepted_IsTheTableOfContents(string accept)
    {
        var home = (await Ask("/v3", accept)).Is(200);
        home.Header("Content-Type").ShouldBe("application/json-home");
        var resources = home["resources"];
        resources["https://docs.openstack.org/api/openstack-identity/3/rel/user"]!["href-template"]!.ToString().ShouldBe("/users/{user_id}");
        resources["https://docs.openstack.org/api/openstack-identity/3/rel/user"]!["href-vars"]!["user_id"]!.ToString().ShouldBe("https://docs.openstack.org/api/openstack-identity/3/param/user_id");
        resources["https://docs.openstack.org/api/openstack-identity/3/rel/limits"]!["hints"]!["status"]!.ToString().ShouldBe("experimental");
        (await Ask("/", accept)).Is(200)["resources"]["https://docs.openstack.org/api/openstack-identity/3/rel/users"]!["href"]!.ToString().ShouldBe("/v3/users");
    }

    [Theory]
    [InlineData("application/json, application/json-home")]
    [InlineData("text/html")]
    [InlineData("*/*")]
    [InlineData("not a media type,,;")]
    public async Task V3_JsonHomeNotPreferred_IsPlain(string accept) => (await Ask("/v3", accept)).Is(200)["version"]["id"]!.ToString().ShouldBe("v3.14");
}
