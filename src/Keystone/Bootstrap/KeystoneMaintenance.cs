using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Import;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Projects;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Trusts;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Bootstrap;

/// <summary>
/// What operators do by <c>nephos keystone ...</c> on a running cloud; upstream: <c>keystone-manage</c>. Each may be repeated: it says what it did, which may be nothing. Whoever can open the control
/// socket may, so no policy is asked.
/// </summary>
public sealed class KeystoneMaintenance
{
    private readonly Store<KeystoneDb> _store;
    private readonly FirstStart _first;
    private readonly PasswordHasher _hasher;
    private readonly PasswordChange _passwords;
    private readonly TokenInvalidation _tokens;
    private readonly Directories _directories;
    private readonly TimeProvider _clock;

    /// <summary>What belongs to directories, the purges, and the import.</summary>
    internal sealed record Directories(DomainDirectories Domains, DirectoryIdentities Identities, ShadowRows Shadows, DirectoryRefresh Refresh, TrustPurge Trusts, RevocationPurge Revocations, AccountImport Import);

    internal KeystoneMaintenance(Store<KeystoneDb> store, FirstStart first, PasswordHasher hasher, PasswordChange passwords, TokenInvalidation tokens, Directories directories, TimeProvider clock) =>
        (_store, _first, _hasher, _passwords, _tokens, _directories, _clock) = (store, first, hasher, passwords, tokens, directories, clock);

    /// <summary>The lines to print. An argument that makes no sense is a <see cref="BadRequestError"/>.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(string command, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel)
    {
        string? Of(string name) => arguments.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
        return command switch
        {
            "bootstrap" => await BootstrapAsync(Of("username") ?? "admin", Of("password"), cancel),
            "import" => await _directories.Import.RunAsync(arguments, cancel),
            "mapping-purge" => [await PurgeAsync(Of("domain"), Of("public_id"), Of("local_id"), Of("type"), Of("all") == "true", cancel)],
            "mapping-populate" => [await PopulateAsync(Of("domain") ?? throw new BadRequestError("name the domain"), cancel)],
            "reset-last-active" => [await ResetLastActiveAsync(cancel)],
            "trust-flush" => [await _directories.Trusts.ReconcileAsync(cancel)],
            "purge" => ["trusts: " + await _directories.Trusts.ReconcileAsync(cancel), "revocations: " + await _directories.Revocations.ReconcileAsync(cancel), "directories: " + await _directories.Refresh.ReconcileAsync(cancel)],
            _ => throw new BadRequestError($"there is no command {command}"),
        };
    }

    /// <summary>
    /// Makes what is missing of the first start, and lets the administrator in again: enabled, not locked, with the password that is given and its role on the project and the system. What is there
    /// stays as it is.
    /// </summary>
    private async Task<List<string>> BootstrapAsync(string name, string? password, CancellationToken cancel)
    {
        await _first.RunAsync(cancel);
        if (await _directories.Identities.FindAsync(null, FirstStart.DefaultDomain, name) is { } found)
        {
            if (password is not null) { throw new BadRequestError("the default domain's users are in a directory, which is only read: there is no password to set"); }
            var id = await _directories.Identities.SeenAsync(found) ?? throw new BadRequestError($"the directory of the default domain has no user {name}");
            return await _store.WriteAsync(async db =>
            {
                var said = new List<string>();
                said.AddRange(await GrantAsync(db, id, (await ProjectAsync(db, said, cancel)).Id, cancel));
                await _tokens.RecheckAsync(db, id);
                return said.Count > 0 ? said : ["all is there"];
            }, cancel);
        }
        var seen = await _store.ReadAsync(db => db.Users.Where(u => u.DomainId == FirstStart.DefaultDomain && u.Name == name && u.Source == null && u.IdpId == null)
            .Select(u => new { u.Id, Hash = db.Passwords.Where(p => p.UserId == u.Id).OrderByDescending(p => p.Id).Select(p => p.Hash).FirstOrDefault() }).FirstOrDefaultAsync(cancel), cancel);
        if (seen is null && password is null) { throw new BadRequestError($"there is no user {name}: to make it, give a password"); }
        var fits = password is null || (seen?.Hash is { } hash && await _hasher.VerifyAsync(password, hash));
        var made = fits ? null : await _passwords.MakeAsync(password);
        return await _store.WriteAsync(async db =>
        {
            var (said, now) = (new List<string>(), _clock.Now());
            var project = await ProjectAsync(db, said, cancel);
            var user = await db.Users.AsTracking().FirstOrDefaultAsync(u => seen != null && u.Id == seen.Id, cancel);
            if (user is null)
            {
                user = new User { Id = NewId.Hex(), DomainId = FirstStart.DefaultDomain, Name = name, CreatedAt = now };
                db.Users.Add(user);
                said.Add($"made the user {name}");
            }
            if (!user.Enabled || user.FailedAuthCount > 0) { said.Add($"enabled the user {name}"); }
            (user.Enabled, user.FailedAuthCount, user.FailedAuthAt, user.LastActiveAt) = (true, 0, null, now.Date);
            await db.SaveChangesAsync(cancel);
            if (made is not null)
            {
                await _passwords.SetAsync(db, user, made, now);
                await _tokens.RevokeAsync(db, Revocation.User, user.Id, now);
                said.Add($"set the password of {name}");
            }
            said.AddRange(await GrantAsync(db, user.Id, project.Id, cancel));
            await _tokens.RecheckAsync(db, user.Id);
            return said.Count > 0 ? said : ["all is there"];
        }, cancel);
    }

    private static async Task<Project> ProjectAsync(KeystoneDb db, List<string> said, CancellationToken cancel)
    {
        if (await db.Projects.FirstOrDefaultAsync(p => p.DomainId == FirstStart.DefaultDomain && p.Name == "admin" && !p.IsDomain, cancel) is { } known) { return known; }
        var project = new Project { Id = NewId.Hex(), DomainId = FirstStart.DefaultDomain, ParentId = FirstStart.DefaultDomain, Name = "admin", Description = "Bootstrap project for initializing the cloud." };
        db.Projects.Add(project);
        said.Add("made the project admin");
        return project;
    }

    private static async Task<List<string>> GrantAsync(KeystoneDb db, string userId, string projectId, CancellationToken cancel)
    {
        var said = new List<string>();
        var names = new[] { "admin", "manager", "member", "reader", "service" };
        var roles = await db.Roles.Where(r => names.Contains(r.Name) && r.DomainId == Role.NoDomain).ToListAsync(cancel);
        foreach (var name in names.Where(n => !roles.Exists(r => r.Name == n)))
        {
            var role = new Role { Id = NewId.Hex(), Name = name, Options = """{"immutable":true}""" };
            roles.Add(role);
            db.Roles.Add(role);
            said.Add($"made the role {name}");
        }
        string IdOf(string name) => roles.Find(r => r.Name == name)!.Id;
        for (var i = 0; i + 1 < 4; i++)
        {
            var (prior, implied) = (IdOf(names[i]), IdOf(names[i + 1]));
            if (await db.ImpliedRoles.AnyAsync(r => r.PriorRoleId == prior && r.ImpliedRoleId == implied, cancel)) { continue; }
            db.ImpliedRoles.Add(new ImpliedRole { PriorRoleId = prior, ImpliedRoleId = implied });
            said.Add($"{names[i]} implies {names[i + 1]} again");
        }
        var admin = IdOf("admin");
        foreach (var (type, target, what) in new[] { (RoleAssignment.Project, projectId, "the project admin"), (RoleAssignment.System, RoleAssignment.WholeSystem, "the system") })
        {
            if (await db.RoleAssignments.AnyAsync(a => a.ActorType == RoleAssignment.User && a.ActorId == userId && a.TargetType == type && a.TargetId == target && a.RoleId == admin, cancel)) { continue; }
            db.RoleAssignments.Add(new RoleAssignment { ActorType = RoleAssignment.User, ActorId = userId, TargetType = type, TargetId = target, RoleId = admin });
            said.Add($"gave the role admin on {what}");
        }
        return said;
    }

    /// <summary>Forgets public ids. One that is asked for again comes back the same; role assignments are not touched.</summary>
    private async Task<string> PurgeAsync(string? domain, string? publicId, string? localId, string? type, bool all, CancellationToken cancel)
    {
        if (type is not (null or IdMapping.User or IdMapping.Group)) { throw new BadRequestError("a type is user or group"); }
        if (all && (domain ?? publicId ?? localId ?? type) is not null) { throw new BadRequestError("all goes with nothing else"); }
        if (!all && (domain ?? publicId ?? localId ?? type) is null) { throw new BadRequestError("say which mappings: all, a domain, a public id, a local id, or a type"); }
        if (localId is not null && domain is null) { throw new BadRequestError("a local id is one of a domain: name it"); }
        var domainId = domain is null ? null : await DomainAsync(domain, cancel);
        var gone = await _store.WriteAsync(async db =>
        {
            var ids = await db.Set<IdMapping>().Where(m => (domainId == null || m.DomainId == domainId) && (publicId == null || m.PublicId == publicId) && (localId == null || m.LocalId == localId) && (type == null || m.EntityType == type))
                .Select(m => m.PublicId).ToListAsync(cancel);
            await db.Users.Where(u => u.Source == ShadowRows.Source && ids.Contains(u.Id)).ExecuteDeleteAsync(cancel);
            await db.Groups.Where(g => g.Source == ShadowRows.Source && ids.Contains(g.Id)).ExecuteDeleteAsync(cancel);
            await _tokens.RecheckAllAsync(db);
            return await db.Set<IdMapping>().Where(m => ids.Contains(m.PublicId)).ExecuteDeleteAsync(cancel);
        }, cancel);
        return $"{gone} mappings purged";
    }

    /// <summary>
    /// Takes users of whom no login is known for active today: else <c>disable_user_account_days_inactive</c> counts from the day they were made, and may shut them out at once when it is switched on.
    /// </summary>
    private async Task<string> ResetLastActiveAsync(CancellationToken cancel)
    {
        var today = _clock.Now().Date;
        var count = await _store.WriteAsync(async db =>
        {
            await _tokens.RecheckAllAsync(db);
            return await db.Users.Where(u => u.LastActiveAt == null).ExecuteUpdateAsync(set => set.SetProperty(u => u.LastActiveAt, today), cancel);
        }, cancel);
        return $"{count} users count as active today";
    }

    /// <summary>Makes the public ids of all users and groups of a domain's directory.</summary>
    private async Task<string> PopulateAsync(string domain, CancellationToken cancel)
    {
        var id = await DomainAsync(domain, cancel);
        if (await _directories.Domains.OfAsync(id) is not { } directory) { throw new BadRequestError($"the users of domain {domain} are in no directory"); }
        var users = await _directories.Shadows.UsersAsync(id, await directory.ListUsersAsync([]));
        var groups = await _directories.Shadows.GroupsAsync(id, await directory.ListGroupsAsync([]));
        return $"{users.Count} users and {groups.Count} groups are mapped";
    }

    private async Task<string> DomainAsync(string name, CancellationToken cancel) =>
        await _store.ReadAsync(db => db.Projects.Where(p => p.IsDomain && p.Name == name).Select(p => p.Id).FirstOrDefaultAsync(cancel), cancel) ?? throw new BadRequestError($"there is no domain {name}");
}
