namespace Nephos.Node;

/// <summary>What <c>nephos down --guests</c> asks of the parts of a node.</summary>
public interface INodeCleanup
{
    /// <summary>Stops everything of ours on this machine, gracefully where that has meaning, and keeps what a later start needs (disks). May be repeated.</summary>
    Task StopAllAsync(CancellationToken cancel);
}
