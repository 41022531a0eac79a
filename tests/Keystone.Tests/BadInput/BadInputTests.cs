using System.Net.Http.Headers;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Keystone.Tokens;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.BadInput;

/// <summary>What strangers and broken programs send, to the resources that all others hang on: refused as upstream does, and nothing changed.</summary>
public sealed class BadInputTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private static readonly (string Path, string Member)[] Creates =
    [
        ("/users", "user"), ("/projects", "project"), ("/groups", "group"), ("/roles", "role"), ("/domains", "domain"), ("/services", "service"), ("/endpoints", "endpoint"), ("/regions", "region"), ("/credentials", "credential"),
        ("/OS-TRUST/trusts", "trust"), ("/policies", "policy"), ("/OS-OAUTH1/consumers", "consumer"), ("/OS-EP-FILTER/endpoint_groups", "endpoint_group"), ("/registered_limits", "registered_limits"), ("/limits", "limits"), ("/auth/tokens", "auth"),
    ];

    private Task<int> RowsAsync() => cloud.Get<Store<KeystoneDb>>().ReadAsync(async db => await db.Users.CountAsync() + await db.Projects.CountAsync() + await db.Groups.CountAsync() + await db.Roles.CountAsync() + await db.Services.CountAsync()
        + await db.ServiceEndpoints.CountAsync() + await db.Regions.CountAsync() + await db.Credentials.CountAsync() + await db.Trusts.CountAsync() + await db.PolicyBlobs.CountAsync() + await db.Consumers.CountAsync()
        + await db.EndpointGroups.CountAsync() + await db.RegisteredLimits.CountAsync() + await db.Limits.CountAsync());

    private static ByteArrayContent Raw(byte[] bytes)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    [Fact]
    public async Task Bodies_MalformedOrOfTheWrongShape_Are400AndChangeNothing()
    {
        var admin = await cloud.LoginAdminAsync();
        var before = await RowsAsync();
        foreach (var (path, member) in Creates)
        {
            var deep = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
            foreach (var body in new[] { "{", "", "[]", "\"x\"", "5", "null", "{}", $$"""{"{{member}}":5}""", $$"""{"{{member}}":"x"}""", $$"""{"{{member}}":null}""", $$$"""{"{{{member}}}":{"name":{"a":1},"description":[1],"type":7,"identity":[]}}""", $$$"""{"{{{member}}}":{{{deep}}} }""", $$$"""{"{{{member}}}":{"name":"x"}""", "{\"a\":1}{" })
            {
                using var content = Raw(Encoding.UTF8.GetBytes(body));
                var reply = await admin.Post(V3 + path, content);
                reply.Status.ShouldBe(400, $"POST {path} {body}: {reply}");
                reply["error"]["code"]!.GetValue<int>().ShouldBe(400);
            }
            // Bytes that are no UTF-8, in a name and in a value; half of a surrogate pair.
            foreach (var bytes in new byte[][] { [0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d], [.. Encoding.ASCII.GetBytes($"{{\"{member}\":{{\"name\":\""), 0xff, .. "\"}}"u8], Encoding.ASCII.GetBytes($"{{\"{member}\":{{\"name\":\"\\ud800\"}}}}") })
            {
                using var content = Raw(bytes);
                (await admin.Post(V3 + path, content)).Is(400);
            }
        }
        (await RowsAsync()).ShouldBe(before);
    }

    /// <summary>SQLite keeps it, PostgreSQL cannot: whatever is the answer, it is no server's error.</summary>
    [Fact]
    public async Task Texts_WithNul_AreTakenOrRefused()
    {
        var admin = await cloud.LoginAdminAsync();
        foreach (var (path, member) in Creates.Take(5))
        {
            var reply = await admin.Post(V3 + path, $$$"""{"{{{member}}}":{"name":"{{{Name()}}}\u0000x"} }""");
            reply.Status.ShouldBeOneOf(201, 400);
        }
        (await admin.Get(V3 + "/users?name=a%00b")).Status.ShouldBeOneOf(200, 400);
    }

    [Fact]
    public async Task Bodies_OfMoreThanAMebibyte_Are413AndChangeNothing()
    {
        var admin = await cloud.LoginAdminAsync();
        var before = await RowsAsync();
        foreach (var (path, member) in Creates)
        {
            (await admin.Post(V3 + path, $$$"""{"{{{member}}}":{"name":"{{{new string('x', 1 << 20)}}}"} }""")).Is(413);
        }
        (await RowsAsync()).ShouldBe(before);
    }

    [Theory]
    [InlineData("not-a-uuid")]
    [InlineData("..%2F..%2Fetc")]
    [InlineData("6e5f1b5e-0c5e-4e59-8f0a-0c8ad0a0b001")]
    [InlineData("' OR '1'='1")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public async Task Ids_ThatAreNone_Are404(string id)
    {
        var admin = await cloud.LoginAdminAsync();
        var before = await RowsAsync();
        foreach (var path in new[] { "/users", "/projects", "/groups", "/roles", "/domains", "/services", "/endpoints", "/regions", "/credentials", "/OS-TRUST/trusts", "/policies", "/OS-OAUTH1/consumers", "/OS-EP-FILTER/endpoint_groups", "/registered_limits", "/limits" })
        {
            (await admin.Get($"{V3}{path}/{Uri.EscapeDataString(Uri.UnescapeDataString(id))}")).Is(404);
            (await admin.Delete($"{V3}{path}/{Uri.EscapeDataString(Uri.UnescapeDataString(id))}")).Is(404);
        }
        (await RowsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Tokens_ForgedCutExpiredOrOfAForeignKey_OpenNothing()
    {
        var admin = await cloud.LoginAdminAsync();
        var token = admin.Token!;
        var now = TokenInvalidation.Second(cloud.Clock.GetUtcNow().UtcDateTime);
        var payload = new TokenPayload { UserId = admin.UserId, Methods = 2, ExpiresAt = now.AddHours(1), AuditIds = ["VcxU2JYqT8OzfUVvrjEITQ"], ProjectId = admin.ProjectId };
        var own = cloud.Get<FernetKeys>().Current()[0];
        (await admin.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", own.Encrypt(payload.Pack(), now)))).Is(200);
        var middle = token.Length / 2;
        foreach (var (what, bad) in new[]
        {
            ("one character changed", token[..middle] + (token[middle] == 'A' ? 'B' : 'A') + token[(middle + 1)..]), ("cut", token[..^1]), ("cut to a quarter", token[..(token.Length / 4)]), ("more at the end", token + "AAAA"), ("upside down", new string([.. token.Reverse()])),
            ("of a foreign key", new FernetKey(FernetKey.Generate()).Encrypt(payload.Pack(), now)), ("expired", own.Encrypt((payload with { ExpiresAt = now.AddSeconds(-1) }).Pack(), now.AddHours(-2))),
            ("of nobody", own.Encrypt((payload with { UserId = "nobody" }).Pack(), now)), ("of a project that is not there", own.Encrypt((payload with { ProjectId = "none" }).Pack(), now)), ("no payload", own.Encrypt([1, 2, 3], now)),
            ("a receipt", new Keystone.Receipts.Receipt(admin.UserId, 2, now.AddMinutes(5)).Encrypt(cloud.Get<FernetKeys>(), now)), ("nonsense", "gAAAAA"), ("ten thousand characters", new string('A', 10_000)),
        })
        {
            (await cloud.Anonymous.Send(HttpMethod.Get, V3 + "/users", null, ("X-Auth-Token", bad))).Status.ShouldBe(401, what);
            (await admin.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", bad))).Status.ShouldBe(404, what);
            // 404 here, as upstream.
            (await cloud.ByTokenAsync(bad)).Status.ShouldBe(404, what);
        }
        (await admin.Get(V3 + "/users")).Is(200);
    }

    [Fact]
    public async Task Tokens_OfScopesThatWereDisabled_OpenNothing()
    {
        var admin = await cloud.LoginAdminAsync();
        var domain = await Domain(admin);
        var project = await Project(admin, domain: domain);
        var (id, name, _) = await cloud.NewMemberAsync(project: project);
        (await admin.Put($"{V3}/domains/{domain}/users/{id}/roles/{await RoleNamed(admin, "reader")}")).Is(204);
        foreach (var scope in new object[] { new { project = new { id = project } }, new { domain = new { id = domain } } })
        {
            var user = cloud.User(await cloud.LoginAsync(scope, ("password", Logins.Password(name))));
            (await user.Get(V3 + "/auth/projects")).Is(200);
            (await admin.Patch($"{V3}/domains/{domain}", new { domain = new { enabled = false } })).Is(200);
            (await user.Get(V3 + "/auth/projects")).Is(401);
            (await cloud.LoginAsync(scope, ("password", Logins.Password(name)))).Is(401);
            (await admin.Patch($"{V3}/domains/{domain}", new { domain = new { enabled = true } })).Is(200);
        }
    }

    [Fact]
    public async Task Parents_InACircle_AreRefused()
    {
        var admin = await cloud.LoginAdminAsync();
        var top = await Project(admin);
        var below = await Project(admin, parent: top);
        (await admin.Patch($"{V3}/projects/{top}", new { project = new { parent_id = below } })).Is(403);
        (await admin.Patch($"{V3}/projects/{top}", new { project = new { parent_id = top } })).Is(403);
        (await admin.Get($"{V3}/projects/{top}")).Is(200)["project"]["parent_id"]!.ToString().ShouldBe("default");
    }

    [Fact]
    public async Task ImpliedRoles_InACircle_AreAllOfThemAndEnd()
    {
        var admin = await cloud.LoginAdminAsync();
        var (id, name, project) = await cloud.NewMemberAsync();
        string[] names = [Name("role"), Name("role"), Name("role")];
        var roles = new List<string>();
        foreach (var role in names) { roles.Add(await Role(admin, role)); }
        for (var i = 0; i < 3; i++) { (await admin.Put($"{V3}/roles/{roles[i]}/implies/{roles[(i + 1) % 3]}")).Is(201); }
        (await admin.Put($"{V3}/projects/{project}/users/{id}/roles/{roles[1]}")).Is(204);
        var token = (await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name)))).Is(201)["token"];
        token["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(names.Append("member").Append("reader").Order(StringComparer.Ordinal));
        (await admin.Get($"{V3}/role_assignments?effective&user.id={id}&scope.project.id={project}")).Is(200)["role_assignments"].AsArray().Select(a => a!["role"]!["id"]!.ToString()).Distinct().Count().ShouldBe(5);
        (await admin.Get(V3 + "/role_inferences")).Is(200);
        foreach (var role in roles) { (await admin.Delete($"{V3}/roles/{role}")).Is(204); }
    }
}
