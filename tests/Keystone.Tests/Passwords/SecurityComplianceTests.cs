using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Keystone.Passwords;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Passwords;

/// <summary>Keystone with rules of passwords, on a clock that each test moves for itself: a test has a cloud of its own.</summary>
public sealed class RuledCloud(SecurityComplianceSettings rules) : TestCloud
{
    public ShiftedClock Clock { get; } = new();
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton<TimeProvider>(Clock).AddSingleton(new KeystoneSettings { PasswordHashRounds = 4, SecurityCompliance = rules });

    public Task<TestReply> Login(string userId, string password) =>
        Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id = userId, password } } } } });

    public Task<TestReply> Change(string userId, string old, string password) => Anonymous.Post($"{V3}/users/{userId}/password", new { user = new { original_password = old, password } });

    public Task<TestReply> Patch(string userId, object user) => Admin.Patch($"{V3}/users/{userId}", new { user });

    public async Task<string> UserOf(object options)
    {
        var name = Name("user");
        return (await Admin.Post(V3 + "/users", new { user = new { name, password = "old", domain_id = "default", options } })).Is(201)["user"]["id"]!.ToString();
    }

    public static async Task With(SecurityComplianceSettings rules, Func<RuledCloud, Task> test)
    {
        var cloud = new RuledCloud(rules);
        await cloud.InitializeAsync();
        try { await test(cloud); }
        finally { await cloud.DisposeAsync(); }
    }
}

public sealed class SecurityComplianceTests
{
    private const string Unauthorized = "The request you have made requires authentication.";

    [Fact]
    public Task Login_TooManyFailures_LocksForTheDuration() => RuledCloud.With(new() { LockoutFailureAttempts = 2, LockoutDuration = TimeSpan.FromMinutes(5) }, async cloud =>
    {
        var user = await cloud.UserOf(new { });
        var ignoring = await cloud.UserOf(new { ignore_lockout_failure_attempts = true });
        (await cloud.Login(user, "old")).Is(201);
        (await cloud.Login(user, "wrong")).Is(401);
        (await cloud.Login(user, "old")).Is(201);
        for (var i = 0; i < 2; i++)
        {
            (await cloud.Login(user, "wrong")).Is(401);
            (await cloud.Login(ignoring, "wrong")).Is(401);
        }
        (await cloud.Login(user, "old")).Is(401).Message().ShouldBe(Unauthorized);
        (await cloud.Change(user, "old", "new")).Is(401).Message().ShouldBe(Unauthorized);
        (await cloud.Login(ignoring, "old")).Is(201);
        cloud.Clock.Advance(TimeSpan.FromMinutes(6));
        (await cloud.Login(user, "wrong")).Is(401);
        (await cloud.Login(user, "old")).Is(201);
        for (var i = 0; i < 2; i++) { (await cloud.Change(user, "wrong", "new")).Is(401); }
        (await cloud.Login(user, "old")).Is(401);
        (await cloud.Patch(user, new { enabled = true })).Is(200);
        (await cloud.Login(user, "old")).Is(201);
    });

    [Fact]
    public Task Login_LockoutWithoutEnd_LastsUntilEnabled() => RuledCloud.With(new() { LockoutFailureAttempts = 1, LockoutDuration = TimeSpan.Zero }, async cloud =>
    {
        var user = await cloud.UserOf(new { });
        (await cloud.Login(user, "wrong")).Is(401);
        cloud.Clock.Advance(TimeSpan.FromDays(100));
        (await cloud.Login(user, "old")).Is(401);
        (await cloud.Patch(user, new { enabled = true })).Is(200);
        (await cloud.Login(user, "old")).Is(201);
    });

    [Fact]
    public Task Login_ManyGuessesAtOnce_GiveNoMoreTries() => RuledCloud.With(new() { LockoutFailureAttempts = 3 }, async cloud =>
    {
        var user = await cloud.UserOf(new { });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => cloud.Login(user, "guess" + i)));
        (await cloud.Login(user, "old")).Is(401);
        (await cloud.Get<Store<KeystoneDb>>().ReadAsync(db => Task.FromResult(db.Users.Single(u => u.Id == user).FailedAuthCount))).ShouldBeGreaterThanOrEqualTo(3);
    });

    [Fact]
    public Task Login_WhateverIsWrong_CostsOneHashAndSaysTheSame() => RuledCloud.With(new() { LockoutFailureAttempts = 2 }, async cloud =>
    {
        var hasher = cloud.Get<PasswordHasher>();
        var (good, disabled, locked, none) = (await cloud.UserOf(new { }), await cloud.UserOf(new { }), await cloud.UserOf(new { }), await cloud.UserOf(new { }));
        (await cloud.Patch(disabled, new { enabled = false })).Is(200);
        (await cloud.Patch(none, new Dictionary<string, object?> { ["password"] = null })).Is(200);
        for (var i = 0; i < 2; i++) { (await cloud.Login(locked, "wrong")).Is(401); }
        foreach (var (id, password) in new[] { (good, "wrong"), (disabled, "old"), (disabled, "wrong"), (locked, "old"), (none, "old"), ("nobody", "old"), (good, new string('x', 100_000)) })
        {
            var before = hasher.Checks;
            var reply = (await cloud.Login(id, password)).Is(401);
            (hasher.Checks - before).ShouldBe(1, id);
            reply.Message().ShouldBe(Unauthorized);
        }
    });

    [Fact]
    public Task Password_Expired_LetsTheUserChangeItAndNothingElse() => RuledCloud.With(new() { PasswordExpiresDays = 10 }, async cloud =>
    {
        cloud.Clock.Hold();
        var user = await cloud.UserOf(new { });
        var ignoring = await cloud.UserOf(new { ignore_password_expiry = true });
        (await cloud.Admin.Get($"{V3}/users/{ignoring}")).Is(200)["user"]["password_expires_at"].ShouldBeNull();
        var end = (await cloud.Admin.Get($"{V3}/users/{user}")).Is(200)["user"]["password_expires_at"]!.ToString();
        end.ShouldEndWith(".000000");
        var day = (cloud.Clock.GetUtcNow() + TimeSpan.FromDays(10)).ToString("yyyy-MM-dd", null);
        end.ShouldStartWith(day);
        (await cloud.Admin.Get($"{V3}/users?password_expires_at=lt:{end[..19]}Z")).Ids("users").ShouldNotContain(user);
        (await cloud.Admin.Get($"{V3}/users?password_expires_at=lte:{end[..19]}Z")).Ids("users").ShouldContain(user);
        (await cloud.Admin.Get($"{V3}/users?password_expires_at=eq:{end[..19]}Z")).Ids("users").ShouldContain(user);
        var group = await Group(cloud.Admin);
        foreach (var member in new[] { user, ignoring }) { (await cloud.Admin.Put($"{V3}/groups/{group}/users/{member}")).Is(204); }
        (await cloud.Admin.Get($"{V3}/groups/{group}/users?password_expires_at=gt:2020-01-01T00:00:00Z")).Ids("users").ShouldBe([user]);
        cloud.Clock.Advance(TimeSpan.FromDays(11));
        (await cloud.Login(ignoring, "old")).Is(201);
        (await cloud.Login(user, "old")).Is(401).Message().ShouldBe($"The password is expired and needs to be changed for user: {user}.");
        (await cloud.Login(user, "wrong")).Is(401).Message().ShouldBe(Unauthorized);
        (await cloud.Change(user, "wrong", "new")).Is(401).Message().ShouldBe(Unauthorized);
        (await cloud.Change(user, "old", "new")).Is(204);
        (await cloud.Login(user, "new")).Is(201);
    });

    [Fact]
    public Task Change_PasswordOfTheHistory_Is400UntilItIsOldEnough() => RuledCloud.With(new() { UniqueLastPasswordCount = 2 }, async cloud =>
    {
        var user = await cloud.UserOf(new { });
        const string Refused = "The new password cannot be identical to a previous password. The total number which includes the new password must be unique is 2.";
        (await cloud.Change(user, "old", "old")).Is(400).Message().ShouldBe(Refused);
        (await cloud.Change(user, "old", "one")).Is(204);
        (await cloud.Change(user, "one", "old")).Is(400).Message().ShouldBe(Refused);
        (await cloud.Change(user, "one", "one")).Is(400);
        (await cloud.Change(user, "one", "two")).Is(204);
        (await cloud.Change(user, "two", "old")).Is(204);
        (await cloud.Login(user, "two")).Is(401);
        (await cloud.Patch(user, new { password = "old" })).Is(200);
        (await cloud.Login(user, "old")).Is(201);
        (await cloud.Get<Store<KeystoneDb>>().ReadAsync(db => Task.FromResult(db.Passwords.Count(p => p.UserId == user)))).ShouldBe(3, "the history and the present one");
    });

    [Fact]
    public Task Change_BeforeTheMinimumAge_Is400ForOwnPasswordsOnly() => RuledCloud.With(new() { MinimumPasswordAge = 2 }, async cloud =>
    {
        var user = await cloud.UserOf(new { });
        (await cloud.Change(user, "old", "one")).Is(204);
        cloud.Clock.Advance(TimeSpan.FromHours(1));
        (await cloud.Change(user, "one", "two")).Is(400).Message().ShouldBe("You cannot change your password at this time due to the minimum password age. Once you change your password, it must be used for 2 day(s) before it can be changed. "
            + "Please try again in 1 day(s) or contact your administrator to reset your password.");
        cloud.Clock.Advance(TimeSpan.FromDays(2));
        (await cloud.Change(user, "one", "two")).Is(204);
    });

    [Fact]
    public Task Password_NotMatchingThePattern_Is400AndChangesNothing() => RuledCloud.With(new() { PasswordRegex = @"(?=.*\d).{3,}", PasswordRegexDescription = "three with a digit" }, async cloud =>
    {
        const string Refused = "The password does not match the requirements: three with a digit.";
        (await cloud.Admin.Post(V3 + "/users", new { user = new { name = Name(), password = "abc", domain_id = "default" } })).Is(400).Message().ShouldBe(Refused);
        (await cloud.Admin.Post(V3 + "/users", """{"user":{"name":"nullpass","password":null,"domain_id":"default"}}""")).Is(400).Message().ShouldBe("Password validation error: Password must be a string type.");
        var user = (await cloud.Admin.Post(V3 + "/users", new { user = new { name = Name(), password = "abc1", domain_id = "default" } })).Is(201)["user"]["id"]!.ToString();
        (await cloud.Patch(user, new { password = "abc" })).Is(400).Message().ShouldBe(Refused);
        (await cloud.Change(user, "wrong", "abc")).Is(401);
        (await cloud.Change(user, "abc1", "abc")).Is(400).Message().ShouldBe(Refused);
        (await cloud.Login(user, "abc1")).Is(201);
    });

    [Fact]
    public Task Password_OfAnAdministrator_MustBeChangedUponFirstUse() => RuledCloud.With(new() { ChangePasswordUponFirstUse = true }, async cloud =>
    {
        var user = await cloud.UserOf(new { });
        var ignoring = await cloud.UserOf(new { ignore_change_password_upon_first_use = true });
        (await cloud.Login(ignoring, "old")).Is(201);
        (await cloud.Login(user, "old")).Is(401).Message().ShouldStartWith("The password is expired");
        (await cloud.Change(user, "old", "new")).Is(204);
        (await cloud.Login(user, "new")).Is(201);
        (await cloud.Patch(user, new { password = "reset" })).Is(200);
        (await cloud.Login(user, "reset")).Is(401).Message().ShouldStartWith("The password is expired");
    });

    [Fact]
    public Task User_LongInactive_CountsAsDisabled() => RuledCloud.With(new() { DisableUserAccountDaysInactive = 30 }, async cloud =>
    {
        var user = await cloud.UserOf(new { });
        var ignoring = await cloud.UserOf(new { ignore_user_inactivity = true });
        cloud.Clock.Advance(TimeSpan.FromDays(20));
        (await cloud.Login(user, "old")).Is(201);
        cloud.Clock.Advance(TimeSpan.FromDays(20));
        (await cloud.Login(user, "old")).Is(201);
        cloud.Clock.Advance(TimeSpan.FromDays(31));
        (await cloud.Login(ignoring, "old")).Is(201);
        (await cloud.Login(user, "old")).Is(401).Message().ShouldBe(Unauthorized);
        (await cloud.Change(user, "old", "new")).Is(401).Message().ShouldBe($"The account is disabled for user: {user}.");
        (await cloud.Admin.Get($"{V3}/users/{user}")).Is(200)["user"]["enabled"]!.GetValue<bool>().ShouldBeFalse();
        (await cloud.Patch(user, new { enabled = true })).Is(200)["user"]["enabled"]!.GetValue<bool>().ShouldBeTrue();
        (await cloud.Login(user, "old")).Is(201);
    });

    [Fact]
    public Task Change_LockedPassword_Is400() => RuledCloud.With(new(), async cloud =>
    {
        var user = await cloud.UserOf(new { lock_password = true });
        (await cloud.Change(user, "wrong", "new")).Is(401);
        (await cloud.Change(user, "old", "new")).Is(400).Message().ShouldBe("You cannot change your password at this time due to password policy disallowing password changes. Please contact your administrator to reset your password.");
        (await cloud.Login(user, "old")).Is(201);
        (await cloud.Admin.Get($"{V3}/users/{user}/password")).Is(405);
        (await cloud.Anonymous.Post($"{V3}/users/{user}/password", """{"user":{"original_password":"old"}}""")).Is(400);
        (await cloud.Anonymous.Post($"{V3}/users/{user}/password", """{"user":{"original_password":"old","password":"new","more":1}}""")).Is(400);
        (await cloud.Anonymous.Post($"{V3}/users/{user}/password", """{"user":{"original_password":1,"password":"new"}}""")).Is(400);
        foreach (var bad in new[] { "[[]]", """[["a","a"]]""", """[["a"],["a"]]""", """["a"]""", "1" })
        {
            (await cloud.Admin.Patch($"{V3}/users/{user}", """{"user":{"options":{"multi_factor_auth_rules":BAD}}}""".Replace("BAD", bad, StringComparison.Ordinal))).Is(400);
        }
        (await cloud.Admin.Patch($"{V3}/users/{user}", """{"user":{"options":{"lock_password":"yes"}}}""")).Is(400);
        (await cloud.Admin.Patch($"{V3}/users/{user}", """{"user":{"options":{"lock_password":null}}}""")).Is(200)["user"]["options"]!.ToJsonString().ShouldBe("{}");
        (await cloud.Change(user, "old", new string('ä', 100))).Is(204);
        (await cloud.Login(user, new string('ä', 36))).Is(201);
    });
}

public sealed class StrictCloud : TestCloud
{
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected override void Configure(IServiceCollection services) => services.AddSingleton(new KeystoneSettings { PasswordHashRounds = 4, StrictPasswordCheck = true });
}

public sealed class StrictPasswordTests(StrictCloud cloud) : IClassFixture<StrictCloud>
{
    [Fact]
    public async Task Create_PasswordLongerThanCounts_Is403WhenStrict()
    {
        (await cloud.Admin.Post(V3 + "/users", new { user = new { name = Name(), password = new string('x', 73), domain_id = "default" } })).Is(403).Message()
            .ShouldBe("The password length must be less than or equal to 72. The server could not comply with the request because the password is invalid.");
        (await cloud.Admin.Post(V3 + "/users", new { user = new { name = Name(), password = new string('x', 72), domain_id = "default" } })).Is(201);
    }
}
