namespace Nephos.Contracts.Placement;

/// <summary>Inventory of one resource class. Capacity is <c>(Total - Reserved) * AllocationRatio</c>.</summary>
public sealed record InventoryFacts(string ResourceClass, long Total, long Reserved = 0, long MinUnit = 1, long? MaxUnit = null, long StepSize = 1, double AllocationRatio = 1.0);

/// <summary>A provider as its owner describes it.</summary>
public sealed record ProviderFacts(string Id, string Name, IReadOnlyList<InventoryFacts> Inventories, IReadOnlyList<string> Traits);

/// <summary>What a consumer needs. Corresponds to <c>GET /allocation_candidates?resources=...&amp;required=...</c>.</summary>
/// <param name="Resources">Resource class to amount: VCPU, MEMORY_MB, DISK_GB.</param>
/// <param name="InProviders">When given, only these provider ids are looked at.</param>
public sealed record CandidateRequest(
    IReadOnlyDictionary<string, long> Resources, IReadOnlyList<string> RequiredTraits, IReadOnlyList<string> ForbiddenTraits,
    IReadOnlyCollection<string>? InProviders = null, int Limit = 1000);

/// <summary>A provider that can take the request, with what is free on it and in all.</summary>
public sealed record Candidate(string ProviderId, string ProviderName, IReadOnlyDictionary<string, long> Used, IReadOnlyDictionary<string, long> Capacity);

/// <summary>Why a provider cannot take the request, in words for the user: <c>MEMORY_MB: 4096 asked, 1024 of 16384 free</c>.</summary>
public sealed record Refusal(string ProviderId, string ProviderName, IReadOnlyList<string> Reasons);

public sealed record CandidateAnswer(IReadOnlyList<Candidate> Candidates, IReadOnlyList<Refusal> Refusals);

/// <summary>What other services ask Placement, in the cloud's own name.</summary>
public interface IPlacement
{
    /// <summary>Makes the provider, its inventories and traits so. An inventory in use stays, also when it is no longer named, until its last allocation goes; one shrunk below its use gives nothing until enough is freed. Repeated calls change nothing.</summary>
    Task EnsureProviderAsync(ProviderFacts provider, CancellationToken cancel);

    Task<CandidateAnswer> FindCandidatesAsync(CandidateRequest request, CancellationToken cancel);

    /// <summary>Allocates on one provider, all or nothing; replaces what the consumer had. False when it no longer fits: try the next candidate. Repeated calls change nothing.</summary>
    Task<bool> ClaimAsync(string consumerId, string projectId, string userId, string consumerType, string providerId, IReadOnlyDictionary<string, long> resources, CancellationToken cancel);

    /// <summary>Frees all the consumer has; nothing to free is fine.</summary>
    Task ReleaseAsync(string consumerId, CancellationToken cancel);

    /// <summary>Ids of all consumers with allocations on a provider, for leak checks.</summary>
    Task<IReadOnlyList<string>> ConsumersAsync(string providerId, CancellationToken cancel);
}
