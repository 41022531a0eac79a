namespace Nephos.Contracts.Nova;

/// <summary>A service of a host, as <c>GET /os-services</c>.</summary>
public sealed record ComputeHostFacts(string Host, string Binary, bool Up, DateTime Seen);

/// <summary>A guest that stands still, and why.</summary>
public sealed record HaltedGuest(string ServerId, string Host, DateTime Since, string Reason);

/// <summary>Implemented by Nova, for <c>nephos status</c>.</summary>
public interface IComputeHosts
{
    Task<IReadOnlyList<ComputeHostFacts>> ListAsync(CancellationToken cancel);

    /// <summary>Guests whose hypervisor holds them although nobody asked for it, at most 1000.</summary>
    Task<IReadOnlyList<HaltedGuest>> HaltedAsync(CancellationToken cancel);
}
