using Microsoft.EntityFrameworkCore;

namespace Nephos.Glance.Metadefs;

/// <summary>
/// A catalog of words for properties (image api-ref v2, "Metadata definition namespaces"): what keys may be put on images, volumes, flavors, and what values they take. Descriptions
/// for people and their tools; nothing is enforced by them.
/// <list type="bullet">
/// <item>Names are unique in the whole cloud, also among namespaces that a caller does not see.</item>
/// <item>Its objects, properties, tags and associations go with it. A protected one loses nothing.</item>
/// </list>
/// </summary>
public sealed class MetadefNamespace
{
    public required string Id { get; set; }
    public required string Namespace { get; set; }
    public string? DisplayName { get; set; }
    public string? Description { get; set; }
    /// <summary>public or private.</summary>
    public string Visibility { get; set; } = "private";
    public bool Protected { get; set; }
    /// <summary>Project; null: everybody's.</summary>
    public string? Owner { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<MetadefNamespace>(row =>
        {
            row.ToTable("metadef_namespaces");
            row.HasKey(n => n.Id);
            row.HasIndex(n => n.Namespace).IsUnique().HasDatabaseName("metadef_namespaces_by_name");
            row.HasIndex(n => new { n.CreatedAt, n.Id }).HasDatabaseName("metadef_namespaces_by_creation");
        });
        model.Entity<MetadefObject>(row =>
        {
            row.ToTable("metadef_objects");
            row.HasKey(o => o.Id);
            row.HasIndex(o => new { o.NamespaceId, o.Name }).IsUnique().HasDatabaseName("metadef_objects_by_name");
        });
        model.Entity<MetadefProperty>(row =>
        {
            row.ToTable("metadef_properties");
            row.HasKey(p => p.Id);
            row.HasIndex(p => new { p.NamespaceId, p.Name }).IsUnique().HasDatabaseName("metadef_properties_by_name");
        });
        model.Entity<MetadefTag>(row =>
        {
            row.ToTable("metadef_tags");
            row.HasKey(t => t.Id);
            row.HasIndex(t => new { t.NamespaceId, t.Name }).IsUnique().HasDatabaseName("metadef_tags_by_name");
        });
        model.Entity<MetadefAssociation>(row =>
        {
            row.ToTable("metadef_associations");
            row.HasKey(a => new { a.NamespaceId, a.ResourceType });
            row.HasIndex(a => a.ResourceType).HasDatabaseName("metadef_associations_by_type");
        });
        model.Entity<MetadefResourceType>(row =>
        {
            row.ToTable("metadef_resource_types");
            row.HasKey(t => t.Name);
            row.HasData(MetadefResourceType.Known.Select(name => new MetadefResourceType { Name = name, Protected = true, CreatedAt = DateTime.UnixEpoch, UpdatedAt = DateTime.UnixEpoch }));
        });
    }
}

/// <summary>Properties that belong together.</summary>
public sealed class MetadefObject : IMetadefPart
{
    public static PartWords Words { get; } = new("object", "the same", (name, inNamespace) => $"A metadata definition object with name={name} already exists in namespace={inNamespace}.");

    public required string Id { get; set; }
    public required string NamespaceId { get; set; }
    public required string Name { get; set; }
    public string? Description { get; set; }
    /// <summary>JSON list of names; null: not given.</summary>
    public string? Required { get; set; }
    /// <summary>JSON object of properties by name; null: not given.</summary>
    public string? Properties { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
}

/// <summary>What one key means.</summary>
public sealed class MetadefProperty : IMetadefPart
{
    public static PartWords Words { get; } = new("property", "the same", (name, inNamespace) => $"A metadata definition property with name={name} already exists in namespace={inNamespace}.");

    public required string Id { get; set; }
    public required string NamespaceId { get; set; }
    public required string Name { get; set; }
    /// <summary>JSON, as <see cref="MetadefShape.Property"/> makes it.</summary>
    public required string Schema { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
}

/// <summary>A word that may be used as a tag.</summary>
public sealed class MetadefTag : IMetadefPart
{
    public static PartWords Words { get; } = new("tag", "same", (name, inNamespace) => $"A metadata tag with name={name} already exists in namespace={inNamespace}. (Please note that metadata tag names are case insensitive).");

    public required string Id { get; set; }
    public required string NamespaceId { get; set; }
    public required string Name { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
}

/// <summary>A kind of resource that properties can be put on, named as Heat names it.</summary>
public sealed class MetadefResourceType
{
    /// <summary>Those that upstream's own definitions speak of; in every new cloud, so that they can be chosen from.</summary>
    public static readonly IReadOnlyList<string> Known = ["OS::Cinder::Volume", "OS::Glance::Image", "OS::Nova::Aggregate", "OS::Nova::Flavor", "OS::Nova::Server", "OS::Trove::Instance"];

    public required string Name { get; set; }
    public bool Protected { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
}

/// <summary>A namespace's words are for a kind of resource.</summary>
public sealed class MetadefAssociation
{
    public required string NamespaceId { get; set; }
    public required string ResourceType { get; set; }
    /// <summary>Goes before a property's name on this kind of resource: <c>hw:</c>.</summary>
    public string? Prefix { get; set; }
    /// <summary>Which of the resource's sets of properties: <c>image</c> of a volume.</summary>
    public string? PropertiesTarget { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
}
