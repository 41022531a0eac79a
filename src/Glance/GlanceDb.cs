using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Cache;
using Nephos.Glance.Images;
using Nephos.Glance.Members;
using Nephos.Glance.Metadefs;
using Nephos.Glance.Stores;
using Nephos.Glance.Tasks;
using Nephos.Kernel.Store;

namespace Nephos.Glance;

/// <summary>Glance's tables.</summary>
public sealed class GlanceDb(DbContextOptions<GlanceDb> options) : ServiceDb(options)
{
    public override string ServiceName => "glance";
    public DbSet<Image> Images => Set<Image>();
    public DbSet<ImageProperty> Properties => Set<ImageProperty>();
    public DbSet<ImageTag> Tags => Set<ImageTag>();
    public DbSet<ImageMember> Members => Set<ImageMember>();
    public DbSet<ImageLocation> Locations => Set<ImageLocation>();
    public DbSet<CachedImage> CachedImages => Set<CachedImage>();
    public DbSet<ImageTask> Tasks => Set<ImageTask>();
    public DbSet<MetadefNamespace> MetadefNamespaces => Set<MetadefNamespace>();
    public DbSet<MetadefObject> MetadefObjects => Set<MetadefObject>();
    public DbSet<MetadefProperty> MetadefProperties => Set<MetadefProperty>();
    public DbSet<MetadefTag> MetadefTags => Set<MetadefTag>();
    public DbSet<MetadefAssociation> MetadefAssociations => Set<MetadefAssociation>();
    public DbSet<MetadefResourceType> MetadefResourceTypes => Set<MetadefResourceType>();
    public DbSet<GlanceFact> Facts => Set<GlanceFact>();

    protected override void Map(ModelBuilder model)
    {
        Image.Map(model);
        ImageMember.Map(model);
        ImageTask.Map(model);
        ImageLocation.Map(model);
        CachedImage.Map(model);
        MetadefNamespace.Map(model);
        model.Entity<GlanceFact>(fact =>
        {
            fact.ToTable("facts");
            fact.HasKey(f => f.Name);
        });
    }
}

/// <summary>Something that happens once in the life of a cloud: <see cref="FirstImage"/>.</summary>
public sealed class GlanceFact
{
    public required string Name { get; set; }
    public required string Value { get; set; }
}
