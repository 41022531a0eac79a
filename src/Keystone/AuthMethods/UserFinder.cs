using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.AuthMethods;

/// <summary>
/// The user that a login names, by id or by name and domain. Upstream: <c>BaseUserInfo</c> in <c>keystone/auth/plugins/core.py</c>. A name is looked for where the domain has its users: in its directory
/// when it has one, else among the users of our own. Users of identity providers are found by id only, since those choose the names; so is what a directory said before it was taken from the domain.
/// </summary>
internal sealed class UserFinder(Store<KeystoneDb> store, DirectoryIdentities directories)
{
    /// <summary>400 unless the name is whole. With both a name and an id, the name counts.</summary>
    public static AuthUser Check(AuthUser? given, string method)
    {
        var user = given ?? throw Faults.Expecting("user", method);
        if (user.Id is null && user.Name is null) { throw new BadRequestError($"Invalid input for field identity/{method}/user: id or name must be present."); }
        if (user.Name is not null && user.Domain is null) { throw Faults.Expecting("domain", "user"); }
        if (user.Domain is { Id: null, Name: null }) { throw new BadRequestError($"Invalid input for field identity/{method}/user/domain: id or name must be present."); }
        return user;
    }

    /// <summary>Null when there is no such user.</summary>
    public async Task<string?> FindAsync(AuthUser user, CancellationToken cancel)
    {
        if (user.Name is not { } name) { return await store.ReadAsync(db => db.Users.Where(u => u.Id == user.Id).Select(u => u.Id).FirstOrDefaultAsync(cancel), cancel); }
        var (id, domainName) = (user.Domain!.Id, user.Domain.Name);
        var domain = await store.ReadAsync(db => db.Projects.Where(d => d.IsDomain && (domainName != null ? d.Name == domainName : d.Id == id)).Select(d => d.Id).FirstOrDefaultAsync(cancel), cancel);
        if (domain is null) { return null; }
        if (await directories.FindAsync(null, domain, name) is { } found) { return await directories.SeenAsync(found); }
        return await store.ReadAsync(db => db.Users.Where(u => u.Name == name && u.DomainId == domain && u.Source == null && u.IdpId == null).Select(u => u.Id).FirstOrDefaultAsync(cancel), cancel);
    }
}
