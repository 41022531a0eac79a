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
