using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Servers;

/// <summary>What a create refuses, in upstream's words.</summary>
public sealed class ServerCreateErrorsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Servers = "/compute/v2.1/servers";

    private Task<TestReply> Post(TestUser user, string members) =>
        user.Post(Servers, Body(cloud.Image, "42", members));

    private static string Body(string image, string flavor, string members = "") =>
        "{\"server\":{\"name\":\"x\",\"imageRef\":\"" + image + "\",\"flavorRef\":\"" + flavor + "\"" + (members.Length > 0 ? "," + members : "") + "}}";

    [Fact]
    public async Task Create_NamedWithEmoji_CountsCharactersAndNotHalves()
    {
        var user = cloud.NewUser().At("compute 2.90");
        var name = string.Concat(Enumerable.Repeat("\U0001F680", 255));
        var id = await cloud.CreateAsync(user, name: name, more: new { description = "\U0001F680 to the moon" });
        (await user.Get("/compute/v2.1/servers/" + id)).Is(200)["server"]["name"]!.ToString().ShouldBe(name);
        (await user.Post("/compute/v2.1/servers", new { server = new { name = name + "\U0001F680", imageRef = cloud.Image, flavorRef = "42", networks = "none" } })).Is(400);
        (await user.Post("/compute/v2.1/servers", new { server = new { name = "a\u0007b", imageRef = cloud.Image, flavorRef = "42", networks = "none" } })).Is(400);
    }

    [Theory]
    [InlineData("\"user_data\":\"not base64!\"", "Invalid input for field/attribute user_data. Value: not base64!. 'not base64!' is not a 'base64'")]
    [InlineData("\"key_name\":\"nope\"", "Invalid key_name provided.")]
    [InlineData("\"min_count\":2,\"max_count\":1", "min_count must be <= max_count")]
    [InlineData("\"min_count\":0", "Invalid input for field/attribute min_count. Value: 0. 0 is less than the minimum of 1")]
    [InlineData("\"networks\":[{\"uuid\":\"nope\"}]", "Bad networks format: network uuid is not in proper format (nope)")]
    [InlineData("\"networks\":[{}]", "Bad network format: missing 'uuid'")]
    [InlineData("\"networks\":[{\"uuid\":\"a8f1e0a2-0000-4000-8000-000000000000\"}]", "Network a8f1e0a2-0000-4000-8000-000000000000 could not be found.")]
    [InlineData("\"networks\":[{\"port\":\"a8f1e0a2-0000-4000-8000-000000000000\"}]", "Port id a8f1e0a2-0000-4000-8000-000000000000 could not be found.")]
    [InlineData("\"security_groups\":[{\"name\":\"nope\"}]", "Security group nope not found for project ")]
    [InlineData("\"availability_zone\":\"nope\"", "The requested availability zone is not available")]
    [InlineData("\"accessIPv6\":\"eighty-eight\"", "Invalid input for field/attribute accessIPv6")]
    [InlineData("\"metadata\":{\"a!\":\"b\"}", "'a!' does not match any of the regexes")]
    [InlineData("\"tags\":[]", "Additional properties are not allowed ('tags' was unexpected)")]
    [InlineData("\"block_device_mapping_v2\":[{\"source_type\":\"volume\",\"uuid\":\"v\",\"destination_type\":\"volume\",\"boot_index\":0}]", "failed to get volume v")]
    public async Task Create_Bad_Is400(string members, string words) => (await Post(cloud.NewUser(), members)).Is(400)["badRequest"]["message"]!.ToString().ShouldContain(words);

    [Fact]
    public async Task Create_BadImages_Are400()
    {
        var user = cloud.NewUser();
        async Task<string> With(string image) => (await user.Post(Servers, Body(image, "42"))).Is(400)["badRequest"]["message"]!.ToString();
        (await With("")).ShouldBe("Invalid imageRef provided.");
        (await With("nope")).ShouldContain("imageRef");
        (await With(Kernel.Ids.NewId.Uuid())).ShouldBe("Can not find requested image");
        var queued = cloud.Glance.Add("queued");
        (await With(queued)).ShouldBe($"Image {queued} is not active.");
        (await With(cloud.Glance.Add(minRam: 500))).ShouldBe("Flavor's memory is too small for requested image.");
        (await With(cloud.Glance.Add(minDisk: 2))).ShouldBe("Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is 1073741824 bytes, minimum size is 2147483648 bytes.");
        (await With(cloud.Glance.Add(size: 2L << 30))).ShouldBe("Flavor's disk is too small for requested image. Flavor disk is 1073741824 bytes, image is 2147483648 bytes.");
        (await user.Post(Servers, Body(cloud.Image, "nope"))).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Flavor nope could not be found.");
    }

    [Fact]
    public async Task Create_OverQuota_Is403WithUpstreamsWords()
    {
        var user = cloud.NewUser();
        (await Post(user, "\"min_count\":11")).Is(403)["forbidden"]["message"]!.ToString().ShouldBe("Quota exceeded for instances: Requested 11, but already used 0 of 10 instances");
        (await Post(user, "\"metadata\":{" + string.Join(',', Enumerable.Range(0, 129).Select(i => $"\"k{i}\":\"v\"")) + "}")).Is(403)["forbidden"]["message"]!.ToString()
            .ShouldBe("Maximum number of metadata items exceeds 128");
        (await user.Post(Servers, Body(cloud.Image, "5", "\"min_count\":3"))).Is(403)["forbidden"]["message"]!.ToString()
            .ShouldBe("Quota exceeded for cores: Requested 24, but already used 0 of 20 cores");
        // As many as fit, when that is enough.
        (await Post(user, "\"min_count\":1,\"max_count\":20")).Is(202);
        (await user.Get(Servers)).Is(200)["servers"].AsArray().Count.ShouldBe(10);
        (await Post(user, "")).Is(403)["forbidden"]["message"]!.ToString().ShouldBe("Quota exceeded for instances: Requested 1, but already used 10 of 10 instances");
    }

    [Fact]
    public async Task Create_Networks_AmbiguousExternalOrEmpty_AreRefused()
    {
        var user = cloud.NewUser();
        (await user.At("compute 2.37").Post(Servers, Body(cloud.Image, "42"))).Is(400)["badRequest"]["message"]!.ToString().ShouldContain("'networks' is a required property");
        (await Post(user.At("compute 2.37"), "\"networks\":\"auto\"")).Is(400)["badRequest"]["message"]!.ToString().ShouldStartWith("Unable to automatically allocate a network");
        (await Post(user.At("compute 2.37"), "\"networks\":\"some\"")).Is(400);
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        cloud.Neutron.AddNetwork(user.ProjectId);
        (await Post(user, "")).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldStartWith("More than one possible network found.");
        var outside = cloud.Neutron.AddNetwork(user.ProjectId, external: true);
        (await Post(user, $$"""
            "networks":[{"uuid":"{{outside.Id}}"}]
            """)).Is(403)["forbidden"]["message"]!.ToString().ShouldBe($"It is not allowed to create an interface on external network {outside.Id}");
        var empty = cloud.Neutron.AddNetwork(user.ProjectId, subnet: false);
        (await Post(user, $$"""
            "networks":[{"uuid":"{{empty.Id}}"}]
            """)).Is(400)["badRequest"]["message"]!.ToString().ShouldBe($"Network {empty.Id} requires a subnet in order to boot instances on.");
        var port = cloud.Neutron.AddPort(user.ProjectId, network);
        (await Post(user, $$"""
            "networks":[{"port":"{{port.Id}}"},{"port":"{{port.Id}}"}]
            """)).Is(400);
        (await Post(user, $$"""
            "max_count":2,"networks":[{"port":"{{port.Id}}"}]
            """)).Is(400);
    }

    [Fact]
    public async Task Create_ByReader_Is403AndBadBodyIs400First()
    {
        var reader = cloud.NewUser("reader");
        (await Post(reader, "")).Is(403);
        (await reader.Post(Servers, """{"server":{}}""")).Is(400);
        await ServerCloud.HostAsync(cloud);
        (await Post(cloud.NewUser(), "\"availability_zone\":\"nova:host1\"")).Is(403);
        (await Post(cloud.Admin, "\"availability_zone\":\"nova:host1\"")).Is(202);
    }
}
