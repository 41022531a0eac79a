using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Domains;

/// <summary>The end of a domain; all else is <see cref="ProjectOperations"/>.</summary>
internal sealed class DomainOperations(Store<KeystoneDb> store, ProjectOperations projects, TokenInvalidation tokens)
{
    /// <summary>With its projects, users, groups and roles, and all their assignments. Only a disabled one goes, so that none goes by mistake.</summary>
    public Task DeleteAsync(RequestContext context, Project seen) => store.WriteAsync(async db =>
    {
        var domain = await db.Projects.FirstOrDefaultAsync(p => p.Id == seen.Id && p.IsDomain) ?? throw Faults.NotFound("domain", seen.Id);
        Options.EnsureDeletable(domain.Options, "domain", domain.Id);
        if (domain.Enabled) { throw new ForbiddenError("Cannot delete a domain that is enabled, please disable it first."); }
        var id = domain.Id;
        await Federation.IdentityProviders.IdentityProviderOperations.DropAsync(db, await db.IdentityProviders.Where(p => p.DomainId == id).Select(p => p.Id).ToListAsync());
        await db.RoleAssignments.Where(a => db.Users.Any(u => u.DomainId == id && u.Id == a.ActorId) || db.Groups.Any(g => g.DomainId == id && g.Id == a.ActorId)).ExecuteDeleteAsync();
        await db.Groups.Where(g => g.DomainId == id).ExecuteDeleteAsync();
        await Dependents.OfUsersAsync(db, db.Users.Where(u => u.DomainId == id).Select(u => u.Id));
        await db.Users.Where(u => u.DomainId == id).ExecuteDeleteAsync();
        await db.Roles.Where(r => r.DomainId == id && r.DomainId != Role.NoDomain).ExecuteDeleteAsync();
        await projects.DropAsync(context, db, await db.Projects.Where(p => p.DomainId == id).Select(p => p.Id).ToListAsync());
        await projects.DropAsync(context, db, [id]);
        await tokens.RevokeAsync(db, Revocation.Domain, id, context.Now);
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "domain", id, id);
    });
}
