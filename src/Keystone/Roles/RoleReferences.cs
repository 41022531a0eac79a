using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Keystone.ApplicationCredentials;

namespace Nephos.Keystone.Roles;

/// <summary>Roles that a body names by id or by name. Upstream: <c>get_unique_role_by_name</c>, which looks over all domains.</summary>
internal static class RoleReferences
{
    public static async Task<List<string>> FindAsync(KeystoneDb db, IReadOnlyList<RoleReference> given)
    {
        if (given.FirstOrDefault(r => (r.Id is null) == (r.Name is null)) is not null) { throw new BadRequestError("Invalid input for field 'roles': a role is given by its id or by its name"); }
        var names = given.Select(r => r.Name).OfType<string>().Distinct().ToList();
        var byName = (await db.Roles.Where(r => names.Contains(r.Name)).Select(r => new { r.Id, r.Name }).ToListAsync()).ToLookup(r => r.Name, r => r.Id);
        return given.Select(r => r.Id ?? byName[r.Name!].ToList() switch
        {
            [var only] => only,
            [] => throw Faults.NotFound("role", r.Name!),
            _ => throw new BadRequestError($"The role name {r.Name} is not unique. Please use a role ID instead."),
        }).Distinct().ToList();
    }
}
