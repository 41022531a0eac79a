using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.ServiceProviders;

/// <summary>Reads and writes of service providers. Tokens list those enabled, so that each write has them looked up anew.</summary>
internal sealed class ServiceProviderOperations(Store<KeystoneDb> store, TokenInvalidation tokens)
{
    /// <summary>Upstream's <c>[saml] relay_state_prefix</c>.</summary>
    private const string DefaultRelayStatePrefix = "ss:mem:";

    public Task<ServiceProvider?> FindAsync(string id) => store.ReadAsync(db => db.ServiceProviders.FirstOrDefaultAsync(p => p.Id == id));

    public Task<List<ServiceProvider>> ListAsync(CallQuery query) =>
        store.ReadAsync(db => db.ServiceProviders.Text(query, "id", p => p.Id).Flag(query, "enabled", p => p.Enabled).OrderBy(p => p.Id).ToListAsync());

    /// <summary>Those that tokens list; null when there is none, since upstream then leaves the member out.</summary>
    public static async Task<IReadOnlyList<ServiceProviderName>?> EnabledAsync(KeystoneDb db)
    {
        var rows = await db.ServiceProviders.Where(p => p.Enabled).OrderBy(p => p.Id).Select(p => new ServiceProviderName(p.AuthUrl, p.Id, p.SpUrl)).ToListAsync();
        return rows.Count == 0 ? null : rows;
    }

    public Task<ServiceProvider> CreateAsync(RequestContext context, string id, CreateServiceProvider request) => store.WriteUniqueAsync(async db =>
    {
        if (await db.ServiceProviders.AnyAsync(p => p.Id == id)) { throw Faults.Duplicate("service_provider", "ID", id); }
        var row = new ServiceProvider
        {
            Id = id,
            Enabled = request.Enabled ?? false,
            Description = request.Description,
            AuthUrl = request.AuthUrl,
            SpUrl = request.SpUrl,
            RelayStatePrefix = request.RelayStatePrefix ?? DefaultRelayStatePrefix,
        };
        db.ServiceProviders.Add(row);
        await tokens.RecheckAllAsync(db);
        db.Record(context, "create", "service_provider", id);
        return row;
    }, () => Faults.Duplicate("service_provider", "ID", id));

    public Task<ServiceProvider> UpdateAsync(RequestContext context, string id, UpdateServiceProvider request) => store.WriteAsync(async db =>
    {
        var row = await db.ServiceProviders.AsTracking().FirstOrDefaultAsync(p => p.Id == id) ?? throw FederationErrors.NoServiceProvider(id);
        row.Enabled = request.Enabled ?? row.Enabled;
        row.Description = request.Description.Or(row.Description);
        row.AuthUrl = request.AuthUrl ?? row.AuthUrl;
        row.SpUrl = request.SpUrl ?? row.SpUrl;
        if (request.RelayStatePrefix.IsSet) { row.RelayStatePrefix = request.RelayStatePrefix.Value ?? DefaultRelayStatePrefix; }
        await tokens.RecheckAllAsync(db);
        db.Record(context, "update", "service_provider", id);
        return row;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.ServiceProviders.Where(p => p.Id == id).ExecuteDeleteAsync() == 0) { throw FederationErrors.NoServiceProvider(id); }
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "service_provider", id);
    });
}
