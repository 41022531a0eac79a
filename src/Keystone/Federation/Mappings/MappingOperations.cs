using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Mappings;

/// <summary>Reads and writes of mappings. One that is deleted takes the tokens of those it mapped along; one that is changed counts from the next login.</summary>
internal sealed class MappingOperations(Store<KeystoneDb> store, TokenInvalidation tokens)
{
    public Task<Mapping?> FindAsync(string id) => store.ReadAsync(db => db.Mappings.FirstOrDefaultAsync(m => m.Id == id));

    public Task<List<Mapping>> ListAsync() => store.ReadAsync(db => db.Mappings.OrderBy(m => m.Id).ToListAsync());

    public Task<Mapping> CreateAsync(RequestContext context, Mapping row) => store.WriteUniqueAsync(async db =>
    {
        if (await db.Mappings.AnyAsync(m => m.Id == row.Id)) { throw Duplicate(); }
        db.Mappings.Add(row);
        db.Record(context, "create", "mapping", row.Id);
        return row;
    }, Duplicate);

    public Task<Mapping> UpdateAsync(RequestContext context, Mapping row) => store.WriteAsync(async db =>
    {
        if (await db.Mappings.Where(m => m.Id == row.Id).ExecuteUpdateAsync(u => u.SetProperty(m => m.Rules, row.Rules).SetProperty(m => m.SchemaVersion, row.SchemaVersion)) == 0) { throw FederationErrors.NoMapping(row.Id); }
        db.Record(context, "update", "mapping", row.Id);
        return row;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.Mappings.Where(m => m.Id == id).ExecuteDeleteAsync() == 0) { throw FederationErrors.NoMapping(id); }
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "mapping", id);
    });

    private static ConflictError Duplicate() => Faults.Conflict("mapping", "Duplicate entry");
}
