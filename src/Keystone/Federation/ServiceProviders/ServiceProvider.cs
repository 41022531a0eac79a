using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Federation.ServiceProviders;

/// <summary>Another cloud that takes our word for who a user is (Keystone-to-Keystone). Upstream: identity api-ref, OS-FEDERATION, "Service providers". Those enabled are listed in every token.</summary>
public sealed class ServiceProvider
{
    public required string Id { get; set; }
    public bool Enabled { get; set; }
    public string? Description { get; set; }
    /// <summary>Where the other cloud gives out tokens for our assertions.</summary>
    public required string AuthUrl { get; set; }
    /// <summary>Where it takes them in.</summary>
    public required string SpUrl { get; set; }
    public required string RelayStatePrefix { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ServiceProvider>(provider =>
    {
        provider.ToTable("service_providers");
        provider.HasKey(p => p.Id);
    });
}
