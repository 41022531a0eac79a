using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Users;

/// <summary>Writes on users. Hashes are made before the transaction, which they would hold up.</summary>
internal sealed class UserOperations(Store<KeystoneDb> store, PasswordHasher hasher, TokenInvalidation tokens, KeystoneSettings settings)
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
        var hash = request.Password is { } password ? await HashAsync(password) : null;
        await store.WriteUniqueAsync(async db =>
        {
            if (!await db.Projects.AnyAsync(p => p.Id == user.DomainId && p.IsDomain)) { throw Faults.NotFound("domain", user.DomainId); }
            await EnsureNoDomainAsync(db, request.DefaultProjectId);
            db.Users.Add(user);
            if (hash is not null) { db.Passwords.Add(new Password { UserId = user.Id, Hash = hash, CreatedAt = context.Now }); }
            db.Record(context, "create", "user", user.Id);
            return true;
        }, () => NameConflict(user.Name, user.DomainId));
        return new(user, null);
    }

    public async Task<UserRow> UpdateAsync(RequestContext context, User seen, UpdateUser request)
    {
        EnsureSame(seen, request);
        var hash = request.Password is { IsSet: true, Value: { } password } ? await HashAsync(password) : null;
        return await store.WriteUniqueAsync(async db =>
        {
            var user = await db.Users.AsTracking().FirstOrDefaultAsync(u => u.Id == seen.Id) ?? throw Faults.NotFound("user", seen.Id);
            if (request.DefaultProjectId.IsSet)
            {
                await EnsureNoDomainAsync(db, request.DefaultProjectId.Value);
                user.DefaultProjectId = request.DefaultProjectId.Value;
            }
            user.Name = request.Name?.Trim() ?? user.Name;
            user.Options = Options.Merge(user.Options, request.Options?.Given());
            user.Extra = Extra.Merge(user.Extra, WithoutOurs(request.Extra));
            var disabled = user.Enabled && request.Enabled is false;
            user.Enabled = request.Enabled ?? user.Enabled;
            if (request.Password.IsSet) { await SetPasswordAsync(db, user.Id, hash, context.Now); }
            if (disabled || request.Password.IsSet) { await tokens.RevokeAsync(db, Revocation.User, user.Id, context.Now); }
            else { await tokens.RecheckAsync(db, user.Id); }
            db.Record(context, "update", "user", user.Id);
            await db.SaveChangesAsync();
            return (await UserQueries.WithPasswordsAsync(db, [user]))[0];
        }, () => NameConflict(request.Name ?? seen.Name, seen.DomainId));
    }

    /// <summary>By the user, who proves to be it by the old password; needs no token.</summary>
    public async Task ChangePasswordAsync(RequestContext context, string userId, ChangePassword request)
    {
        var seen = await store.ReadAsync(db => db.Users.Where(u => u.Id == userId && u.Enabled && db.Projects.Any(d => d.Id == u.DomainId && d.Enabled))
            .Select(u => new { u.Options, Hash = db.Passwords.Where(p => p.UserId == u.Id).OrderByDescending(p => p.Id).Select(p => p.Hash).FirstOrDefault() }).FirstOrDefaultAsync());
        if (!await hasher.VerifyAsync(request.OriginalPassword.Length <= settings.MaxPasswordLength ? request.OriginalPassword : "", seen?.Hash)) { throw Faults.Unauthorized(); }
        if (Options.IsSet(seen!.Options, "lock_password"))
        {
            throw new BadRequestError("You cannot change your password at this time due to password policy disallowing password changes. Please contact your administrator to reset your password.");
        }
        var hash = await HashAsync(request.Password);
        await store.WriteAsync(async db =>
        {
            await SetPasswordAsync(db, userId, hash, context.Now);
            await tokens.RevokeAsync(db, Revocation.User, userId, context.Now);
            db.Record(context, "change-password", "user", userId);
        });
    }

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        await db.RoleAssignments.Where(a => a.ActorId == id).ExecuteDeleteAsync();
        if (await db.Users.Where(u => u.Id == id).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("user", id); }
        await tokens.RevokeAsync(db, Revocation.User, id, context.Now);
        db.Record(context, "delete", "user", id);
    });

    private Task<string> HashAsync(string password)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(password) > settings.MaxPasswordLength)
        {
            throw new ForbiddenError($"The password length must be less than or equal to {settings.MaxPasswordLength}. The server could not comply with the request because the password is invalid.");
        }
        if (password.Contains('\0', StringComparison.Ordinal)) { throw new BadRequestError("Password validation error: a password cannot hold the character NUL."); }
        return hasher.HashAsync(password);
    }

    /// <summary>Only the newest is kept, since no former password is compared with.</summary>
    private static async Task SetPasswordAsync(KeystoneDb db, string userId, string? hash, DateTime now)
    {
        await db.Passwords.Where(p => p.UserId == userId).ExecuteDeleteAsync();
        if (hash is not null) { db.Passwords.Add(new Password { UserId = userId, Hash = hash, CreatedAt = now }); }
    }

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
