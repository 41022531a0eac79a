using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Federation;

public sealed class FederationResourceTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Federation = V3 + "/OS-FEDERATION", Providers = Federation + "/identity_providers", Mappings = Federation + "/mappings", Sps = Federation + "/service_providers";
    internal const string Simple = """{"mapping":{"rules":[{"local":[{"user":{"name":"{0}"}}],"remote":[{"type":"sub"}]}]}}""";

    [Fact]
    public async Task IdentityProvider_WholeLife()
    {
        var id = Name("idp");
        var reply = (await cloud.Admin.Put($"{Providers}/{id}", new { identity_provider = new { description = "d", remote_ids = new[] { id + "-b", id + "-a" }, authorization_ttl = 5 } })).Is(201);
        var made = reply["identity_provider"];
        var domain = made["domain_id"]!.ToString();
        made.ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","enabled":false,"description":"d","domain_id":"{{{domain}}}","authorization_ttl":5,"remote_ids":["{{{id}}}-a","{{{id}}}-b"],"links":{"self":"http://localhost{{{Providers}}}/{{{id}}}","protocols":"http://localhost{{{Providers}}}/{{{id}}}/protocols"}}""");
        (await cloud.Admin.Get($"{V3}/domains/{domain}")).Is(200)["domain"]["description"]!.ToString().ShouldBe("Auto generated federated domain for Identity Provider: " + id);
        (await cloud.Admin.Get($"{Providers}/{id}")).Is(200).Text.ShouldBe(reply.Text);
        (await cloud.Admin.Put($"{Providers}/{id}", new { })).Is(409).Message().ShouldBe($"Conflict occurred attempting to store identity_provider - Duplicate entry: {id}.");
        (await cloud.Admin.Put($"{Providers}/{id}2", new { identity_provider = new { remote_ids = new[] { id + "-a" } } })).Is(409).Message().ShouldBe($"Conflict occurred attempting to store identity_provider - Duplicate remote ID: {id}-a.");
        (await cloud.Admin.Get($"{Providers}/{id}2")).Is(404).Message().ShouldBe($"Could not find Identity Provider: {id}2.");
        var changed = (await cloud.Admin.Patch($"{Providers}/{id}", """{"identity_provider":{"enabled":true,"remote_ids":["x-ID"],"description":null,"authorization_ttl":null}}""".Replace("ID", id, StringComparison.Ordinal))).Is(200)["identity_provider"];
        (changed["enabled"]!.ToJsonString(), changed["description"], changed["authorization_ttl"], changed["remote_ids"]!.ToJsonString()).ShouldBe(("true", null, null, $"[\"x-{id}\"]"));
        (await cloud.Admin.Get($"{Providers}?enabled=true&id={id}")).Ids("identity_providers").ShouldBe([id]);
        (await cloud.Admin.Get($"{Providers}?enabled=false&id={id}")).Ids("identity_providers").ShouldBeEmpty();
        (await cloud.Admin.Delete($"{Providers}/{id}")).Is(204);
        (await cloud.Admin.Delete($"{Providers}/{id}")).Is(404);
        (await cloud.Admin.Get($"{V3}/domains/{domain}")).Is(200);
    }

    [Theory]
    [InlineData("""{"identity_provider":{"enabled":"x"}}""", "'x' is not of type 'boolean'")]
    [InlineData("""{"identity_provider":{"nope":1}}""", "('nope' was unexpected)")]
    [InlineData("""{"identity_provider":{"authorization_ttl":-1}}""", "-1 is less than the minimum of 0")]
    [InlineData("""{"identity_provider":{"remote_ids":["a","a"]}}""", "non-unique elements")]
    [InlineData("""{"identity_provider":{"remote_ids":"a"}}""", "'a' is not of type 'array'")]
    [InlineData("""{"identity_provider":{"domain_id":"/"}}""", "does not match")]
    public async Task IdentityProvider_BadBody_Is400(string body, string words) => (await cloud.Admin.Put($"{Providers}/{Name()}", body)).Is(400).Message().ShouldContain(words);

    [Fact]
    public async Task IdentityProvider_BadUpdateOrDomain_Is400And404()
    {
        (await cloud.Admin.Put($"{Providers}/{Name()}", new { identity_provider = new { domain_id = "nope" } })).Is(404).Message().ShouldBe("Could not find domain: nope.");
        var id = Name("idp");
        (await cloud.Admin.Put($"{Providers}/{id}", new { identity_provider = new { domain_id = "default" } })).Is(201);
        (await cloud.Admin.Patch($"{Providers}/{id}", """{"identity_provider":{}}""")).Is(400).Message().ShouldBe("{} does not have enough properties");
        (await cloud.Admin.Patch($"{Providers}/{id}", """{"identity_provider":{"domain_id":"x"}}""")).Is(400);
        (await cloud.Admin.Patch($"{Providers}/nope", """{"identity_provider":{"enabled":true}}""")).Is(404);
    }

    [Fact]
    public async Task IdentityProvider_OfADeletedDomain_GoesWithIt()
    {
        var (domain, id) = (await Domain(cloud.Admin), Name("idp"));
        (await cloud.Admin.Put($"{Providers}/{id}", new { identity_provider = new { domain_id = domain } })).Is(201);
        (await cloud.Admin.Patch($"{V3}/domains/{domain}", new { domain = new { enabled = false } })).Is(200);
        (await cloud.Admin.Delete($"{V3}/domains/{domain}")).Is(204);
        (await cloud.Admin.Get($"{Providers}/{id}")).Is(404);
    }

    [Fact]
    public async Task Mapping_WholeLife()
    {
        var id = Name("map");
        var made = (await cloud.Admin.Put($"{Mappings}/{id}", Simple)).Is(201);
        made["mapping"].ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","rules":[{"local":[{"user":{"name":"{0}"}}],"remote":[{"type":"sub"}]}],"schema_version":"1.0","links":{"self":"http://localhost{{{Mappings}}}/{{{id}}}"}}""");
        (await cloud.Admin.Put($"{Mappings}/{id}", Simple)).Is(409).Message().ShouldBe("Conflict occurred attempting to store mapping - Duplicate entry.");
        (await cloud.Admin.Patch($"{Mappings}/{id}", Simple.Replace("{\"rules\"", "{\"schema_version\":\"2.0\",\"rules\"", StringComparison.Ordinal))).Is(200)["mapping"]["schema_version"]!.ToString().ShouldBe("2.0");
        (await cloud.Admin.Get($"{Mappings}/{id}")).Is(200)["mapping"]["schema_version"]!.ToString().ShouldBe("2.0");
        (await cloud.Admin.Get(Mappings)).Ids("mappings").ShouldContain(id);
        (await cloud.Admin.Delete($"{Mappings}/{id}")).Is(204);
        (await cloud.Admin.Get($"{Mappings}/{id}")).Is(404).Message().ShouldBe($"Could not find mapping: {id}.");
        (await cloud.Admin.Patch($"{Mappings}/{id}", Simple)).Is(404);
        (await cloud.Admin.Delete($"{Mappings}/{id}")).Is(404);
    }

    [Theory]
    [InlineData("{}", "'rules' is a required property\n")]
    [InlineData("""{"mapping":{"rules":[]}}""", "[] should be non-empty\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[],"remote":[]}]}}""", "[] should be non-empty\n")]
    [InlineData("""{"mapping":{"rules":[{"remote":[{"type":"a"}]}]}}""", "'local' is a required property\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[]}]}}""", "'remote' is a required property\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[{"user":"name"}],"remote":[{"type":"a"}]}]}}""", "'name' is not of type 'object'\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[{"what":"x"}],"remote":[{"type":"a"}]}]}}""", "Additional properties are not allowed ('what' was unexpected)\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[{"user":{"type":"x"}}],"remote":[{"type":"a"}]}]}}""", "'x' is not one of ['ephemeral', 'local']\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[{"group":{}}],"remote":[{"type":"a"}]}]}}""", "{} is not valid under any of the given schemas\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[{"group":{"name":"x"}}],"remote":[{"type":"a"}]}]}}""", "{'name': 'x'} is not valid under any of the given schemas\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[],"remote":[{}]}]}}""", "{} is not valid under any of the given schemas\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[],"remote":[{"type":"a","any_one_of":"x"}]}]}}""", "is not valid under any of the given schemas\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[],"remote":[{"type":"a","whitelist":[],"blacklist":[]}]}]}}""", "is not valid under any of the given schemas\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[{"projects":[{"name":"a"}]}],"remote":[{"type":"a"}]}]}}""", "'roles' is a required property\n")]
    [InlineData("""{"mapping":{"rules":[{"local":[{"projects":[{"name":"a","roles":[],"domain":{"id":"x"}}]}],"remote":[{"type":"a"}]}]}}""", "('domain' was unexpected)\n")]
    [InlineData("""{"mapping":{"schema_version":"9","rules":[]}}""", "'9' is not one of ['1.0', '2.0', '3.0']\n")]
    public async Task Mapping_BadRules_Is400(string body, string words) => (await cloud.Admin.Put($"{Mappings}/{Name()}", body)).Is(400).Message().ShouldEndWith(words);

    [Fact]
    public async Task Protocol_WholeLife()
    {
        var (idp, map) = (Name("idp"), Name("map"));
        (await cloud.Admin.Put($"{Mappings}/{map}", Simple)).Is(201);
        var path = $"{Providers}/{idp}/protocols";
        (await cloud.Admin.Put($"{path}/openid", new { protocol = new { mapping_id = map } })).Is(404).Message().ShouldBe($"Could not find Identity Provider: {idp}.");
        (await cloud.Admin.Put($"{Providers}/{idp}", new { })).Is(201);
        (await cloud.Admin.Put($"{path}/openid", new { protocol = new { mapping_id = "nope" } })).Is(400).Message().ShouldBe("Invalid mapping id: nope");
        (await cloud.Admin.Put($"{path}/openid", new { protocol = new { } })).Is(400);
        (await cloud.Admin.Put($"{path}/openid", new { protocol = new { mapping_id = map, remote_id_attribute = "iss" } })).Is(201)["protocol"].ToJsonString()
            .ShouldBe($$$"""{"id":"openid","mapping_id":"{{{map}}}","links":{"self":"http://localhost{{{path}}}/openid","identity_provider":"http://localhost{{{Providers}}}/{{{idp}}}"}}""");
        (await cloud.Admin.Put($"{path}/openid", new { protocol = new { mapping_id = map } })).Is(409).Message().ShouldBe("Conflict occurred attempting to store federation_protocol - Duplicate entry found with ID openid.");
        (await cloud.Admin.Get($"{path}/openid")).Is(200);
        (await cloud.Admin.Get(path)).Is(200)["protocols"][0]!["remote_id_attribute"]!.ToString().ShouldBe("iss");
        (await cloud.Admin.Patch($"{path}/openid", new { protocol = new { mapping_id = map, remote_id_attribute = "other" } })).Is(200);
        (await cloud.Admin.Patch($"{path}/openid", new { protocol = new { mapping_id = "nope" } })).Is(400);
        (await cloud.Admin.Get(path)).Is(200)["protocols"][0]!["remote_id_attribute"]!.ToString().ShouldBe("other");
        (await cloud.Admin.Get($"{path}/nope")).Is(404).Message().ShouldBe($"Could not find federated protocol nope for Identity Provider: {idp}.");
        (await cloud.Admin.Delete($"{path}/openid")).Is(204);
        (await cloud.Admin.Delete($"{path}/openid")).Is(404);
    }

    [Fact]
    public async Task ServiceProvider_WholeLife()
    {
        var id = Name("sp");
        (await cloud.Admin.Put($"{Sps}/{id}", new { service_provider = new { auth_url = "https://a/b", sp_url = "https://c/d" } })).Is(201)["service_provider"].ToJsonString()
            .ShouldBe($$$"""{"id":"{{{id}}}","enabled":false,"description":null,"auth_url":"https://a/b","sp_url":"https://c/d","relay_state_prefix":"ss:mem:","links":{"self":"http://localhost{{{Sps}}}/{{{id}}}"}}""");
        (await cloud.Admin.Put($"{Sps}/{id}", new { service_provider = new { auth_url = "https://a/b", sp_url = "https://c/d" } })).Is(409).Message().ShouldBe($"Conflict occurred attempting to store service_provider - Duplicate entry found with ID {id}.");
        (await cloud.Admin.Put($"{Sps}/x", new { service_provider = new { auth_url = "nope", sp_url = "https://c/d" } })).Is(400);
        (await cloud.Admin.Put($"{Sps}/x", new { service_provider = new { auth_url = "https://a" } })).Is(400).Message().ShouldContain("'sp_url' is a required property");
        (await cloud.Admin.Patch($"{Sps}/{id}", new { service_provider = new { enabled = true, description = "x" } })).Is(200)["service_provider"]["enabled"]!.ToJsonString().ShouldBe("true");
        (await cloud.Admin.Patch($"{Sps}/{id}", """{"service_provider":{}}""")).Is(400);
        (await cloud.Admin.Get($"{Sps}?enabled=true&id={id}")).Ids("service_providers").ShouldBe([id]);
        (await cloud.Admin.Get($"{Sps}/{id}")).Is(200);
        (await cloud.Admin.Delete($"{Sps}/{id}")).Is(204);
        (await cloud.Admin.Get($"{Sps}/{id}")).Is(404).Message().ShouldBe($"Could not find Service Provider: {id}.");
    }

    [Fact]
    public async Task Rights_OfMembersAndReaders_AreUpstreams()
    {
        var member = cloud.NewUser();
        foreach (var path in new[] { Providers, Mappings, Sps, $"{Providers}/x", $"{Mappings}/x", $"{Sps}/x", $"{Providers}/x/protocols", $"{Providers}/x/protocols/y" })
        {
            (await member.Get(path)).Is(403);
            (await cloud.Anonymous.Get(path)).Is(401);
        }
        (await member.Put($"{Providers}/x", new { })).Is(403).Message().ShouldBe("You are not authorized to perform the requested action: identity:create_identity_provider.");
        (await member.Put($"{Mappings}/x", Simple)).Is(403);
        (await member.Delete($"{Sps}/x")).Is(403);
    }
}
