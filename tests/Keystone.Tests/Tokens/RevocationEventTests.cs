using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Tokens;

/// <summary>The list of revocations.</summary>
public sealed class RevocationEventTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    [Fact]
    public async Task Events_AfterATokensEnd_NameItToServicesAlone()
    {
        var (admin, dead) = (await cloud.LoginAdminAsync(), await cloud.LoginAdminAsync());
        (await admin.Send(HttpMethod.Delete, Logins.Tokens, null, ("X-Subject-Token", dead.Token!))).Is(204);
        var events = (await admin.Get(Make.V3 + "/OS-REVOKE/events")).Is(200)["events"].AsArray();
        events[^1]!.AsObject().Select(m => m.Key).ShouldBe(["issued_before", "revoked_at", "audit_id"], ignoreOrder: true);
        (await admin.Get(Make.V3 + "/OS-REVOKE/events?since=2999-01-01T00:00:00Z")).Is(200)["events"].AsArray().ShouldBeEmpty();
        (await admin.Get(Make.V3 + "/OS-REVOKE/events?since=yesterday")).Is(400);
        var (_, name, project) = await cloud.NewMemberAsync();
        (await cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name)))).Get(Make.V3 + "/OS-REVOKE/events")).Is(403);
        (await admin.Get(Make.V3 + "/auth/tokens/OS-PKI/revoked")).Is(403);
    }
}
