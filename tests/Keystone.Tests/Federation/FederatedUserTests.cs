using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Federation.MakeFederation;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>The attribute <c>federated</c> of users, and the groups that a login gave for a while.</summary>
public sealed class FederatedUserTests(FederationCloud cloud) : IClassFixture<FederationCloud>
{
    private const string Rules = "[{`local`:[{`user`:{`id`:`{0}`,`name`:`{1}`}},{`groups`:`{2}`,`domain`:{`name`:`Default`}}],`remote`:[{`type`:`Sub`},{`type`:`Nick`},{`type`:`Groups`}]}]";

    private Task<TestReply> Come(string auth, string sub, string nick, string groups = "none") => cloud.Anonymous.Send(HttpMethod.Get, auth, null, ("Sub", sub), ("Nick", nick), ("Groups", groups));

    private static object Federated(string idp, string unique, string protocol = "mapped") => new[] { new { idp_id = idp, protocols = new[] { new { protocol_id = protocol, unique_id = unique } } } };

    private static string Shown(TestReply user) => user["user"]["federated"]?.ToJsonString() ?? "none";

    [Fact]
    public async Task Create_WithAName_LetsTheUserInThroughTheIdentityProvider()
    {
        var (idp, auth) = await Provider(cloud.Admin, Rules);
        var name = Name("u");
        var made = (await cloud.Admin.Post(V3 + "/users", new { user = new { name, password = name, federated = Federated(idp, "ann%40x") } })).Is(201);
        var wanted = $$$"""[{"idp_id":"{{{idp}}}","protocols":[{"protocol_id":"mapped","unique_id":"ann%40x"}]}]""";
        Shown(made).ShouldBe(wanted);
        var id = made["user"]["id"]!.ToString();
        Shown((await cloud.Admin.Get($"{V3}/users/{id}")).Is(200)).ShouldBe(wanted);
        (await Come(auth, "ann@x", "Ann")).Is(201)["token"]["user"]!["id"]!.ToString().ShouldBe(id);
        (await cloud.LoginAsync(name, name)).UserId.ShouldBe(id);
        foreach (var query in new[] { $"idp_id={idp}", $"idp_id={idp}&protocol_id=mapped", "unique_id=ann%2540x", $"idp_id={idp}&name=Ann", $"idp_id={idp}&name__startswith={name}", $"name={name}", "name=Ann" })
        {
            var listed = (await cloud.Admin.Get($"{V3}/users?{query}")).Is(200)["users"].AsArray();
            listed.Select(u => u!["id"]!.ToString()).ShouldContain(id, query);
            listed.ShouldAllBe(u => !u!.AsObject().ContainsKey("federated"));
        }
        foreach (var query in new[] { "idp_id=other", $"idp_id={idp}&protocol_id=other", $"idp_id={idp}&unique_id=ann", $"idp_id={idp}&name={name}", $"domain_id={await Domain(cloud.Admin)}&idp_id={idp}" })
        {
            (await cloud.Admin.Get($"{V3}/users?{query}")).Ids("users").ShouldNotContain(id, query);
        }
    }

    [Fact]
    public async Task Update_ReplacesTheNames_AndAnEmptyListDoesNothing()
    {
        var (one, first) = await Provider(cloud.Admin, Rules);
        var (two, second) = await Provider(cloud.Admin, Rules);
        var id = await User(cloud.Admin, Name("u"));
        Shown((await cloud.Admin.Get($"{V3}/users/{id}")).Is(200)).ShouldBe("none");
        Task<TestReply> Change(object federated) => cloud.Admin.Patch($"{V3}/users/{id}", new { user = new { federated } });
        Shown((await Change(Array.Empty<object>())).Is(200)).ShouldBe("none");
        Shown((await Change(Federated(one, "a"))).Is(200)).ShouldContain(one);
        (await Come(first, "a", "A")).Is(201)["token"]["user"]!["id"]!.ToString().ShouldBe(id);
        Shown((await Change(new[] { new { idp_id = two, protocols = new[] { new { protocol_id = "mapped", unique_id = "b" }, new { protocol_id = "mapped", unique_id = "c" } } } })).Is(200))
            .ShouldBe($$$"""[{"idp_id":"{{{two}}}","protocols":[{"protocol_id":"mapped","unique_id":"b"},{"protocol_id":"mapped","unique_id":"c"}]}]""");
        Shown((await Change(Array.Empty<object>())).Is(200)).ShouldContain(two);
        Shown((await cloud.Admin.Patch($"{V3}/users/{id}", new { user = new { description = "x" } })).Is(200)).ShouldContain(two);
        (await Come(second, "b", "B")).Is(201)["token"]["user"]!["id"]!.ToString().ShouldBe(id);
        (await Come(second, "c", "C")).Is(201)["token"]["user"]!["id"]!.ToString().ShouldBe(id);
        // The old name is anybody's again.
        (await Come(first, "a", "A")).Is(201)["token"]["user"]!["id"]!.ToString().ShouldNotBe(id);
        // The identity provider's end takes the names, not the user.
        (await cloud.Admin.Delete($"{Providers}/{two}")).Is(204);
        Shown((await cloud.Admin.Get($"{V3}/users/{id}")).Is(200)).ShouldBe("none");
    }

    [Fact]
    public async Task Write_OfNonsense_IsRefusedAndChangesNothing()
    {
        var (idp, auth) = await Provider(cloud.Admin, Rules);
        var taken = Name("s");
        (await Come(auth, taken, "Taken")).Is(201);
        var id = await User(cloud.Admin, Name("u"));
        (await cloud.Admin.Patch($"{V3}/users/{id}", new { user = new { federated = Federated(idp, "mine") } })).Is(200);
        var bad = new (object Federated, int Status, string Message)[]
        {
            (Federated("nope", "a"), 400, "Could not find Identity Provider: nope"),
            (Federated(idp, "a", "nope"), 400, $"Could not find federated protocol nope for Identity Provider: {idp}."),
            (Federated(idp, taken), 409, "Conflict occurred attempting to store federated_user - Duplicate entry."),
            (new[] { new { idp_id = idp, protocols = new[] { new { protocol_id = "mapped", unique_id = "x" }, new { protocol_id = "mapped", unique_id = "x" } } } }, 409, "Conflict occurred attempting to store federated_user - Duplicate entry."),
            (new[] { new { idp_id = idp, protocols = Array.Empty<object>() } }, 400, ""),
            (new[] { new { idp_id = idp } }, 400, ""),
            (new[] { new { idp_id = idp, protocols = new[] { new { protocol_id = "mapped" } } } }, 400, ""),
            (new[] { new { idp_id = idp, protocols = new[] { new { protocol_id = "mapped", unique_id = 7 } } } }, 400, ""),
            (new { idp_id = idp }, 400, ""),
            ("text", 400, ""),
            (Federated(idp, new string('x', 256)), 400, ""),
        };
        foreach (var (federated, status, message) in bad)
        {
            var name = Name("bad");
            var created = await cloud.Admin.Post(V3 + "/users", new { user = new { name, federated } });
            created.Status.ShouldBe(status, created.Text);
            if (message.Length > 0) { created.Message().ShouldBe(message); }
            (await cloud.Admin.Get($"{V3}/users?name={name}")).Ids("users").ShouldBeEmpty();
            (await cloud.Admin.Patch($"{V3}/users/{id}", new { user = new { description = name, federated } })).Is(status);
            var still = (await cloud.Admin.Get($"{V3}/users/{id}")).Is(200);
            (Shown(still).Contains("mine", StringComparison.Ordinal), still["user"].AsObject().ContainsKey("description")).ShouldBe((true, false));
        }
        (await cloud.NewUser().Patch($"{V3}/users/{id}", new { user = new { federated = Federated(idp, "evil") } })).Is(403);
    }

    [Fact]
    public async Task Name_ChangedHere_IsTheIdentityProvidersAgainAtTheNextLogin()
    {
        var (idp, auth) = await Provider(cloud.Admin, Rules);
        var id = (await Come(auth, "sub", "Nick")).Is(201)["token"]["user"]!["id"]!.ToString();
        (await cloud.Admin.Patch($"{V3}/users/{id}", new { user = new { name = "Other" } })).Is(200)["user"]["name"]!.ToString().ShouldBe("Other");
        (await cloud.Admin.Get($"{V3}/users?idp_id={idp}&name=Other")).Ids("users").ShouldBe([id]);
        (await Come(auth, "sub", "Nick")).Is(201)["token"]["user"]!["name"]!.ToString().ShouldBe("Nick");
        (await cloud.Admin.Get($"{V3}/users?idp_id={idp}&name=Nick")).Ids("users").ShouldBe([id]);
    }

    [Fact]
    public async Task Groups_OfALoginWithATime_SayWhenTheMembershipEnds()
    {
        var (idp, auth) = await Provider(cloud.Admin, Rules, provider: new { enabled = true, authorization_ttl = 10 });
        var (forAWhile, lasting, both) = (Name("g"), Name("g"), Name("g"));
        var ids = new[] { await Group(cloud.Admin, forAWhile), await Group(cloud.Admin, lasting), await Group(cloud.Admin, both) };
        var now = cloud.Clock.GetUtcNow().UtcDateTime;
        var user = (await Come(auth, "tim", "Tim", forAWhile + ";" + both)).Is(201)["token"]["user"]!["id"]!.ToString();
        (await cloud.Admin.Put($"{V3}/groups/{ids[1]}/users/{user}")).Is(204);
        (await cloud.Admin.Put($"{V3}/groups/{ids[2]}/users/{user}")).Is(204);
        async Task<Dictionary<string, string?>> Groups(string query = "") => (await cloud.Admin.Get($"{V3}/users/{user}/groups{query}")).Is(200)["groups"].AsArray()
            .ToDictionary(g => g!["name"]!.ToString(), g => g!.AsObject().ContainsKey("membership_expires_at") ? g["membership_expires_at"]?.ToString() : "absent");
        var groups = await Groups();
        (groups.Count, groups[lasting], groups[both]).ShouldBe((3, null, null));
        DateTime.ParseExact(groups[forAWhile]!, "yyyy-MM-dd'T'HH:mm:ss'.'ffffff", null, System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal)
            .ShouldBe(now + TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30));
        (await Groups("?name=" + forAWhile)).Keys.ShouldBe([forAWhile]);
        (await cloud.Admin.Head($"{V3}/groups/{ids[0]}/users/{user}")).Is(204);
        // In no list of members, as upstream.
        (await cloud.Admin.Get($"{V3}/groups/{ids[0]}/users")).Ids("users").ShouldBeEmpty();
        (await cloud.Admin.Get($"{V3}/groups/{ids[0]}")).Is(200)["group"].AsObject().ContainsKey("membership_expires_at").ShouldBeFalse();
        // At once, not when the reconciler comes.
        cloud.Clock.Advance(TimeSpan.FromMinutes(11));
        (await Groups()).Keys.Order(StringComparer.Ordinal).ShouldBe(new[] { lasting, both }.Order(StringComparer.Ordinal));
        (await cloud.Admin.Head($"{V3}/groups/{ids[0]}/users/{user}")).Is(404);
        // A time of its own is the identity provider's, and a new login begins anew.
        (await cloud.Admin.Patch($"{Providers}/{idp}", new { identity_provider = new { authorization_ttl = 60 } })).Is(200);
        (await Come(auth, "tim", "Tim", forAWhile)).Is(201);
        cloud.Clock.Advance(TimeSpan.FromMinutes(11));
        (await Groups()).Keys.ShouldContain(forAWhile);
        (await cloud.Get<ExpiringMembershipReconciler>().ReconcileAsync(default)).ShouldNotBeEmpty();
        (await Groups()).Keys.ShouldContain(forAWhile);
    }

    /// <summary>The same person has the same id when coming again, and must not find there what an administrator thought gone.</summary>
    [Theory]
    [InlineData("provider")]
    [InlineData("protocol")]
    public async Task Provider_OrProtocolDeleted_TakesItsUsersCredentialsAndTrusts(string what)
    {
        var domain = await Domain(cloud.Admin);
        var id = Name("idp");
        var (_, auth) = await Provider(cloud.Admin, Rules, provider: new { enabled = true, domain_id = domain }, id: id);
        var login = (await Come(auth, "ann", "Ann")).Is(201);
        var user = login["token"]["user"]!["id"]!.ToString();
        var project = await Project(cloud.Admin);
        var member = await RoleNamed(cloud.Admin, "member");
        (await cloud.Admin.Put($"{V3}/projects/{project}/users/{user}/roles/{member}")).Is(204);
        var ann = TestUser.LoggedIn(cloud.Client(), (await cloud.Scoped(login.Header("X-Subject-Token")!, new { project = new { id = project } })).Is(201));
        var credential = (await ann.Post($"{V3}/users/{user}/application_credentials", new { application_credential = new { name = "robot", secret = "shh" } })).Is(201)["application_credential"]["id"]!.ToString();
        (await ann.Post($"{V3}/users/{user}/credentials/OS-EC2", new { tenant_id = project })).Is(201);
        (await ann.Post(V3 + "/OS-TRUST/trusts", new { trust = new { trustor_user_id = user, trustee_user_id = await User(cloud.Admin, Name("u")), project_id = project, impersonation = false, roles = new[] { new { id = member } } } })).Is(201);
        var map = (await cloud.Admin.Get($"{Providers}/{id}/protocols/mapped")).Is(200)["protocol"]["mapping_id"]!.ToString();
        (await cloud.Admin.Delete(what == "provider" ? $"{Providers}/{id}" : $"{Providers}/{id}/protocols/mapped")).Is(204);
        Task<TestReply> Robot() => cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "application_credential" }, application_credential = new { id = credential, secret = "shh" } } } });
        (await Robot()).Is(404);
        if (what == "provider") { (await cloud.Admin.Put($"{Providers}/{id}", new { identity_provider = new { enabled = true, domain_id = domain } })).Is(201); }
        (await cloud.Admin.Put($"{Providers}/{id}/protocols/mapped", new { protocol = new { mapping_id = map } })).Is(201);
        (await Come(auth, "ann", "Ann")).Is(201)["token"]["user"]!["id"]!.ToString().ShouldBe(user);
        (await Robot()).Is(404);
        (await cloud.Admin.Get($"{V3}/users/{user}/application_credentials")).Ids("application_credentials").ShouldBeEmpty();
        (await cloud.Admin.Get($"{V3}/credentials?user_id={user}")).Ids("credentials").ShouldBeEmpty();
        (await cloud.Admin.Get($"{V3}/OS-TRUST/trusts?trustor_user_id={user}")).Ids("trusts").ShouldBeEmpty();
    }

    [Fact]
    public async Task Groups_WithoutATime_AreTheTokensOnly()
    {
        var (_, auth) = await Provider(cloud.Admin, Rules);
        var name = Name("g");
        await Group(cloud.Admin, name);
        var user = (await Come(auth, "tom", "Tom", name)).Is(201)["token"]["user"]!["id"]!.ToString();
        (await cloud.Admin.Get($"{V3}/users/{user}/groups")).Ids("groups").ShouldBeEmpty();
    }
}

/// <summary>Accounts end by inactivity.</summary>
public sealed class InactivityCloud : FederationCloud
{
    protected override KeystoneSettings Settings => base.Settings with { SecurityCompliance = new() { DisableUserAccountDaysInactive = 30 } };
}

public sealed class FederatedInactivityTests(InactivityCloud cloud) : IClassFixture<InactivityCloud>
{
    [Fact]
    public async Task Login_CountsAsActivity()
    {
        var (_, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]");
        async Task<string> Come() => (await cloud.Anonymous.Send(HttpMethod.Get, auth, null, ("Sub", "ann"))).Is(201)["token"]["user"]!["id"]!.ToString();
        var id = await Come();
        async Task<bool> Enabled() => (await cloud.Admin.Get($"{V3}/users/{id}")).Is(200)["user"]["enabled"]!.GetValue<bool>();
        for (var i = 0; i < 3; i++)
        {
            cloud.Clock.Advance(TimeSpan.FromDays(20));
            (await Enabled()).ShouldBeTrue();
            await Come();
        }
        cloud.Clock.Advance(TimeSpan.FromDays(31));
        (await Enabled()).ShouldBeFalse();
        // As upstream: the identity provider's word ends the pause.
        await Come();
        (await Enabled()).ShouldBeTrue();
    }
}
