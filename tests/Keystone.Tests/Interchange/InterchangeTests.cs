using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Kernel.Processes;
using Nephos.Keystone.Receipts;
using Nephos.Keystone.Tokens;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Interchange;

/// <summary>Our tokens read by upstream's own formatter (Debian's python3-keystone) from the shared key repository, and its tokens accepted by us.</summary>
public sealed class InterchangeTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private async Task<List<JsonNode>> UpstreamAsync(IEnumerable<JsonObject> asked)
    {
        var script = Path.Combine(Repository.Root, "tests", "Keystone.Tests", "Interchange", "interchange.py");
        var input = Encoding.UTF8.GetBytes(string.Join('\n', asked.Select(a => a.ToJsonString())) + "\n");
        var output = await cloud.Get<IProcessRunner>().RunOrThrowAsync("/usr/bin/python3", [script, FernetKeys.DirectoryIn(cloud.StateDirectory)], input, TimeSpan.FromSeconds(60));
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    /// <summary>Logins of every scope and method that need no second party, by what they are.</summary>
    private async Task<Dictionary<string, TestReply>> LoginsAsync()
    {
        var admin = await cloud.LoginAdminAsync();
        var (id, name, project) = await cloud.NewMemberAsync();
        var password = ("password", Logins.Password(name));
        (await admin.Put($"{Make.V3}/domains/default/users/{id}/roles/{await Make.RoleNamed(admin, "reader")}")).Is(204);
        (await admin.Put($"{Make.V3}/system/users/{id}/roles/{await Make.RoleNamed(admin, "reader")}")).Is(204);
        var logins = new Dictionary<string, TestReply>
        {
            ["unscoped"] = await cloud.LoginAsync("unscoped", password),
            ["project"] = await cloud.LoginAsync(Logins.ProjectScope(project), password),
            ["domain"] = await cloud.LoginAsync(new { domain = new { id = "default" } }, password),
            ["system"] = await cloud.LoginAsync(new { system = new { all = true } }, password),
        };
        logins["rescoped"] = await cloud.ByTokenAsync(logins["unscoped"].Header("X-Subject-Token")!, Logins.ProjectScope(project));
        var user = cloud.User(logins["project"]);
        var app = (await user.Post($"{Make.V3}/users/{id}/application_credentials", new { application_credential = new { name = "a" } })).Is(201)["application_credential"];
        logins["credential"] = await cloud.ByCredentialAsync(app["id"]!.ToString(), app["secret"]!.ToString());
        logins["credential rescoped"] = await cloud.ByTokenAsync(logins["credential"].Header("X-Subject-Token")!);
        var (trusteeId, trustee, _) = await cloud.NewMemberAsync();
        var trust = (await user.Post(Make.V3 + "/OS-TRUST/trusts", new { trust = new { trustor_user_id = id, trustee_user_id = trusteeId, project_id = project, impersonation = false, roles = new[] { new { name = "member" } } } })).Is(201)["trust"]["id"]!.ToString();
        logins["trust"] = await cloud.LoginAsync(new JsonObject { ["OS-TRUST:trust"] = new JsonObject { ["id"] = trust } }, ("password", Logins.Password(trustee)));
        return logins;
    }

    [Fact]
    public async Task Tokens_OfEveryScopeAndMethod_AreReadByUpstreamIntoTheSameFields()
    {
        var logins = await LoginsAsync();
        var read = await UpstreamAsync(logins.Values.Select(login => new JsonObject { ["decode"] = login.Is(201).Header("X-Subject-Token") }));
        foreach (var ((what, login), fields) in logins.Zip(read))
        {
            var token = login["token"];
            static string? Text(JsonNode? node) => node?.ToString();
            Text(fields["user_id"]).ShouldBe(Text(token["user"]!["id"]), what);
            Text(fields["project_id"]).ShouldBe(Text(token["project"]?["id"]), what);
            Text(fields["domain_id"]).ShouldBe(Text(token["domain"]?["id"]), what);
            Text(fields["system"]).ShouldBe(token["system"] is null ? null : "all", what);
            Text(fields["trust_id"]).ShouldBe(Text(token["OS-TRUST:trust"]?["id"]), what);
            Text(fields["app_cred_id"]).ShouldBe(Text(token["application_credential"]?["id"]), what);
            Text(fields["expires_at"]).ShouldBe(Text(token["expires_at"]), what);
            Text(fields["issued_at"]).ShouldBe(Text(token["issued_at"]), what);
            fields["audit_ids"]!.ToJsonString().ShouldBe(token["audit_ids"]!.ToJsonString(), what);
            fields["methods"]!.AsArray().Select(m => m!.ToString()).Order().ShouldBe(token["methods"]!.AsArray().Select(m => m!.ToString()).Order(), what);
        }
    }

    [Fact]
    public async Task Tokens_ComposedByUpstream_AreAcceptedAsTheSame()
    {
        var logins = await LoginsAsync();
        var asked = logins.Select(pair =>
        {
            var token = pair.Value.Is(201)["token"];
            var kind = pair.Key switch { "unscoped" => "Unscoped", "domain" => "DomainScoped", "system" => "SystemScoped", "trust" => "TrustScoped", "project" or "rescoped" => "ProjectScoped", _ => "ApplicationCredentialScoped" };
            return new JsonObject
            {
                ["encode"] = kind + "Payload",
                ["user_id"] = token["user"]!["id"]!.ToString(),
                ["expires_at"] = token["expires_at"]!.ToString(),
                ["audit_ids"] = token["audit_ids"]!.DeepClone(),
                ["methods"] = token["methods"]!.DeepClone(),
                ["project_id"] = token["project"]?["id"]?.ToString(),
                ["domain_id"] = token["domain"]?["id"]?.ToString(),
                ["system"] = token["system"] is null ? null : "all",
                ["trust_id"] = token["OS-TRUST:trust"]?["id"]?.ToString(),
                ["app_cred_id"] = token["application_credential"]?["id"]?.ToString(),
            };
        }).ToList();
        var made = await UpstreamAsync(asked);
        var admin = await cloud.LoginAdminAsync();
        foreach (var ((what, login), answer) in logins.Zip(made))
        {
            var text = answer["token"]!.ToString();
            text.ShouldNotBe(login.Header("X-Subject-Token"));
            var shown = (await admin.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", text))).Is(200)["token"].AsObject();
            var wanted = login["token"].DeepClone().AsObject();
            // The second in which upstream made its own.
            wanted["issued_at"] = shown["issued_at"]!.DeepClone();
            JsonNode.DeepEquals(shown, wanted).ShouldBeTrue($"{what}: {shown.ToJsonString()} against {wanted.ToJsonString()}");
        }
    }

    [Fact]
    public async Task PayloadsOfOtherKinds_PackedByEither_AreReadByTheOther()
    {
        const string user = "0f8fad5bd9cb469fa16570867728950e", scope = "7c9e6679742540de944be07fc1f90ae7";
        var now = TokenInvalidation.Second(cloud.Clock.GetUtcNow().UtcDateTime);
        var plain = new TokenPayload { UserId = user, Methods = TokenPayload.MethodsOf(["mapped", "oauth1"]), ExpiresAt = now.AddHours(1), AuditIds = ["VcxU2JYqT8OzfUVvrjEITQ"] };
        var federation = new FederatedPayload("idp", "openid", new[] { scope, "ops" });
        List<TokenPayload> payloads =
        [
            plain with { Federation = federation }, plain with { Federation = federation, ProjectId = scope }, plain with { Federation = federation, DomainId = scope },
            plain with { ProjectId = scope, AccessTokenId = user },
        ];
        // Payloads with a certificate's thumbprint came after Debian 12's release (22) of upstream.
        var isNewer = (await UpstreamAsync([new JsonObject { ["knows"] = "Oauth2CredentialsScopedPayload" }])).Single()["knows"]!.GetValue<bool>();
        if (isNewer) { payloads.AddRange([plain with { ProjectId = scope, Thumbprint = "bUHvYSUDgbQvEpJE-8sTxA_0Yg=" }, plain with { DomainId = scope, Thumbprint = "bUHvYSUDgbQvEpJE-8sTxA_0Yg=" }]); }
        var keys = cloud.Get<FernetKeys>();
        var read = await UpstreamAsync(payloads.Select(p => new JsonObject { ["decode"] = keys.Current()[0].Encrypt(p.Pack(), now) })
            .Append(new JsonObject { ["receipt"] = new Receipt(user, 2, now.AddMinutes(5)).Encrypt(keys, now) }));
        foreach (var (payload, fields) in payloads.Zip(read))
        {
            (fields["project_id"]?.ToString(), fields["domain_id"]?.ToString(), fields["access_token_id"]?.ToString()).ShouldBe((payload.ProjectId, payload.DomainId, payload.AccessTokenId));
            if (isNewer) { fields["thumbprint"]?.ToString().ShouldBe(payload.Thumbprint); }
            if (payload.Federation is null) { continue; }
            (fields["identity_provider_id"]!.ToString(), fields["protocol_id"]!.ToString(), fields["federated_group_ids"]!.ToJsonString()).ShouldBe(("idp", "openid", $$"""[{"id":"{{scope}}"},{"id":"ops"}]"""));
        }
        (read[^1]["user_id"]!.ToString(), read[^1]["methods"]!.ToJsonString()).ShouldBe((user, """["password"]"""));
        string[] kinds = ["FederatedUnscoped", "FederatedProjectScoped", "FederatedDomainScoped", "OauthScoped", "Oauth2CredentialsScoped", "Oauth2CredentialsScoped"];
        var made = await UpstreamAsync(payloads.Zip(kinds, (payload, kind) =>
        {
            var asked = new JsonObject
            {
                ["encode"] = kind + "Payload", ["user_id"] = user, ["methods"] = new JsonArray("oauth1", "mapped"), ["audit_ids"] = new JsonArray(plain.AuditIds[0]), ["expires_at"] = Kernel.Wire.WireTime.MicrosZ(payload.ExpiresAt),
                ["project_id"] = payload.ProjectId, ["domain_id"] = payload.DomainId, ["access_token_id"] = payload.AccessTokenId,
                ["federated_group_ids"] = payload.Federation is null ? null : new JsonArray(new JsonObject { ["id"] = scope }, new JsonObject { ["id"] = "ops" }), ["identity_provider_id"] = payload.Federation?.IdentityProviderId, ["protocol_id"] = payload.Federation?.ProtocolId,
            };
            if (isNewer) { asked["thumbprint"] = payload.Thumbprint; }
            return asked;
        }));
        var tokens = cloud.Get<ITokenFormat>();
        foreach (var (payload, answer) in payloads.Zip(made))
        {
            tokens.TryRead(answer["token"]!.ToString(), out var back, out _).ShouldBeTrue();
            (back.UserId, back.Methods, back.ExpiresAt, back.ProjectId, back.DomainId, back.AccessTokenId, back.Thumbprint, back.AuditIds.Single()).ShouldBe((user, payload.Methods, payload.ExpiresAt, payload.ProjectId, payload.DomainId, payload.AccessTokenId, payload.Thumbprint, plain.AuditIds[0]));
            (back.Federation?.IdentityProviderId, back.Federation?.ProtocolId, back.Federation is null ? null : string.Join(',', back.Federation.GroupIds)).ShouldBe((payload.Federation?.IdentityProviderId, payload.Federation?.ProtocolId, payload.Federation is null ? null : scope + ",ops"));
        }
    }
}
