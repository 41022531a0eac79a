using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.IdentityProviders;

/// <summary>Reads and writes of identity providers. One that is disabled or deleted takes all tokens of its users along.</summary>
internal sealed class IdentityProviderOperations(Store<KeystoneDb> store, TokenInvalidation tokens)
{
    public Task<IdentityProviderRow?> FindAsync(string id) => store.ReadAsync(async db => await db.IdentityProviders.FirstOrDefaultAsync(p => p.Id == id) is { } row ? (await WithRemoteIdsAsync(db, [row]))[0] : null);

    public Task<List<IdentityProviderRow>> ListAsync(CallQuery query) => store.ReadAsync(async db =>
        await WithRemoteIdsAsync(db, await db.IdentityProviders.Text(query, "id", p => p.Id).Flag(query, "enabled", p => p.Enabled).OrderBy(p => p.Id).ToListAsync()));

    public async Task<IdentityProviderRow> CreateAsync(RequestContext context, string id, CreateIdentityProvider request, string newDomainId)
    {
        var remoteIds = request.RemoteIds ?? [];
        var provider = new IdentityProvider { Id = id, DomainId = request.DomainId ?? newDomainId, Enabled = request.Enabled ?? false, Description = request.Description, AuthorizationTtl = request.AuthorizationTtl };
        await store.WriteUniqueAsync(async db =>
        {
            if (request.DomainId is { } domain)
            {
                if (!await db.Projects.AnyAsync(p => p.Id == domain && p.IsDomain)) { throw Faults.NotFound("domain", domain); }
            }
            else
            {
                db.Projects.Add(new Project { Id = newDomainId, Name = newDomainId, DomainId = Project.RootDomain, IsDomain = true, Description = "Auto generated federated domain for Identity Provider: " + id });
                db.Record(context, "create", "domain", newDomainId);
            }
            await EnsureFreeAsync(db, id, remoteIds);
            if (await db.IdentityProviders.AnyAsync(p => p.Id == id)) { throw Faults.Conflict("identity_provider", "Duplicate entry: " + id); }
            db.IdentityProviders.Add(provider);
            db.RemoteIds.AddRange(remoteIds.Select(r => new RemoteId { Id = r, IdpId = id }));
            db.Record(context, "create", "identity_provider", id);
            return true;
        }, () => Faults.Conflict("identity_provider", "Duplicate entry: " + id));
        return new(provider, [.. remoteIds.Order(StringComparer.Ordinal)]);
    }

    public Task<IdentityProviderRow> UpdateAsync(RequestContext context, string id, UpdateIdentityProvider request) => store.WriteUniqueAsync(async db =>
    {
        var provider = await db.IdentityProviders.AsTracking().FirstOrDefaultAsync(p => p.Id == id) ?? throw FederationErrors.NoIdentityProvider(id);
        var disabled = provider.Enabled && request.Enabled is false;
        provider.Enabled = request.Enabled ?? provider.Enabled;
        provider.Description = request.Description.Or(provider.Description);
        provider.AuthorizationTtl = request.AuthorizationTtl.Or(provider.AuthorizationTtl);
        if (request.RemoteIds.IsSet)
        {
            var remoteIds = request.RemoteIds.Value ?? [];
            await db.RemoteIds.Where(r => r.IdpId == id).ExecuteDeleteAsync();
            await EnsureFreeAsync(db, id, remoteIds);
            db.RemoteIds.AddRange(remoteIds.Select(r => new RemoteId { Id = r, IdpId = id }));
        }
        if (disabled) { await tokens.RecheckAllAsync(db); }
        db.Record(context, "update", "identity_provider", id);
        await db.SaveChangesAsync();
        return (await WithRemoteIdsAsync(db, [provider]))[0];
    }, () => Faults.Conflict("identity_provider", "Duplicate entry: " + id));

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (!await db.IdentityProviders.AnyAsync(p => p.Id == id)) { throw FederationErrors.NoIdentityProvider(id); }
        await DropAsync(db, [id]);
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "identity_provider", id);
    });

    /// <summary>Identity providers with their protocols, and with the users that only they knew.</summary>
    public static async Task DropAsync(KeystoneDb db, IReadOnlyCollection<string> ids)
    {
        await ShadowUsers.DropAsync(db, db.FederatedUsers.Where(f => ids.Contains(f.IdpId)));
        await db.IdentityProviders.Where(p => ids.Contains(p.Id)).ExecuteDeleteAsync();
    }

    private static async Task EnsureFreeAsync(KeystoneDb db, string id, IReadOnlyList<string> remoteIds)
    {
        if (await db.RemoteIds.Where(r => remoteIds.Contains(r.Id) && r.IdpId != id).Select(r => r.Id).FirstOrDefaultAsync() is { } taken) { throw Faults.Conflict("identity_provider", "Duplicate remote ID: " + taken); }
    }

    private static async Task<List<IdentityProviderRow>> WithRemoteIdsAsync(KeystoneDb db, List<IdentityProvider> rows)
    {
        var ids = rows.ConvertAll(r => r.Id);
        var remotes = (await db.RemoteIds.Where(r => ids.Contains(r.IdpId)).OrderBy(r => r.Id).ToListAsync()).ToLookup(r => r.IdpId, r => r.Id);
        return rows.ConvertAll(r => new IdentityProviderRow(r, [.. remotes[r.Id]]));
    }
}
