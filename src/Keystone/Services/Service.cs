using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Services;

/// <summary>An OpenStack service in the catalog. Upstream: identity api-ref, "Service catalog and endpoints".</summary>
public sealed class Service
{
    public required string Id { get; set; }
    public required string Type { get; set; }
    public bool Enabled { get; set; } = true;
    /// <summary>Holds <c>name</c> and <c>description</c> too: upstream knows neither as a column and shows them only when they were given.</summary>
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model) => model.Entity<Service>(service =>
    {
        service.ToTable("services");
        service.HasKey(s => s.Id);
        service.HasIndex(s => s.Type);
    });
}
