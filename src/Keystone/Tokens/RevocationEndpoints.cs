using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Tokens;

/// <summary>What tokens are revoked, for who checks tokens without asking. Upstream: identity api-ref, "OS-REVOKE". One event for each thing, moved forward by later ones.</summary>
internal static class RevocationEndpoints
{
    public static void Map(ResourceGroup revoke) => revoke.Get("/events", List).Policy("identity:list_revoke_events", "rule:service_or_admin").NotPaged("upstream does not; purged when no token they meet can be alive");

    private static async Task<Reply> List(Call call)
    {
        var since = DateTime.MinValue;
        if (call.Query["since"] is { Length: > 0 } text && !WireTime.TryParse(text, out since)) { throw new BadRequestError($"invalidate date format {text}"); }
        var rows = await call.Get<Store<KeystoneDb>>().ReadAsync(db => db.Revocations.Where(r => r.IssuedBefore >= since).OrderBy(r => r.IssuedBefore).ThenBy(r => r.Id).ToListAsync(), call.Cancel);
        return Reply.Members([("events", rows.ConvertAll(RevocationView.Of)), ("links", new ListLinks(null, $"{call.V3()}/OS-REVOKE/events", null))]);
    }
}

/// <summary>An event; one of the ids is there.</summary>
public sealed record RevocationView(string IssuedBefore, string RevokedAt)
{
    [OmitNull] public string? UserId { get; init; }
    [OmitNull] public string? ProjectId { get; init; }
    [OmitNull] public string? DomainId { get; init; }
    [OmitNull] public string? AuditId { get; init; }
    [OmitNull] public string? AuditChainId { get; init; }
    [OmitNull, WireName("OS-TRUST:trust_id")] public string? TrustId { get; init; }

    internal static RevocationView Of(Revocation row) => new(WireTime.MicrosZ(row.IssuedBefore), WireTime.MicrosZ(row.IssuedBefore))
    {
        UserId = row.Kind == Revocation.User ? row.Id : null,
        ProjectId = row.Kind == Revocation.Project ? row.Id : null,
        DomainId = row.Kind == Revocation.Domain ? row.Id : null,
        AuditId = row.Kind == Revocation.Audit ? row.Id : null,
        AuditChainId = row.Kind == Revocation.Chain ? row.Id : null,
        TrustId = row.Kind == Revocation.Trust ? row.Id : null,
    };
}
