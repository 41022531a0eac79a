using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;

namespace Nephos.Keystone.Tokens;

/// <summary>Writes on tokens.</summary>
internal sealed class TokenOperations(Store<KeystoneDb> store, TokenInvalidation tokens)
{
    /// <summary>This one token is dead; others of its chain live on, as upstream has it by default.</summary>
    public Task RevokeAsync(RequestContext context, TokenModel model) => store.WriteAsync(async db =>
    {
        await tokens.RevokeAsync(db, Revocation.Audit, model.Payload.AuditIds[0], model.Identity.IssuedAt > context.Now ? model.Identity.IssuedAt : context.Now);
        db.Record(context, "revoke", "token", model.Payload.AuditIds[0], model.Payload.ProjectId);
    });
}
