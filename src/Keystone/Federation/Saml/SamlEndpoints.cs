using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Federation.Logins;
using Nephos.Keystone.Federation.ServiceProviders;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>Keystone-to-Keystone, our side. Upstream: identity api-ref, OS-FEDERATION, "Generate a SAML assertion" and the like. The token in the body says who it is, there need be none in the headers.</summary>
internal static class SamlEndpoints
{
    public static void Map(ResourceGroup v3)
    {
        v3.Post("/auth/OS-FEDERATION/saml2", Assertion).Public("the token that counts is in the body").Body(FederationAuthEndpoints.MaxBody);
        v3.Post("/auth/OS-FEDERATION/saml2/ecp", EcpAssertion).Public("the token that counts is in the body").Body(FederationAuthEndpoints.MaxBody);
        v3.Get("/OS-FEDERATION/saml2/sp", call => Task.FromResult(Reply.Text(call.Get<SamlServiceProvider>().Metadata(), "text/xml"))).Public("identity providers read it, and it holds no secret");
        v3.Get("/OS-FEDERATION/saml2/metadata", call => Task.FromResult(Reply.Text(call.Get<SamlIdentity>().Metadata(), "text/xml"))).Public("other clouds read it, and it holds no secret");
    }

    private static async Task<Reply> Assertion(Call call)
    {
        var (response, provider) = await MakeAsync(call);
        return Headers(Reply.Text(response.OuterXml, "text/xml"), provider);
    }

    private static async Task<Reply> EcpAssertion(Call call)
    {
        var (response, provider) = await MakeAsync(call);
        return Headers(Reply.Text(SamlAssertions.Envelope(response, provider.RelayStatePrefix + NewId.Hex()), "text/xml"), provider);
    }

    private static Reply Headers(Reply reply, ServiceProvider provider) => reply.With("X-sp-url", provider.SpUrl).With("X-auth-url", provider.AuthUrl);

    private static async Task<(System.Xml.XmlDocument Response, ServiceProvider Provider)> MakeAsync(Call call)
    {
        var request = await call.BodyAsync<SamlRequest>("auth");
        var id = request.Scope.ServiceProvider.Id;
        var provider = await call.Get<ServiceProviderOperations>().FindAsync(id) ?? throw FederationErrors.NoServiceProvider(id);
        if (!provider.Enabled) { throw FederationErrors.ServiceProviderDisabled(id); }
        var token = await call.Get<TokenValidator>().FindAsync(request.Identity.Token.Id, TimeSpan.Zero, call.Cancel) ?? throw new NotFoundError("Failed to validate token");
        var who = token.Identity;
        if (who is not { ProjectName: { } project, ProjectDomainName: { } domain }) { throw Faults.Forbidden("Use a project scoped token when attempting to create a SAML assertion"); }
        var subject = new SamlSubject(who.UserName, who.UserDomainName, who.Roles, project, domain, await GroupsAsync(call, who.UserId));
        return (call.Get<SamlAssertions>().Make(subject, provider.SpUrl, call.Context.Now), provider);
    }

    /// <summary>Upstream's <c>JSON:{"name": ..., "domain": {"name": ...}}</c>, with Python's spaces.</summary>
    private static Task<List<string>> GroupsAsync(Call call, string userId) => call.Get<Store<KeystoneDb>>().ReadAsync(async db =>
    {
        var groups = await db.Groups.Where(g => db.Memberships.Any(m => m.UserId == userId && m.GroupId == g.Id) || db.ExpiringMemberships.Any(m => m.UserId == userId && m.GroupId == g.Id && m.Active))
            .OrderBy(g => g.Id).Select(g => new { g.Name, Domain = db.Projects.Where(d => d.Id == g.DomainId).Select(d => d.Name).First() }).ToListAsync();
        return groups.ConvertAll(g => $"JSON:{{\"name\": {JsonSerializer.Serialize(g.Name)}, \"domain\": {{\"name\": {JsonSerializer.Serialize(g.Domain)}}}}}");
    }, call.Cancel);
}

/// <summary>Body under <c>auth</c>. Upstream: <c>saml_create</c> in <c>keystone/federation/schema.py</c>.</summary>
public sealed record SamlRequest
{
    [RequiredField] public required SamlRequestIdentity Identity { get; init; }
    [RequiredField] public required SamlRequestScope Scope { get; init; }
}

public sealed record SamlRequestIdentity
{
    [RequiredField] public required SamlRequestId Token { get; init; }
    public IReadOnlyList<JsonElement>? Methods { get; init; }
}

public sealed record SamlRequestScope
{
    [RequiredField] public required SamlRequestId ServiceProvider { get; init; }
}

public sealed record SamlRequestId
{
    [RequiredField] public required string Id { get; init; }
}
