using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Keystone;
using Nephos.Kernel.Store;

namespace Nephos.Keystone.Projects;

/// <summary>What other services ask about projects.</summary>
internal sealed class ProjectLookup(Store<KeystoneDb> store) : IProjects
{
    public Task<bool> ExistsAsync(string projectId, CancellationToken cancel) => store.ReadAsync(db => db.Projects.AnyAsync(p => p.Id == projectId && !p.IsDomain), cancel);

    public async Task<IReadOnlyDictionary<string, string>> NamesAsync(IReadOnlyCollection<string> projectIds, CancellationToken cancel) =>
        await store.ReadAsync(db => db.Projects.Where(p => projectIds.Contains(p.Id)).ToDictionaryAsync(p => p.Id, p => p.Name), cancel);
}
