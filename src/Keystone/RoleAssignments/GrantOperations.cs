using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>Gives roles and takes them. A taken role is gone from the user's tokens with the answer: they are looked up anew.</summary>
internal sealed class GrantOperations(Store<KeystoneDb> store, TokenInvalidation tokens)
{
    public Task<List<Role>> ListAsync(Grant grant) => store.ReadAsync(db => db.Roles.Where(r => grant.Among(db.RoleAssignments).Any(a => a.RoleId == r.Id)).OrderBy(r => r.Id).ToListAsync());

    public Task<bool> ExistsAsync(Grant grant) => store.ReadAsync(db => grant.Among(db.RoleAssignments).AnyAsync());

    /// <summary>A role that is there already is no error.</summary>
    public Task GiveAsync(RequestContext context, Grant grant) => store.WriteAsync(async db =>
    {
        if (await grant.Among(db.RoleAssignments).AnyAsync()) { return; }
        db.RoleAssignments.Add(grant.ToRow());
        await ForgetAsync(db, grant);
        db.Record(context, "grant", "role", grant.RoleId, grant.TargetType == RoleAssignment.Project ? grant.TargetId : null);
    });

    public Task TakeAsync(RequestContext context, Grant grant) => store.WriteAsync(async db =>
    {
        if (await grant.Among(db.RoleAssignments).ExecuteDeleteAsync() == 0) { throw grant.Missing(); }
        await ForgetAsync(db, grant);
        db.Record(context, "revoke", "role", grant.RoleId, grant.TargetType == RoleAssignment.Project ? grant.TargetId : null);
    });

    private Task ForgetAsync(KeystoneDb db, Grant grant) => grant.ActorType == RoleAssignment.User ? tokens.RecheckAsync(db, grant.ActorId) : tokens.RecheckAllAsync(db);
}
