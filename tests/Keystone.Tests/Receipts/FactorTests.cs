using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Receipts;
using Nephos.Keystone.Tokens;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Receipts;

/// <summary>One-time passwords, and logins that need more than one method.</summary>
public sealed class FactorTests(FactorTests.TotpCloud cloud) : IClassFixture<FactorTests.TotpCloud>
{
    /// <summary>One-time passwords are off by default, as upstream.</summary>
    public sealed class TotpCloud : TestCloud
    {
        // A pass code is of its half minute.
        public TotpCloud() => Clock.Hold();

        public ShiftedClock Clock { get; } = new();
        protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
        protected override void Configure(IServiceCollection services) => services.AddSingleton<TimeProvider>(Clock)
            .AddSingleton(new KeystoneSettings { PasswordHashRounds = 4, Auth = new AuthSettings { Methods = [.. new AuthSettings().Methods, "totp"] } });
    }

    private const string Secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    private async Task<(string Id, string Name, string Project)> PersonAsync(params string[][] rules)
    {
        var admin = await cloud.LoginAdminAsync();
        var person = await cloud.NewMemberAsync();
        (await admin.Post(Make.V3 + "/credentials", new { credential = new { user_id = person.Id, type = "totp", blob = Secret } })).Is(201);
        (await admin.Patch($"{Make.V3}/users/{person.Id}", new { user = new { options = new { multi_factor_auth_rules = rules } } })).Is(200);
        return person;
    }

    private object Totp(string name, int back = 0, string? passcode = null)
    {
        TotpMethod.TryBase32(Secret, out var secret);
        var step = cloud.Clock.GetUtcNow().ToUnixTimeSeconds() / 30 - back;
        return new { user = new { name, domain = new { id = "default" }, passcode = passcode ?? TotpMethod.Passcode(secret, step) } };
    }

    /// <summary>RFC 4226, appendix D.</summary>
    [Theory]
    [InlineData(0, "755224")]
    [InlineData(1, "287082")]
    [InlineData(7, "162583")]
    [InlineData(9, "520489")]
    public void Passcode_OfTheRfcsSecret_IsTheRfcs(long step, string passcode)
    {
        TotpMethod.TryBase32(Secret, out var secret).ShouldBeTrue();
        System.Text.Encoding.ASCII.GetString(secret).ShouldBe("12345678901234567890");
        TotpMethod.Passcode(secret, step).ShouldBe(passcode);
        TotpMethod.TryBase32("not base 32", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Totp_OfThisHalfMinuteOrTheOneBefore_LogsIn()
    {
        var person = await PersonAsync();
        (await cloud.LoginAsync(Logins.ProjectScope(person.Project), ("totp", Totp(person.Name)))).Is(201)["token"]["methods"]!.ToJsonString().ShouldBe("""["totp"]""");
        (await cloud.LoginAsync(null, ("totp", Totp(person.Name, 1)))).Is(201);
        (await cloud.LoginAsync(null, ("totp", Totp(person.Name, 5)))).Is(401);
        (await cloud.LoginAsync(null, ("totp", Totp(person.Name, passcode: "12345")))).Is(401);
        (await cloud.LoginAsync(null, ("totp", Totp("nobody")))).Is(401);
        (await cloud.LoginAsync(null, ("totp", new { }))).Is(400);
        (await cloud.LoginAsync(null, ("totp", new { user = new { passcode = "1" } }))).Is(400);
    }

    [Fact]
    public async Task Login_WithOneMethodOfTwo_GetsAReceiptAndNeedsTheOtherAlone()
    {
        var person = await PersonAsync(["password", "totp"]);
        var half = (await cloud.LoginAsync(Logins.ProjectScope(person.Project), ("password", Logins.Password(person.Name)))).Is(401);
        half["required_auth_methods"].ToJsonString().ShouldBe("""[["password","totp"]]""");
        (half["receipt"]["methods"]!.ToJsonString(), half["receipt"]["user"]!["id"]!.ToString(), half["receipt"]["user"]!["domain"]!["name"]!.ToString()).ShouldBe(("""["password"]""", person.Id, "Default"));
        var receipt = half.Header(ReceiptError.Header)!;
        Task<TestReply> Finish(string text, params (string, object)[] methods) => cloud.Anonymous.Send(HttpMethod.Post, Logins.Tokens, Logins.Body(Logins.ProjectScope(person.Project), methods), (ReceiptError.Header, text));
        var whole = (await Finish(receipt, ("totp", Totp(person.Name)))).Is(201);
        whole["token"]["methods"]!.ToJsonString().ShouldBe("""["password","totp"]""");
        (await Finish(receipt, ("totp", Totp(person.Name, passcode: "000000")))).Is(401);
        (await Finish("gAAAAAnone", ("totp", Totp(person.Name)))).Is(401).Message().ShouldBe("Could not find auth receipt: gAAAAAnone.");
        (await Finish(whole.Header("X-Subject-Token")!, ("totp", Totp(person.Name)))).Is(401);
        (await cloud.Anonymous.Send(HttpMethod.Get, Make.V3 + "/auth/catalog", null, ("X-Auth-Token", receipt))).Is(401);
        var other = await PersonAsync(["password", "totp"]);
        (await Finish(receipt, ("totp", Totp(other.Name)))).Is(401);
        (await cloud.LoginAsync(null, ("password", Logins.Password(person.Name)), ("totp", Totp(person.Name)))).Is(201);
        cloud.Clock.Advance(TimeSpan.FromMinutes(6));
        (await Finish(receipt, ("totp", Totp(person.Name)))).Is(401);
    }

    [Fact]
    public async Task Rules_AnyOfThemOrOffOrOfUnknownMethods_AreEnough()
    {
        var admin = await cloud.LoginAdminAsync();
        var person = await PersonAsync(["password", "totp"], ["password", "kerberos"]);
        // A method that is not offered does not count.
        (await cloud.LoginAsync(null, ("password", Logins.Password(person.Name)))).Is(201);
        var strict = await PersonAsync(["totp"]);
        (await cloud.LoginAsync(null, ("password", Logins.Password(strict.Name)))).Is(401);
        (await admin.Patch($"{Make.V3}/users/{strict.Id}", new { user = new { options = new { multi_factor_auth_enabled = false } } })).Is(200);
        (await cloud.LoginAsync(null, ("password", Logins.Password(strict.Name)))).Is(201);
        var odd = await PersonAsync(["kerberos"]);
        (await cloud.LoginAsync(null, ("password", Logins.Password(odd.Name)))).Is(201);
    }

    [Fact]
    public void Receipt_CutOrChanged_IsNone()
    {
        var keys = cloud.Get<FernetKeys>();
        var now = new DateTime(2026, 11, 26, 9, 0, 0, DateTimeKind.Utc);
        var receipt = new Receipt("0f8fad5bd9cb469fa16570867728950e", 2, now.AddMinutes(5));
        var text = receipt.Encrypt(keys, now);
        Receipt.Decrypt(keys, text).ShouldBe(receipt);
        for (var i = 0; i < text.Length; i++) { Receipt.Decrypt(keys, text[..i]).ShouldBeNull(); }
        Receipt.Decrypt(keys, "!").ShouldBeNull();
    }
}
