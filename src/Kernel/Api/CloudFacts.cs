namespace Nephos.Kernel.Api;

/// <summary>What services know of the cloud they are part of.</summary>
public sealed record CloudFacts
{
    /// <summary>Everything the cloud keeps on this machine.</summary>
    public required string StateDirectory { get; init; }
    /// <summary>Scheme, host and port under which clients reach it: <c>http://127.0.0.1:8080</c>. Without a slash at the end.</summary>
    public required string PublicUrl { get; init; }
    public string Region { get; init; } = "RegionOne";
    /// <summary>Name of the host this process is the node of.</summary>
    public string Host { get; init; } = "nephos";
    /// <summary>Password of the user <c>admin</c> that the first start makes.</summary>
    public required string AdminPassword { get; init; }
    public PublicNetworkFacts PublicNetwork { get; init; } = new();
    /// <summary>Disk image (qcow2) that the first start registers as <c>guest</c>; null registers none.</summary>
    public string? FirstImage { get; init; }
}

/// <summary>The external network that the first start makes.</summary>
public sealed record PublicNetworkFacts
{
    public string Name { get; init; } = "public";
    public string Cidr { get; init; } = "172.24.4.0/24";
    public string Gateway { get; init; } = "172.24.4.1";
    public string PoolStart { get; init; } = "172.24.4.10";
    public string PoolEnd { get; init; } = "172.24.4.250";
    public string PhysicalNetwork { get; init; } = "public";
}
