using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Users;

/// <summary>Writes on users. Hashes are made before the transaction, which they would hold up.</summary>
internal sealed class UserOperations(Store<KeystoneDb> store, UserQueries queries, PasswordChange passwords, TokenInvalidation tokens, DirectoryIdentities directories)
{
    public async Task<UserRow> CreateAsync(RequestContext context, CreateUser request)
    {
        var user = new User
        {
            Id = NewId.Hex(),
            Name = request.Name.Trim(),
            DomainId = request.DomainId ?? context.Who.DomainId ?? Bootstrap.FirstStart.DefaultDomain,
            Enabled = request.Enabled ?? true,
            DefaultProjectId = request.DefaultProjectId,
            Options = Options.Merge(Extra.None, request.Options?.Given()),
            Extra = Extra.Write(WithoutOurs(request.Extra)),
            CreatedAt = context.Now,
        };
        var made = request.Password.IsSet ? await passwords.MakeAsync(request.Password.Value) : null;
        await directories.EnsureWritableAsync(user.DomainId);
        return await store.WriteUniqueAsync(async db =>
        {
            if (!await db.Projects.AnyAsync(p => p.Id == user.DomainId && p.IsDomain)) { throw Faults.NotFound("domain", user.DomainId); }
            await EnsureNoDomainAsync(db, request.DefaultProjectId);
            db.Users.Add(user);
            var password = made is null ? null : await passwords.SetAsync(db, user, made, context.Now);
            if (request.Federated is { Count: > 0 } federated)
            {
                await db.SaveChangesAsync(); // they refer to the user
                await FederatedObjects.ReplaceAsync(db, user, federated);
            }
            db.Record(context, "create", "user", user.Id);
            return new UserRow(user, password?.ExpiresAt, user.Enabled) { Federated = await FederatedObjects.OfAsync(db, user.Id) };
        }, () => NameConflict(user.Name, user.DomainId));
    }

    public async Task<UserRow> UpdateAsync(RequestContext context, User seen, UpdateUser request)
    {
        EnsureSame(seen, request);
        DirectoryIdentities.EnsureWritable(seen.Source);
        var made = request.Password.IsSet ? await passwords.MakeAsync(request.Password.Value) : null;
        return await store.WriteUniqueAsync(async db =>
        {
            var user = await db.Users.AsTracking().FirstOrDefaultAsync(u => u.Id == seen.Id) ?? throw Faults.NotFound("user", seen.Id);
            if (request.DefaultProjectId.IsSet)
            {
                await EnsureNoDomainAsync(db, request.DefaultProjectId.Value);
                user.DefaultProjectId = request.DefaultProjectId.Value;
            }
            if (request.Name?.Trim() is { } name && name != user.Name)
            {
                user.Name = name;
                // Their name is the identity provider's, which gives it again at the next login.
                if (user.IdpId is not null) { await db.FederatedUsers.Where(f => f.UserId == user.Id).ExecuteUpdateAsync(f => f.SetProperty(x => x.DisplayName, name)); }
            }
            if (request.Federated is { Count: > 0 } federated) { await FederatedObjects.ReplaceAsync(db, user, federated); }
            user.Options = Options.Merge(user.Options, request.Options?.Given());
            user.Extra = Extra.Merge(user.Extra, WithoutOurs(request.Extra));
            var disabled = user.Enabled && request.Enabled is false;
            user.Enabled = request.Enabled ?? user.Enabled;
            if (user.Enabled)
            {
                // Ends a lockout. Only who is enabled anew, not merely changed, counts as active today.
                (user.FailedAuthCount, user.FailedAuthAt) = (0, null);
                if (request.Enabled is true) { user.LastActiveAt = context.Now.Date; }
            }
            if (made is not null) { await passwords.SetAsync(db, user, made, context.Now); }
            if (disabled || request.Password.IsSet) { await tokens.RevokeAsync(db, Revocation.User, user.Id, context.Now); }
            else { await tokens.RecheckAsync(db, user.Id); }
            db.Record(context, "update", "user", user.Id);
            await db.SaveChangesAsync();
            return (await queries.WithPasswordsAsync(db, [user]))[0] with { Federated = await FederatedObjects.OfAsync(db, user.Id) };
        }, () => NameConflict(request.Name ?? seen.Name, seen.DomainId));
    }

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        DirectoryIdentities.EnsureWritable(await db.Users.Where(u => u.Id == id).Select(u => u.Source).FirstOrDefaultAsync());
        await db.RoleAssignments.Where(a => a.ActorId == id).ExecuteDeleteAsync();
        await Dependents.OfUsersAsync(db, db.Users.Where(u => u.Id == id).Select(u => u.Id));
        if (await db.Users.Where(u => u.Id == id).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("user", id); }
        await tokens.RevokeAsync(db, Revocation.User, id, context.Now);
        db.Record(context, "delete", "user", id);
    });

    private static async Task EnsureNoDomainAsync(KeystoneDb db, string? projectId)
    {
        if (projectId is not null && await db.Projects.AnyAsync(p => p.Id == projectId && p.IsDomain)) { throw new BadRequestError($"User's default project ID cannot be a domain ID: {projectId}"); }
    }

    private static void EnsureSame(User seen, UpdateUser request)
    {
        if (request.Extra is not { } extra) { return; }
        if (extra.TryGetValue("id", out var id) && (id.ValueKind != JsonValueKind.String || id.GetString() != seen.Id)) { throw new BadRequestError("Cannot change ID"); }
        if (extra.TryGetValue("domain_id", out var domain) && (domain.ValueKind != JsonValueKind.String || domain.GetString() != seen.DomainId)) { throw new BadRequestError("Cannot change Domain ID"); }
    }

    private static Dictionary<string, JsonElement>? WithoutOurs(Dictionary<string, JsonElement>? extra) =>
        extra?.Where(e => e.Key is not ("id" or "links" or "domain_id" or "password_expires_at" or "original_password")).ToDictionary(e => e.Key, e => e.Value);

    private static ConflictError NameConflict(string name, string domainId) => Faults.Conflict("user", $"Duplicate entry found with name {name} at domain ID {domainId}");
}
