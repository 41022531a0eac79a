using Nephos.Kernel.Api;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>
/// Where a program comes with what an identity provider gave it, and gets an unscoped token. Upstream: identity api-ref, OS-FEDERATION, "Request an unscoped OS-FEDERATION token". Upstream leaves the
/// checking to modules of the web server in front; here it is ours, unless such a proxy is configured.
/// </summary>
internal static class FederationAuthEndpoints
{
    /// <summary>Assertions are a few KiB; who is not known yet gets no more.</summary>
    public const int MaxBody = 262_144;

    public static void Map(ResourceGroup protocol)
    {
        protocol.Get("/auth", Authenticate).Public("whoever logs in has no token yet").Answers(201);
        protocol.Post("/auth", Authenticate).Public("whoever logs in has no token yet").Body(MaxBody).Answers(201);
    }

    private static async Task<Reply> Authenticate(Call call)
    {
        call.Context.Notes?.Login(null, null, null, null);
        var (idp, protocol) = (call.Route("idp_id"), call.Route("protocol_id"));
        var source = await call.Get<FederatedLogin>().FindAsync(idp, protocol);
        var answer = await call.Get<StatementReader>().ReadAsync(call, source);
        if (answer.Reply is { } reply)
        {
            call.Context.Notes?.NoLoginYet();
            return reply;
        }
        var (text, model) = await LoginAsync(call, idp, protocol, answer.Statement ?? throw Faults.Unauthorized());
        return (await TokenEndpoints.ViewAsync(call, model)).With("X-Subject-Token", text).With("Vary", "X-Auth-Token");
    }

    /// <summary>An unscoped token, or for a user of our own one for the default project.</summary>
    public static async Task<(string Text, TokenModel Model)> LoginAsync(Call call, string idpId, string protocolId, Statement statement)
    {
        var who = await call.Get<FederatedLogin>().LoginAsync(call.Context, idpId, protocolId, statement);
        return await call.Get<Authentication>().IssueAsync(call.Context, who with { Methods = [MappedMethod.Mapped] }, null, call.Cancel);
    }
}
