using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Federation.Logins;
using Nephos.Keystone.Federation.Oidc;
using Nephos.Keystone.Federation.Saml;

namespace Nephos.Keystone.Federation.Websso;

/// <summary>
/// Logins of browsers for a dashboard. Upstream: identity api-ref, OS-FEDERATION, "Web Single Sign On authentication"; <c>keystone/api/auth.py</c>. The dashboard sends the browser here with its own
/// address as origin, which must be a trusted one; the browser goes to the identity provider and comes back to the same path; a page then hands the token to the dashboard.
/// </summary>
internal static class WebssoEndpoints
{
    private const string Why = "whoever logs in has no token yet";

    public static void Map(ResourceGroup federation)
    {
        foreach (var (path, handler) in new (string, Handler)[] { ("/websso/{protocol_id}", ByProtocol), ("/identity_providers/{idp_id}/protocols/{protocol_id}/websso", ByProvider) })
        {
            federation.Get(path, handler).Public(Why);
            federation.Post(path, handler).Public(Why).Body(FederationAuthEndpoints.MaxBody);
        }
    }

    /// <summary>The identity provider is the one that the proxy names, or the one that is configured for the protocol.</summary>
    private static async Task<Reply> ByProtocol(Call call)
    {
        var protocol = call.Route("protocol_id");
        if (call.Get<ProxyStatements>().Read(call.Http.Request) is { } statement && await call.Get<FederatedLogin>().ByRemoteIdAsync(protocol, statement) is { } named)
        {
            var host = Origin(call);
            return await FormAsync(call, named, protocol, statement, host);
        }
        var origin = Origin(call);
        var offers = call.Get<OidcLogin>().Offers(protocol).Concat(call.Get<SamlLogin>().Offers(protocol)).ToList();
        if (offers.Count == 0) { throw Faults.Unauthorized(); }
        if (offers is [var only]) { return await StartAsync(call, await call.Get<FederatedLogin>().FindAsync(only, protocol), origin); }
        return WebssoPages.Choice(offers.Select(id => (id, QueryHelpers.AddQueryString(call.Get<FederationUrls>().Websso(id, protocol), "origin", origin))));
    }

    private static async Task<Reply> ByProvider(Call call)
    {
        var (idp, protocol) = (call.Route("idp_id"), call.Route("protocol_id"));
        var request = call.Http.Request;
        if (call.Get<OidcLogin>().Find(idp, protocol) is { } oidc && HttpMethods.IsGet(request.Method) && call.Query.Has("state"))
        {
            call.Context.Notes?.Login(null, null, null, null);
            await call.Get<FederatedLogin>().FindAsync(idp, protocol);
            var (statement, back) = await call.Get<OidcLogin>().FinishAsync(call, oidc, idp, protocol);
            return await FormAsync(call, idp, protocol, statement, back);
        }
        if (call.Get<SamlLogin>().Find(idp, protocol) is { } saml && HttpMethods.IsPost(request.Method) && request.HasFormContentType)
        {
            call.Context.Notes?.Login(null, null, null, null);
            await call.Get<FederatedLogin>().FindAsync(idp, protocol);
            var (statement, back) = await call.Get<SamlLogin>().FinishAsync(call, saml, idp, protocol);
            return await FormAsync(call, idp, protocol, statement, back ?? Origin(call));
        }
        var origin = Origin(call);
        var source = await call.Get<FederatedLogin>().FindAsync(idp, protocol);
        return call.Get<ProxyStatements>().Read(request) is { } proxied && !IsOwn(call, idp, protocol) ? await FormAsync(call, idp, protocol, proxied, origin) : await StartAsync(call, source, origin);
    }

    private static bool IsOwn(Call call, string idp, string protocol) => call.Get<OidcLogin>().Find(idp, protocol) is not null || call.Get<SamlLogin>().Find(idp, protocol) is not null;

    private static async Task<Reply> StartAsync(Call call, FederatedSource source, string origin)
    {
        var (idp, protocol) = (source.Provider.Id, source.Protocol.Id);
        if (call.Get<OidcLogin>().Find(idp, protocol) is { } oidc) { return await call.Get<OidcLogin>().StartAsync(call, oidc, idp, protocol, origin); }
        if (call.Get<SamlLogin>().Find(idp, protocol) is { } saml) { return call.Get<SamlLogin>().Start(call, saml, idp, protocol, origin); }
        throw Faults.Unauthorized();
    }

    private static async Task<Reply> FormAsync(Call call, string idp, string protocol, Statement statement, string host)
    {
        var (token, _) = await FederationAuthEndpoints.LoginAsync(call, idp, protocol, statement);
        return WebssoPages.Form(host, token);
    }

    /// <summary>Where the token goes: compared as a whole, with the host in lower case, as upstream does.</summary>
    private static string Origin(Call call)
    {
        if (call.Query["origin"] is not { Length: > 0 } given) { throw new BadRequestError("Request must have an origin query parameter"); }
        // Upstream decodes once more, since some dashboards encode twice.
        var host = Uri.UnescapeDataString(given.Replace('+', ' '));
        return call.Get<FederationSettings>().TrustedDashboards.Any(trusted => LowerHost(trusted) == host) ? host : throw Faults.Unauthorized();
    }

    private static string LowerHost(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? url.Replace(uri.OriginalString[..(uri.OriginalString.IndexOf("//", StringComparison.Ordinal) + 2 + uri.Authority.Length)],
        uri.GetLeftPart(UriPartial.Authority).ToLowerInvariant(), StringComparison.Ordinal) : url;
}
