using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Tokens;
using Nephos.Kernel.Api;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Tokens;

/// <summary>Signed tokens instead of encrypted ones.</summary>
public sealed class JwsTokenTests(JwsTokenTests.JwsCloud cloud) : IClassFixture<JwsTokenTests.JwsCloud>
{
    public sealed class JwsCloud : TestCloud
    {
        protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
        protected override void Configure(IServiceCollection services) => services.AddSingleton(new KeystoneSettings { PasswordHashRounds = 4, Auth = new AuthSettings { TokenProvider = "jws" } });
    }

    [Theory]
    [InlineData("ES384", 96)]
    [InlineData("ES512", 132)]
    public void Token_OfALongerSignature_IsReadWhereItIsAccepted(string algorithm, int length)
    {
        var directory = Directory.CreateTempSubdirectory("nephos-jws-").FullName;
        try
        {
            var facts = new CloudFacts { StateDirectory = directory, PublicUrl = "http://x", AdminPassword = "" };
            JwsTokens Of(string signs, params string[] accepts)
            {
                var tokens = new JwsTokens(facts, new KeystoneSettings { Auth = new AuthSettings { TokenProvider = "jws", JwsAlgorithm = signs, JwsAcceptedAlgorithms = accepts } });
                tokens.Prepare();
                return tokens;
            }
            var now = new DateTime(2026, 11, 26, 9, 0, 0, DateTimeKind.Utc);
            var payload = new TokenPayload { UserId = "u", Methods = 2, ExpiresAt = now.AddHours(1), AuditIds = ["VcxU2JYqT8OzfUVvrjEITQ"] };
            using var before = Of("ES256", "ES256");
            var old = before.Write(payload, now);
            File.Delete(Path.Combine(directory, "jws-keys", "private", "private.pem"));
            using var tokens = Of(algorithm, "ES256", algorithm);
            var text = tokens.Write(payload, now);
            Base64Url.DecodeFromChars(text.Split('.')[2]).Length.ShouldBe(length);
            foreach (var (token, read) in new[] { (text, true), (old, true), (text[..^4] + "AAAA", false) })
            {
                tokens.TryRead(token, out var seen, out _).ShouldBe(read);
                if (read) { seen.UserId.ShouldBe("u"); }
            }
            using var strict = Of(algorithm, algorithm);
            strict.TryRead(old, out _, out _).ShouldBeFalse("the change-over is over");
            using var wrong = Of("ES256", "ES256");
            Should.Throw<InvalidOperationException>(() => wrong.Write(payload, now)).Message.ShouldContain("is not a key for ES256");
        }
        finally { Directory.Delete(directory, recursive: true); }
    }

    [Fact]
    public async Task Token_Signed_IsReadAndNothingElseIs()
    {
        var admin = await cloud.LoginAdminAsync();
        var parts = admin.Token!.Split('.');
        Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])).ShouldBe("""{"alg":"ES256","typ":"JWT"}""");
        cloud.Get<TokenCache>().Clear();
        var shown = (await admin.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", admin.Token!))).Is(200)["token"];
        (shown["user"]!["name"]!.ToString(), shown["project"]!["name"]!.ToString(), shown["expires_at"]!.ToString()).ShouldBe(("admin", "admin", shown["expires_at"]!.ToString()[..20] + "000000Z"));
        var none = Base64Url.EncodeToString("""{"alg":"none","typ":"JWT"}"""u8);
        foreach (var bad in new[] { $"{none}.{parts[1]}.", $"{none}.{parts[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}", $"{parts[0]}.{parts[2]}.{parts[1]}", "a.b.c", admin.Token![..^2] + "AA" })
        {
            (await cloud.Anonymous.Send(HttpMethod.Get, Make.V3 + "/auth/catalog", null, ("X-Auth-Token", bad))).Is(401);
        }
        (await cloud.ByTokenAsync(admin.Token!)).Is(201)["token"]["methods"]!.AsArray().Count.ShouldBe(2);
    }
}
