using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Protocols;

/// <summary>Reads and writes of protocols.</summary>
internal sealed class FederationProtocolOperations(Store<KeystoneDb> store, TokenInvalidation tokens)
{
    public Task<FederationProtocol?> FindAsync(string idpId, string id) => store.ReadAsync(db => db.FederationProtocols.FirstOrDefaultAsync(p => p.IdpId == idpId && p.Id == id));

    public Task<List<FederationProtocol>> ListAsync(string idpId) => store.ReadAsync(db => db.FederationProtocols.Where(p => p.IdpId == idpId).OrderBy(p => p.Id).ToListAsync());

    public Task<FederationProtocol> CreateAsync(RequestContext context, FederationProtocol row) => store.WriteUniqueAsync(async db =>
    {
        await EnsureMappingAsync(db, row.MappingId);
        if (!await db.IdentityProviders.AnyAsync(p => p.Id == row.IdpId)) { throw FederationErrors.NoIdentityProvider(row.IdpId); }
        if (await db.FederationProtocols.AnyAsync(p => p.IdpId == row.IdpId && p.Id == row.Id)) { throw Duplicate(row.Id); }
        db.FederationProtocols.Add(row);
        db.Record(context, "create", "protocol", row.Id);
        return row;
    }, () => Duplicate(row.Id));

    public Task<FederationProtocol> UpdateAsync(RequestContext context, string idpId, string id, UpdateFederationProtocol request) => store.WriteAsync(async db =>
    {
        await EnsureMappingAsync(db, request.MappingId);
        var row = await db.FederationProtocols.AsTracking().FirstOrDefaultAsync(p => p.IdpId == idpId && p.Id == id) ?? throw FederationErrors.NoProtocol(idpId, id);
        row.MappingId = request.MappingId;
        row.RemoteIdAttribute = request.RemoteIdAttribute ?? row.RemoteIdAttribute;
        await tokens.RecheckAllAsync(db);
        db.Record(context, "update", "protocol", id);
        return row;
    });

    public Task DeleteAsync(RequestContext context, string idpId, string id) => store.WriteAsync(async db =>
    {
        if (await db.FederationProtocols.Where(p => p.IdpId == idpId && p.Id == id).ExecuteDeleteAsync() == 0) { throw FederationErrors.NoProtocol(idpId, id); }
        await ShadowUsers.DropAsync(db, db.FederatedUsers.Where(f => f.IdpId == idpId && f.ProtocolId == id));
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "protocol", id);
    });

    private static async Task EnsureMappingAsync(KeystoneDb db, string id)
    {
        if (!await db.Mappings.AnyAsync(m => m.Id == id)) { throw new BadRequestError($"Invalid mapping id: {id}"); }
    }

    private static ConflictError Duplicate(string id) => Faults.Duplicate("federation_protocol", "ID", id);
}
