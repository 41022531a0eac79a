using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.NeutronConversation;

namespace Nephos.Neutron.Tests.Tags;

public sealed class TagEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    [Fact]
    public async Task Tags_OfANetwork_AreSetReadAndFilteredBy()
    {
        var user = cloud.NewUser();
        var id = await user.Network();
        var path = $"{V2}/networks/{id}/tags";
        (await user.Put(path, new { tags = new[] { "red", "blue", "red" } })).Is(200)["tags"].ToJsonString().ShouldBe("""["blue","red"]""");
        (await user.Put(path + "/green")).Is(201);
        (await user.Get(path + "/green")).Is(204);
        (await user.Get(path + "/gray")).Is(404).Type().ShouldBe("TagNotFound");
        (await user.Post(path, new { tags = new[] { "gold" } })).Is(201);
        (await user.Get($"{V2}/networks/{id}")).Is(200)["network"]["tags"]!.ToJsonString().ShouldBe("""["blue","gold","green","red"]""");
        (await user.Get($"{V2}/networks?tags=red,blue")).Is(200)["networks"].AsArray().Count.ShouldBe(1);
        (await user.Get($"{V2}/networks?tags=red,pink")).Is(200)["networks"].AsArray().Count.ShouldBe(0);
        (await user.Get($"{V2}/networks?tags-any=red,pink")).Is(200)["networks"].AsArray().Count.ShouldBe(1);
        (await user.Get($"{V2}/networks?not-tags-any=red&tenant_id={user.ProjectId}")).Is(200)["networks"].AsArray().Count.ShouldBe(0);
        (await user.Delete(path + "/red")).Is(204);
        (await user.Delete(path + "/red")).Is(404);
        (await user.Delete(path)).Is(204);
        (await user.Get(path)).Is(200)["tags"].AsArray().ShouldBeEmpty();
        (await user.Put(path, new { tags = new[] { new string('x', 256) } })).Is(400);
        (await user.Put(path, """{"tags":"red"}""")).Is(400);
        (await cloud.NewUser().Get(path)).Is(404).Type().ShouldBe("TagResourceNotFound");
        (await cloud.NewUser("reader", user.ProjectId).Put(path + "/a")).Is(403);
    }

    [Theory]
    [InlineData("network")]
    [InlineData("security_group")]
    public async Task Create_WithTags_HasThem(string kind)
    {
        var user = cloud.NewUser();
        var path = $"{V2}/{kind.Replace('_', '-')}s";
        var made = (await user.Post(path, $$$"""{"{{{kind}}}":{"name":"n","tags":["b","a"]}}""")).Is(201)[kind];
        made["tags"]!.ToJsonString().ShouldBe("""["a","b"]""");
        (await user.Put($"{path}/{made.Id()}/tags/c")).Is(201);
    }
}
