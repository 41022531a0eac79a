namespace Nephos.Contracts.Keystone;

/// <summary>
/// Unified limits as services use them through oslo.limit: a service registers what it limits, with a default for every project; the operator sets other limits per project or domain at
/// Keystone's API; the service asks what holds for a project and compares it with what it counts. Public API: <c>/v3/registered_limits</c>, <c>/v3/limits</c>.
/// </summary>
public interface IUnifiedLimits
{
    /// <summary>
    /// Makes the registered limits of a service that are not there yet, for all regions. Those that are there stay as the operator left them, so that it can be called at every start; one that the
    /// operator deleted comes back.
    /// </summary>
    /// <param name="serviceType">Type in the catalog: <c>image</c>.</param>
    Task RegisterAsync(string serviceType, IReadOnlyCollection<LimitDefault> defaults, CancellationToken cancel);

    /// <summary>
    /// What holds for a project, to be asked before the transaction that counts. A resource that has neither a limit nor a registered one is limited to zero, as in oslo.limit, and listed in
    /// <see cref="ProjectLimits.Unregistered"/>.
    /// </summary>
    Task<ProjectLimits> AskAsync(string serviceType, string projectId, IReadOnlyCollection<string> resourceNames, CancellationToken cancel);
}

/// <summary>A limit that holds where no other is set.</summary>
/// <param name="ResourceName"><c>image_count_total</c>.</param>
/// <param name="Limit">-1: no limit.</param>
public sealed record LimitDefault(string ResourceName, int Limit, string? Description = null);

/// <summary>The limits of one project, and of the tree it is in when the enforcement model is <c>strict_two_level</c>.</summary>
public sealed record ProjectLimits(string ProjectId, IReadOnlyDictionary<string, int> Limits)
{
    /// <summary>Resources nobody registered.</summary>
    public IReadOnlyList<string> Unregistered { get; init; } = [];

    /// <summary>Null in the flat model.</summary>
    public ProjectTree? Tree { get; init; }

    /// <summary>Throws <see cref="ProjectOverLimitException"/> when the usage with the change added is above a limit. A change that takes nothing more is never refused.</summary>
    /// <param name="usage">What the project has, by resource.</param>
    /// <param name="deltas">What it wants more, by resource.</param>
    public void Enforce(IReadOnlyDictionary<string, long> usage, IReadOnlyDictionary<string, long> deltas) => Enforce(ProjectId, Limits, usage, deltas);

    /// <summary>As <see cref="Enforce(IReadOnlyDictionary{string, long}, IReadOnlyDictionary{string, long})"/>, for all projects of the tree together.</summary>
    /// <param name="treeUsage">What all projects of <see cref="ProjectTree.ProjectIds"/> have together.</param>
    /// <param name="deltas">What the project wants more.</param>
    public void EnforceTree(IReadOnlyDictionary<string, long> treeUsage, IReadOnlyDictionary<string, long> deltas)
    {
        if (Tree is { } tree) { Enforce(tree.RootId, tree.Limits, treeUsage, deltas); }
    }

    private static void Enforce(string id, IReadOnlyDictionary<string, int> limits, IReadOnlyDictionary<string, long> usage, IReadOnlyDictionary<string, long> deltas)
    {
        List<OverLimit>? over = null;
        foreach (var (name, delta) in deltas)
        {
            var (limit, used) = (limits[name], usage.TryGetValue(name, out var known) ? known : 0);
            if (limit >= 0 && delta > 0 && used + delta > limit) { (over ??= []).Add(new OverLimit(name, limit, used, delta)); }
        }
        if (over is not null) { throw new ProjectOverLimitException(id, over); }
    }
}

/// <summary>Projects that share the limit of the one at their top.</summary>
/// <param name="RootId">The domain or project whose limits the tree shares.</param>
/// <param name="ProjectIds">All of the tree, the root included.</param>
public sealed record ProjectTree(string RootId, IReadOnlyList<string> ProjectIds, IReadOnlyDictionary<string, int> Limits);

/// <summary>One limit that would be exceeded; reads as oslo.limit's <c>OverLimitInfo</c>.</summary>
public sealed record OverLimit(string ResourceName, int Limit, long CurrentUsage, long Delta)
{
    public override string ToString() => $"Resource {ResourceName} is over limit of {Limit} due to current usage {CurrentUsage} and delta {Delta}";
}

/// <summary>oslo.limit's <c>ProjectOverLimit</c>; the service turns it into its own answer.</summary>
public sealed class ProjectOverLimitException(string projectId, IReadOnlyList<OverLimit> limits)
    : Exception($"Project {projectId} is over a limit for [{string.Join(", ", limits)}]")
{
    public string ProjectId => projectId;
    public IReadOnlyList<OverLimit> Limits => limits;
}
