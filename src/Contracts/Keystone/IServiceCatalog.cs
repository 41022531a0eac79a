namespace Nephos.Contracts.Keystone;

/// <summary>The catalog as other services read it, to find a service in another region.</summary>
public interface IServiceCatalog
{
    /// <summary>The enabled address of a service, null when there is none: <c>GET /v3/auth/catalog</c>.</summary>
    /// <param name="type">In the catalog: <c>image</c>.</param>
    /// <param name="interfaceName"><c>public</c>, <c>internal</c> or <c>admin</c>.</param>
    Task<string?> FindAsync(string type, string region, string interfaceName, CancellationToken cancel);
}
