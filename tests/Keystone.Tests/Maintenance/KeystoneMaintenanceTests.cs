using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Bootstrap;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Tests.Ldap;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Maintenance;

public sealed class KeystoneMaintenanceTests(LdapCloud cloud) : IClassFixture<LdapCloud>
{
    private Task<IReadOnlyList<string>> Run(string command, params (string Name, string Value)[] arguments) => cloud.Get<KeystoneMaintenance>().RunAsync(command, arguments.ToDictionary(a => a.Name, a => a.Value), default);

    [Fact]
    public async Task Bootstrap_OfWhatIsThere_ChangesNothingAndMendsWhatIsBroken()
    {
        (await Run("bootstrap")).ShouldBe(["all is there"]);
        (await Run("bootstrap", ("password", "secret"))).ShouldBe(["all is there"]);
        var admin = await cloud.LoginAdminAsync();
        var other = cloud.Admin;
        (await other.Patch($"{V3}/users/{admin.UserId}", new { user = new { enabled = false } })).Is(200);
        (await other.Delete($"{V3}/projects/{admin.ProjectId}/users/{admin.UserId}/roles/{await RoleNamed(other, "admin")}")).Is(204);
        (await Run("bootstrap", ("password", "another"))).ShouldBe(["enabled the user admin", "set the password of admin", "gave the role admin on the project admin"]);
        (await cloud.LoginAsync("admin", "another", "admin")).Identity.Roles.ShouldContain("admin");
        (await Run("bootstrap", ("password", "secret"))).ShouldBe(["set the password of admin"]);
        await cloud.LoginAdminAsync();
        (await Should.ThrowAsync<BadRequestError>(() => Run("bootstrap", ("username", "nobody")))).Message.ShouldContain("give a password");
        (await Run("bootstrap", ("username", "second"), ("password", "pw"))).ShouldBe(["made the user second", "set the password of second", "gave the role admin on the project admin", "gave the role admin on the system"]);
        await cloud.LoginAsync("second", "pw", "admin");
        await Should.ThrowAsync<BadRequestError>(() => Run("nonsense"));
    }

    [Fact]
    public async Task Mappings_PurgedAndPopulated_AreTheSameAgain()
    {
        var (domain, name) = await cloud.LdapDomainAsync();
        (await Run("mapping-populate", ("domain", name))).ShouldBe(["4 users and 3 groups are mapped"]);
        var ann = IdMapping.IdOf(domain, "user", "ann");
        Task<int> Count() => cloud.Get<Store<KeystoneDb>>().ReadAsync(db => Task.FromResult(db.Set<IdMapping>().Count(m => m.DomainId == domain)));
        (await Count()).ShouldBe(7);
        (await Run("mapping-purge", ("domain", name), ("local_id", "ann"))).ShouldBe(["1 mappings purged"]);
        (await cloud.Admin.Get($"{V3}/users/{ann}")).Is(404);
        (await Run("mapping-purge", ("public_id", IdMapping.IdOf(domain, "user", "bob")))).ShouldBe(["1 mappings purged"]);
        (await Run("mapping-purge", ("domain", name), ("type", "group"))).ShouldBe(["3 mappings purged"]);
        (await Count()).ShouldBe(2);
        (await Run("mapping-populate", ("domain", name))).ShouldBe(["4 users and 3 groups are mapped"]);
        (await cloud.Admin.Get($"{V3}/users/{ann}")).Is(200);
        foreach (var bad in new[] { Array.Empty<(string, string)>(), [("local_id", "ann")], [("all", "true"), ("type", "user")], [("type", "pet")], [("domain", "nope")] })
        {
            await Should.ThrowAsync<BadRequestError>(() => Run("mapping-purge", bad));
        }
        await Should.ThrowAsync<BadRequestError>(() => Run("mapping-populate", ("domain", "Default")));
        (await Count()).ShouldBe(7);
        (await Run("trust-flush")).Single().ShouldEndWith("purged");
        (await Run("purge")).Count.ShouldBe(3);
    }

    [Fact]
    public async Task ResetLastActive_OfUsersWhoNeverLoggedIn_SetsTodayAndLeavesTheOthers()
    {
        var user = await User(cloud.Admin, Name("user"));
        Task<DateTime?> Seen() => cloud.Get<Store<KeystoneDb>>().ReadAsync(db => Task.FromResult(db.Users.Where(u => u.Id == user).Select(u => u.LastActiveAt).Single()));
        (await Seen()).ShouldBeNull();
        // Midnight may come in between.
        DateTime Today() => cloud.Clock.GetUtcNow().UtcDateTime.Date;
        var before = Today();
        (await Run("reset-last-active")).Single().ShouldEndWith(" users count as active today");
        (await Seen()).ShouldBeOneOf(before, Today());
        (await Run("reset-last-active")).ShouldBe(["0 users count as active today"]);
    }
}
