namespace Nephos.Contracts.Nova;

/// <summary>A service of a host, as <c>GET /os-services</c>.</summary>
public sealed record ComputeHostFacts(string Host, string Binary, bool Up, DateTime Seen);

/// <summary>Implemented by Nova, for <c>nephos status</c>.</summary>
public interface IComputeHosts
{
    Task<IReadOnlyList<ComputeHostFacts>> ListAsync(CancellationToken cancel);
}
