namespace Nephos.Contracts.Keystone;

/// <summary>What other services ask Keystone about projects.</summary>
public interface IProjects
{
    /// <summary>True when the project exists (enabled or not): quota calls on unknown projects are refused by upstream's rules.</summary>
    Task<bool> ExistsAsync(string projectId, CancellationToken cancel);

    /// <summary>Names of projects by id, for views that show them; unknown ids are left out.</summary>
    Task<IReadOnlyDictionary<string, string>> NamesAsync(IReadOnlyCollection<string> projectIds, CancellationToken cancel);
}
