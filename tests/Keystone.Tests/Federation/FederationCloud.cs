using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Federation;
using Nephos.Testing;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>Keystone with a trusted proxy on this machine.</summary>
public class FederationCloud : TestCloud
{
    public const string Dashboard = "https://dashboard.example.com/auth/websso/";
    public ShiftedClock Clock { get; } = new();
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected virtual KeystoneSettings Settings => new()
    {
        PasswordHashRounds = 4,
        Auth = new AuthSettings { ExternalUserHeader = "X-Remote-User" },
        Federation = new FederationSettings { TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")], TrustedDashboards = [Dashboard] },
    };

    protected override void Configure(IServiceCollection services)
    {
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton(Settings);
    }
}

/// <summary>Makes what federation needs through the API.</summary>
internal static class MakeFederation
{
    public const string Providers = V3 + "/OS-FEDERATION/identity_providers";

    /// <summary>An enabled identity provider with a protocol and a mapping by these rules (a JSON array).</summary>
    public static async Task<(string Idp, string Auth)> Provider(TestUser admin, string rules, string protocol = "mapped", object? provider = null, string? version = null, string? id = null)
    {
        var (idp, map) = (id ?? Name("idp"), Name("map"));
        var mapping = new JsonObject { ["rules"] = JsonNode.Parse(rules.Replace('`', '"')) };
        if (version is not null) { mapping["schema_version"] = version; }
        (await admin.Put($"{V3}/OS-FEDERATION/mappings/{map}", new JsonObject { ["mapping"] = mapping })).Is(201);
        (await admin.Put($"{Providers}/{idp}", new { identity_provider = provider ?? new { enabled = true } })).Is(201);
        (await admin.Put($"{Providers}/{idp}/protocols/{protocol}", new { protocol = new { mapping_id = map } })).Is(201);
        return (idp, $"{Providers}/{idp}/protocols/{protocol}/auth");
    }

    public static object FromToken(string token, object? scope) => new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = token } }, scope } };

    public static Task<TestReply> Scoped(this TestCloud cloud, string token, object? scope) => cloud.Anonymous.Post(V3 + "/auth/tokens", FromToken(token, scope));
}
