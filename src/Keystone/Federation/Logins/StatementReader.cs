using Nephos.Kernel.Api;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>What came of reading a request: a statement, or an answer that asks the client for one; neither when the request shows nothing that counts.</summary>
internal readonly record struct StatementAnswer(Statement? Statement, Reply? Reply);

/// <summary>Reads what a request says of its user, in the way that is configured for the identity provider and protocol.</summary>
internal sealed class StatementReader(ProxyStatements proxies)
{
    public Task<StatementAnswer> ReadAsync(Call call, FederatedSource source) => Task.FromResult(new StatementAnswer(proxies.Read(call.Http.Request), null));
}
