using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Keystone.Federation.Oidc;
using Nephos.Keystone.Federation.Saml;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>What came of reading a request: a statement, or an answer that asks the client for one; neither when the request shows nothing that counts.</summary>
internal readonly record struct StatementAnswer(Statement? Statement, Reply? Reply);

/// <summary>Reads what a program's request says of its user, in the way that is configured for the identity provider and protocol; a proxy's word counts only where neither is.</summary>
internal sealed class StatementReader(ProxyStatements proxies, OidcLogin oidc, SamlLogin saml)
{
    public async Task<StatementAnswer> ReadAsync(Call call, FederatedSource source)
    {
        var (idp, protocol) = (source.Provider.Id, source.Protocol.Id);
        if (oidc.Find(idp, protocol) is { } provider) { return new(await oidc.BearerAsync(call, provider), null); }
        if (saml.Find(idp, protocol) is not { } identityProvider) { return new(proxies.Read(call.Http.Request), null); }
        if (HttpMethods.IsPost(call.Http.Request.Method)) { return new(await saml.EcpAnswerAsync(call, identityProvider, idp, protocol), null); }
        return SamlLogin.SpeaksEcp(call) ? new(null, saml.EcpRequest(call, idp, protocol)) : default;
    }
}
