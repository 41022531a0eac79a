using System.Text.Json.Nodes;
using Nephos.Kernel.Audit;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Audit;

public sealed class AuditTrailTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private async Task<List<JsonNode>> EventsOf(TestReply reply)
    {
        var id = reply.Header("X-Openstack-Request-Id")!;
        return await TestCloud.Until(async () =>
        {
            using var reader = new StreamReader(new FileStream(cloud.Get<AuditLog>().Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return (await reader.ReadToEndAsync()).Split('\n').Where(l => l.Contains(id, StringComparison.Ordinal) && l.EndsWith('}')).Select(l => JsonNode.Parse(l)!).ToList();
        }, events => events.Count > 0, "events of " + id);
    }

    private async Task<JsonNode> EventOf(TestReply reply) => (await EventsOf(reply)).Single();

    [Fact]
    public async Task Write_Allowed_IsAnEventInUpstreamsForm()
    {
        var admin = await cloud.LoginAdminAsync();
        var reply = (await admin.Post(V3 + "/users", new { user = new { name = Name(), password = "geheim-1", domain_id = "default" } })).Is(201);
        var user = reply["user"]["id"]!.ToString();
        var made = await EventOf(reply);
        made["event_type"]!.ToString().ShouldBe("identity.user.created");
        made["publisher_id"]!.ToString().ShouldBe("identity.host1");
        var payload = made["payload"]!;
        payload["typeURI"]!.ToString().ShouldBe("http://schemas.dmtf.org/cloud/audit/1.0/event");
        payload["action"]!.ToString().ShouldBe("created.user");
        payload["outcome"]!.ToString().ShouldBe("success");
        payload["resource_info"]!.ToString().ShouldBe(user);
        payload["target"]!.ToJsonString().ShouldBe($$"""{"typeURI":"data/security/account/user","id":"{{user}}"}""");
        payload["observer"]!["typeURI"]!.ToString().ShouldBe("service/security");
        payload["initiator"]!["user_id"]!.ToString().ShouldBe(admin.UserId);
        payload["initiator"]!["name"]!.ToString().ShouldBe("admin");
        payload["initiator"]!["project_id"]!.ToString().ShouldBe(admin.ProjectId);
        made.ToJsonString().ShouldNotContain("geheim-1");
        (await EventOf((await admin.Patch($"{V3}/users/{user}", new { user = new { description = "x" } })).Is(200)))["event_type"]!.ToString().ShouldBe("identity.user.updated");
        var project = await Project(admin);
        var grant = await EventOf((await admin.Put($"{V3}/projects/{project}/users/{user}/roles/{await RoleNamed(admin, "member")}")).Is(204));
        grant["event_type"]!.ToString().ShouldBe("identity.role_assignment.created");
        grant["payload"]!["project"]!.ToString().ShouldBe(project);
        (await EventOf((await cloud.Anonymous.Post($"{V3}/users/{user}/password", new { user = new { original_password = "geheim-1", password = "geheim-2" } })).Is(204))).ToJsonString().ShouldNotContain("geheim");
        (await EventOf((await admin.Delete($"{V3}/users/{user}")).Is(204)))["event_type"]!.ToString().ShouldBe("identity.user.deleted");
    }

    [Fact]
    public async Task Login_BySignedRequestOrOAuth2_IsAnEventToo()
    {
        var (id, name, project) = await cloud.NewMemberAsync();
        var user = cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name))));
        var keys = (await user.Post($"{V3}/users/{id}/credentials/OS-EC2", new { tenant_id = project })).Is(201)["credential"];
        Task<TestReply> Ec2(string signature) => cloud.Admin.Post(V3 + "/ec2tokens", new { credentials = new { access = keys["access"]!.ToString(), signature, host = "h", verb = "GET", path = "/", @params = new { SignatureVersion = "2" } } });
        var bad = (await EventOf((await Ec2("wrong")).Is(401)))["payload"]!;
        (bad["action"]!.ToString(), bad["outcome"]!.ToString(), bad["initiator"]!["user_id"]!.ToString()).ShouldBe(("authenticate", "failure", id));
        var app = (await user.Post($"{V3}/users/{id}/application_credentials", new { application_credential = new { name = "a" } })).Is(201)["application_credential"];
        Task<TestReply> OAuth2(string secret) => cloud.Anonymous.Post(V3 + "/OS-OAUTH2/token", new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = app["id"]!.ToString(), ["client_secret"] = secret }));
        var good = (await EventOf((await OAuth2(app["secret"]!.ToString())).Is(200)))["payload"]!;
        (good["action"]!.ToString(), good["outcome"]!.ToString(), good["initiator"]!["user_id"]!.ToString(), good["initiator"]!["name"]!.ToString()).ShouldBe(("authenticate", "success", id, name));
        (await EventOf((await OAuth2("wrong")).Is(401)))["payload"]!["outcome"]!.ToString().ShouldBe("failure");
    }

    [Fact]
    public async Task Write_Denied_IsAnEventWithItsReason()
    {
        var user = await cloud.NewRealUserAsync();
        var denied = await EventOf((await user.Post(V3 + "/domains", new { domain = new { name = Name() } })).Is(403));
        denied["event_type"]!.ToString().ShouldBe("identity.domain.created");
        denied["payload"]!["outcome"]!.ToString().ShouldBe("failure");
        denied["payload"]!["reason"]!["reasonCode"]!.ToString().ShouldBe("403");
        denied["payload"]!["reason"]!["reasonType"]!.ToString().ShouldContain("identity:create_domain");
        denied["payload"]!["initiator"]!["user_id"]!.ToString().ShouldBe(user.UserId);
        var anonymous = await EventOf((await cloud.Anonymous.Delete($"{V3}/users/x")).Is(401));
        anonymous["payload"]!["initiator"]!["id"]!.ToString().ShouldBe("unknown");
        anonymous["event_type"]!.ToString().ShouldBe("identity.user.deleted");
        (await EventOf((await cloud.Admin.Delete($"{V3}/users/nobody")).Is(404)))["payload"]!["target"]!["id"]!.ToString().ShouldBe("nobody");
    }

    [Fact]
    public async Task Login_GoodOrBad_IsAnEventOfWhoTried()
    {
        var user = await cloud.NewRealUserAsync();
        Task<TestReply> Login(string password) => cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id = user.UserId, password } } } } });
        var good = await EventOf((await Login(user.Identity.UserName)).Is(201));
        good["event_type"]!.ToString().ShouldBe("identity.authenticate");
        good["payload"]!["action"]!.ToString().ShouldBe("authenticate");
        good["payload"]!["outcome"]!.ToString().ShouldBe("success");
        good["payload"]!["initiator"]!["name"]!.ToString().ShouldBe(user.Identity.UserName);
        var bad = await EventOf((await Login("wrong-secret")).Is(401));
        bad["payload"]!["outcome"]!.ToString().ShouldBe("failure");
        bad["payload"]!["initiator"]!["user_id"]!.ToString().ShouldBe(user.UserId);
        bad.ToJsonString().ShouldNotContain("wrong-secret");
        (await EventOf((await cloud.Anonymous.Post(V3 + "/auth/tokens", "{}")).Is(400)))["payload"]!["outcome"]!.ToString().ShouldBe("failure");
    }
}
