using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.AuthMethods;

/// <summary>The user that a login names, by id or by name and domain. Upstream: <c>BaseUserInfo</c> in <c>keystone/auth/plugins/core.py</c>.</summary>
internal sealed class UserFinder(Store<KeystoneDb> store)
{
    /// <summary>400 unless the name is whole.</summary>
    public static AuthUser Check(AuthUser? given, string method)
    {
        var user = given ?? throw Faults.Expecting("user", method);
        if (user.Id is null && user.Name is null) { throw new BadRequestError($"Invalid input for field identity/{method}/user: id or name must be present."); }
        if (user.Id is null && user.Domain is null) { throw Faults.Expecting("domain", "user"); }
        if (user.Domain is { Id: null, Name: null }) { throw new BadRequestError($"Invalid input for field identity/{method}/user/domain: id or name must be present."); }
        return user;
    }

    public static IQueryable<User> Rows(KeystoneDb db, AuthUser user) =>
        user.Id is { } id ? db.Users.Where(u => u.Id == id)
        : user.Domain!.Id is { } domainId ? db.Users.Where(u => u.Name == user.Name && u.IdpId == null && u.DomainId == domainId)
        : db.Users.Where(u => u.Name == user.Name && u.IdpId == null && db.Projects.Any(d => d.Id == u.DomainId && d.IsDomain && d.Name == user.Domain.Name));

    /// <summary>Null when there is no such user.</summary>
    public Task<string?> FindAsync(AuthUser user, CancellationToken cancel) => store.ReadAsync(db => Rows(db, user).Select(u => u.Id).FirstOrDefaultAsync(), cancel);
}
