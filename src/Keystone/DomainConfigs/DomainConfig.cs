using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.DomainConfigs;

/// <summary>
/// One option of a domain's own configuration. Upstream: identity api-ref, "Domain configuration"; <c>keystone/resource/config_backends</c>.
/// <list type="bullet">
/// <item>The value is JSON of any kind, as it was given; what it is worth is found out when the domain's directory is opened.</item>
/// <item>Sensitive options never leave: not by themselves, and not in another option that names them as <c>%(password)s</c>.</item>
/// </list>
/// </summary>
public sealed class DomainConfig
{
    public required string DomainId { get; set; }
    public required string Group { get; set; }
    public required string Option { get; set; }
    public required string Value { get; set; }
    public bool Sensitive { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<DomainConfig>(config =>
    {
        config.ToTable("domain_configs");
        config.HasKey(c => new { c.DomainId, c.Group, c.Option });
        config.HasOne<Project>().WithMany().HasForeignKey(c => c.DomainId).OnDelete(DeleteBehavior.Cascade);
    });
}
