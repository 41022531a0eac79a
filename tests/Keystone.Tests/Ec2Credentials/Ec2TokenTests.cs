#pragma warning disable CA5350 // Amazon's older versions are made of it.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Keystone.Ec2Credentials;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Ec2Credentials;

/// <summary>EC2 keys, and tokens for requests that are signed with them.</summary>
public sealed class Ec2TokenTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private async Task<(TestUser User, string Id, string Project, JsonNode Keys)> SignerAsync()
    {
        var (id, name, project) = await cloud.NewMemberAsync();
        var user = cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name))));
        return (user, id, project, (await user.Post($"{Make.V3}/users/{id}/credentials/OS-EC2", new { tenant_id = project })).Is(201)["credential"]);
    }

    private static JsonObject Signed(JsonNode keys, Action<JsonObject>? change = null, string secret = "secret")
    {
        var request = new JsonObject
        {
            ["access"] = keys["access"]!.ToString(),
            ["host"] = "nephos.test:8788",
            ["verb"] = "GET",
            ["path"] = "/",
            ["params"] = new JsonObject { ["SignatureVersion"] = "2", ["Action"] = "DescribeInstances", ["AWSAccessKeyId"] = keys["access"]!.ToString(), ["Name"] = "a b*~" },
        };
        change?.Invoke(request);
        request["signature"] = Ec2Signature.Of(SignedRequest.Of(JsonSerializer.SerializeToElement(request)), keys[secret]!.ToString());
        return new JsonObject { ["credentials"] = request };
    }

    [Fact]
    public async Task Keys_MadeShownDeleted_AreTheirUsers()
    {
        var signer = await SignerAsync();
        var path = $"{Make.V3}/users/{signer.Id}/credentials/OS-EC2";
        (signer.Keys["tenant_id"]!.ToString(), signer.Keys["trust_id"], signer.Keys["links"]!["self"]!.ToString()).ShouldBe((signer.Project, null, $"http://localhost{path}/{signer.Keys["access"]}"));
        (await signer.User.Get($"{path}/{signer.Keys["access"]}")).Is(200)["credential"].ToJsonString().ShouldBe(signer.Keys.ToJsonString());
        (await signer.User.Get(path)).Is(200)["credentials"].AsArray().Count.ShouldBe(1);
        (await signer.User.Post(path, new { tenant_id = "none" })).Is(404);
        (await signer.User.Post(path, new { })).Is(404);
        (await signer.User.Get($"{path}/none")).Is(404);
        var other = await SignerAsync();
        (await other.User.Get($"{path}/{signer.Keys["access"]}")).Is(403);
        (await other.User.Get(path)).Is(403);
        (await other.User.Post(path, new { tenant_id = signer.Project })).Is(403);
        (await other.User.Delete($"{path}/{signer.Keys["access"]}")).Is(403);
        (await signer.User.Delete($"{path}/{signer.Keys["access"]}")).Is(204);
        (await signer.User.Get($"{path}/{signer.Keys["access"]}")).Is(404);
    }

    [Fact]
    public async Task Request_SignedRight_IsAToken()
    {
        var (signer, service) = (await SignerAsync(), await cloud.LoginAdminAsync());
        foreach (var version in new[] { "0", "1", "2" })
        {
            var body = Signed(signer.Keys, r => { r["params"]!["SignatureVersion"] = version; r["params"]!["Timestamp"] = cloud.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture); });
            var reply = (await service.Post(Make.V3 + "/ec2tokens", body)).Is(200);
            (reply["token"]["user"]!["id"]!.ToString(), reply["token"]["project"]!["id"]!.ToString(), reply["token"]["methods"]!.ToJsonString()).ShouldBe((signer.Id, signer.Project, """["ec2credential"]"""));
            (await service.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", reply.Header("X-Subject-Token")!))).Is(200);
        }
        // Signed without the port, and under the older names of the body.
        var bare = Signed(signer.Keys, r => r["host"] = "nephos.test")["credentials"]!.DeepClone();
        bare["host"] = "nephos.test:8788";
        (await service.Post(Make.V3 + "/ec2tokens", new JsonObject { ["ec2Credentials"] = bare })).Is(200);
    }

    [Fact]
    public async Task Request_SignedWrongOrLateOrByNobody_IsRefused()
    {
        var (signer, service) = (await SignerAsync(), await cloud.LoginAdminAsync());
        const string path = Make.V3 + "/ec2tokens";
        (await service.Post(path, Signed(signer.Keys, secret: "access"))).Is(401);
        var changed = Signed(signer.Keys);
        changed["credentials"]!["params"]!["Action"] = "TerminateInstances";
        (await service.Post(path, changed)).Is(401);
        (await service.Post(path, Signed(signer.Keys, r => r["params"]!["Timestamp"] = "2001-01-01T00:00:00Z"))).Is(401);
        (await service.Post(path, Signed(signer.Keys, r => r["params"]!["Timestamp"] = "yesterday"))).Is(401);
        var strange = Signed(signer.Keys);
        strange["credentials"]!["params"]!["SignatureVersion"] = "3";
        (await service.Post(path, strange)).Is(401);
        strange["credentials"]!.AsObject().Remove("signature");
        (await service.Post(path, strange)).Is(401);
        strange["credentials"]!["access"] = "nobody";
        (await service.Post(path, strange)).Is(404).Message().ShouldBe("EC2 access key not found.");
        (await service.Post(path, new { credentials = new { } })).Is(401);
        (await service.Post(path, new { })).Is(400);
        (await signer.User.Post(path, Signed(signer.Keys))).Is(403);
        (await cloud.Anonymous.Post(path, Signed(signer.Keys))).Is(401);
        (await service.Patch($"{Make.V3}/users/{signer.Id}", new { user = new { enabled = false } })).Is(200);
        (await service.Post(path, Signed(signer.Keys))).Is(401);
    }

    [Fact]
    public async Task S3_TextSignedByVersion1Or4_IsAToken()
    {
        var (signer, service) = (await SignerAsync(), await cloud.LoginAdminAsync());
        var secret = signer.Keys["secret"]!.ToString();
        async Task<TestReply> Post(string text, string signature) => await service.Post(Make.V3 + "/s3tokens", new { credentials = new { access = signer.Keys["access"]!.ToString(), token = Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_'), signature } });
        const string one = "GET\n\n\nFri, 27 Nov 2026 08:00:00 GMT\n/bucket/~?key";
        var reply = (await Post(one, Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(one))))).Is(200);
        (reply["token"]["user"]!["id"]!.ToString(), reply.Header("X-Subject-Token")).ShouldBe((signer.Id, null));
        const string four = "AWS4-HMAC-SHA256\n20261126T080000Z\n20261126/RegionOne/s3/aws4_request\n0123";
        (await Post(four, Ec2Signature.OfText(Encoding.UTF8.GetBytes(four), secret))).Is(200);
        (await Post(four, "0123")).Is(401);
        (await Post(four.Replace("/s3/", "/ec2/", StringComparison.Ordinal), "0123")).Is(401);
        (await service.Post(Make.V3 + "/s3tokens", new { credentials = new { access = signer.Keys["access"]!.ToString(), token = "%", signature = "x" } })).Is(401);
    }

    /// <summary>The example "get-vanilla" of Amazon's Signature Version 4 test suite, with its well-known example keys.</summary>
    [Fact]
    public void Version4_OfAmazonsExample_IsItsSignature()
    {
        var request = new SignedRequest("GET", "example.amazonaws.com", "/", new Dictionary<string, string>(), new Dictionary<string, string>
        {
            ["Host"] = "example.amazonaws.com",
            ["X-Amz-Date"] = "20150830T123600Z",
            ["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=",
        }, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        Ec2Signature.Of(request, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").ShouldBe("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        Should.Throw<FormatException>(() => Ec2Signature.Of(request with { Headers = new Dictionary<string, string>(request.Headers) { ["X-Amz-Date"] = "20160101T000000Z" } }, "x"));
    }

    [Fact]
    public async Task Keys_MadeWithATrust_GiveThatTrustsToken()
    {
        var (signer, service) = (await SignerAsync(), await cloud.LoginAdminAsync());
        var (trusteeId, trustee, _) = await cloud.NewMemberAsync();
        var trust = (await signer.User.Post(Make.V3 + "/OS-TRUST/trusts", new { trust = new { trustor_user_id = signer.Id, trustee_user_id = trusteeId, project_id = signer.Project, impersonation = true, roles = new[] { new { name = "member" } } } })).Is(201)["trust"]["id"]!.ToString();
        var scope = new JsonObject { ["OS-TRUST:trust"] = new JsonObject { ["id"] = trust } };
        var byTrust = cloud.User(await cloud.LoginAsync(scope, ("password", Logins.Password(trustee))));
        var keys = (await byTrust.Post($"{Make.V3}/users/{signer.Id}/credentials/OS-EC2", new { tenant_id = signer.Project })).Is(201)["credential"];
        keys["trust_id"]!.ToString().ShouldBe(trust);
        (await byTrust.Post($"{Make.V3}/users/{signer.Id}/credentials/OS-EC2", new { tenant_id = (await service.Get(Make.V3 + "/projects?name=admin")).Ids("projects").First() })).Is(403);
        var token = (await service.Post(Make.V3 + "/ec2tokens", Signed(keys))).Is(200)["token"];
        (token["OS-TRUST:trust"]!["id"]!.ToString(), token["user"]!["id"]!.ToString()).ShouldBe((trust, signer.Id));
    }
}
