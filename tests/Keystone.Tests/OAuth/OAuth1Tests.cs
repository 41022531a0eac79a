#pragma warning disable CA5350 // RFC 5849 names it.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Nephos.Kernel.Ids;
using Nephos.Keystone.OAuth1;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.OAuth;

/// <summary>OAuth1: from a consumer to a token.</summary>
public sealed class OAuth1Tests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Path = Make.V3 + "/OS-OAUTH1";

    private sealed record Pair(string Id, string Secret);

    private Task<TestReply> Signed(string path, Pair consumer, Pair? token, object? body = null, string? verifier = null, string? project = null, Action<SortedDictionary<string, string>>? change = null)
    {
        var parameters = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["oauth_consumer_key"] = consumer.Id,
            ["oauth_nonce"] = NewId.Hex(),
            ["oauth_signature_method"] = "HMAC-SHA1",
            ["oauth_timestamp"] = cloud.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["oauth_version"] = "1.0",
        };
        if (token is not null) { parameters["oauth_token"] = token.Id; }
        if (verifier is not null) { parameters["oauth_verifier"] = verifier; }
        change?.Invoke(parameters);
        var text = OAuth1Signature.BaseString("POST", "http://localhost" + path, parameters);
        parameters.TryAdd("oauth_signature", Convert.ToBase64String(HMACSHA1.HashData(Encoding.ASCII.GetBytes($"{consumer.Secret}&{token?.Secret}"), Encoding.ASCII.GetBytes(text))));
        var header = "OAuth " + string.Join(", ", parameters.Select(p => $"{p.Key}=\"{Uri.EscapeDataString(p.Value)}\""));
        var headers = project is null ? new[] { ("Authorization", header) } : [("Authorization", header), ("Requested-Project-Id", project)];
        return cloud.Anonymous.Send(HttpMethod.Post, path, body, headers);
    }

    private static Pair Read(TestReply reply)
    {
        reply.Is(201).Header("Content-Type")!.ShouldStartWith("application/x-www-form-urlencoded");
        var form = QueryHelpers.ParseQuery(reply.Text);
        form["oauth_expires_at"].ToString().ShouldEndWith("Z");
        return new(form["oauth_token"].ToString(), form["oauth_token_secret"].ToString());
    }

    private static async Task<Pair> ConsumerAsync(TestUser admin)
    {
        var made = (await admin.Post(Path + "/consumers", new { consumer = new { description = "an app" } })).Is(201)["consumer"];
        return new(made["id"]!.ToString(), made["secret"]!.ToString());
    }

    private Task<TestReply> Login(Pair consumer, Pair access, Action<SortedDictionary<string, string>>? change = null) => Signed(Logins.Tokens, consumer, access, Logins.Body(null, ("oauth1", new { })), change: change);

    [Fact]
    public async Task Dance_FromRequestToToken_GivesTheAuthorizedRolesAlone()
    {
        var admin = await cloud.LoginAdminAsync();
        var consumer = await ConsumerAsync(admin);
        var request = Read(await Signed(Path + "/request_token", consumer, null, project: admin.ProjectId));
        (await Signed(Path + "/access_token", consumer, request, verifier: "12345678")).Is(401);
        var verifier = (await admin.Put($"{Path}/authorize/{request.Id}", new { roles = new[] { new { name = "reader" } } })).Is(200)["token"]["oauth_verifier"]!.ToString();
        verifier.Length.ShouldBe(8);
        (await Signed(Path + "/access_token", consumer, request, verifier: "12345678")).Is(401);
        (await Signed(Path + "/access_token", consumer, request with { Secret = "wrong" }, verifier: verifier)).Is(401);
        var access = Read(await Signed(Path + "/access_token", consumer, request, verifier: verifier));
        (await Signed(Path + "/access_token", consumer, request, verifier: verifier)).Is(404);
        var login = await Login(consumer, access);
        var token = login.Is(201)["token"];
        (token["user"]!["id"]!.ToString(), token["project"]!["id"]!.ToString(), token["methods"]!.ToJsonString(), token["OS-OAUTH1"]!.ToJsonString())
            .ShouldBe((admin.UserId, admin.ProjectId, """["oauth1"]""", $$$"""{"access_token_id":"{{{access.Id}}}","consumer_id":"{{{consumer.Id}}}"}"""));
        token["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldBe(["reader"]);
        var user = cloud.User(login);
        (await user.Get(Make.V3 + "/auth/catalog")).Is(200);
        (await cloud.ByTokenAsync(user.Token!)).Is(403);
        (await user.Post($"{Make.V3}/users/{admin.UserId}/application_credentials", new { application_credential = new { name = "x" } })).Is(403);
        foreach (var bad in new Action<SortedDictionary<string, string>>[]
        {
            p => p["oauth_timestamp"] = "1000", p => p["oauth_timestamp"] = "now", p => p.Remove("oauth_nonce"), p => p["oauth_signature_method"] = "PLAINTEXT",
            p => p["oauth_signature"] = "bm9uZQ==", p => p["oauth_version"] = "2.0",
        }) { (await Login(consumer, access, bad)).Is(401); }
        (await Login(consumer with { Secret = "wrong" }, access)).Is(401);
        (await Login(await ConsumerAsync(admin), access)).Is(401);
        (await Login(consumer, access with { Id = "none" })).Is(404);
        (await cloud.LoginAsync(null, ("oauth1", new { }))).Is(400);
        var list = $"{Make.V3}/users/{admin.UserId}/OS-OAUTH1/access_tokens";
        (await admin.Get(list)).Ids("access_tokens").ShouldContain(access.Id);
        (await admin.Get($"{list}/{access.Id}")).Is(200)["access_token"].AsObject().ContainsKey("access_secret").ShouldBeFalse();
        var role = (await admin.Get($"{list}/{access.Id}/roles")).Ids("roles").Single();
        (await admin.Get($"{list}/{access.Id}/roles/{role}")).Is(200);
        (await admin.Get($"{list}/{access.Id}/roles/none")).Is(404);
        (await admin.Delete($"{list}/{access.Id}")).Is(204);
        (await user.Get(Make.V3 + "/auth/catalog")).Is(401);
        (await Login(consumer, access)).Is(404);
    }

    [Fact]
    public async Task Requests_ThatAreNotWhole_AreRefused()
    {
        var admin = await cloud.LoginAdminAsync();
        var consumer = await ConsumerAsync(admin);
        (await Signed(Path + "/request_token", consumer, null)).Is(400).Message().ShouldStartWith("Expecting to find Requested-Project-Id in request.");
        (await cloud.Anonymous.Post(Path + "/request_token")).Is(400).Message().ShouldStartWith("Expecting to find oauth_consumer_key in request.");
        (await Signed(Path + "/request_token", consumer, null, project: "none")).Is(404);
        (await Signed(Path + "/request_token", consumer with { Id = "none" }, null, project: admin.ProjectId)).Is(404);
        (await Signed(Path + "/request_token", consumer with { Secret = "wrong" }, null, project: admin.ProjectId)).Is(401);
        (await Signed(Path + "/access_token", consumer, null, verifier: "x")).Is(400);
        (await admin.Put($"{Path}/authorize/none", new { roles = Array.Empty<object>() })).Is(404);
        var request = Read(await Signed(Path + "/request_token", consumer, null, project: admin.ProjectId));
        (await admin.Put($"{Path}/authorize/{request.Id}", new { roles = new[] { new { id = await Make.Role(admin) } } })).Is(401);
        (await admin.Put($"{Path}/authorize/{request.Id}", new { roles = "all" })).Is(400);
        var (_, name, project) = await cloud.NewMemberAsync();
        (await cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name)))).Put($"{Path}/authorize/{request.Id}", new { roles = Array.Empty<object>() })).Is(403);
    }

    [Fact]
    public async Task Consumers_MadeChangedDeleted_ShowTheirSecretOnce()
    {
        var admin = await cloud.LoginAdminAsync();
        var consumer = await ConsumerAsync(admin);
        var path = $"{Path}/consumers/{consumer.Id}";
        (await admin.Get(path)).Is(200)["consumer"].ToJsonString().ShouldBe($$$"""{"id":"{{{consumer.Id}}}","description":"an app","links":{"self":"http://localhost{{{path}}}"}}""");
        (await admin.Patch(path, new { consumer = new { description = "another", home = "here" } })).Is(200)["consumer"]["home"]!.ToString().ShouldBe("here");
        (await admin.Patch(path, new { consumer = new { secret = "mine" } })).Is(400);
        (await admin.Patch(path, new { consumer = new { } })).Is(400);
        (await admin.Post(Path + "/consumers", new { consumer = new { description = 7 } })).Is(400);
        (await admin.Get(Path + "/consumers")).Ids("consumers").ShouldContain(consumer.Id);
        (await admin.Delete(path)).Is(204);
        (await admin.Get(path)).Is(404);
    }

    /// <summary>RFC 5849, 3.4.1.1, with the body's parameters among the others.</summary>
    [Fact]
    public void BaseString_OfTheRfcsExample_IsTheRfcs() => OAuth1Signature.BaseString("post", "http://EXAMPLE.COM:80/request",
    [
        new("b5", "=%3D"), new("a3", "a"), new("c@", ""), new("a2", "r b"), new("oauth_consumer_key", "9djdj82h48djs9d2"), new("oauth_token", "kkk9d7dh3k39sjv7"),
        new("oauth_signature_method", "HMAC-SHA1"), new("oauth_timestamp", "137131201"), new("oauth_nonce", "7d8f3e4a"), new("c2", ""), new("a3", "2 q"),
    ]).ShouldBe("POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7");
}
