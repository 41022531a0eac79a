using System.Net;
using Nephos.Kernel.Configuration;

namespace Nephos.Glance;

/// <summary>What of Glance can be chosen. Names and defaults are upstream's where it has the option.</summary>
public sealed record GlanceSettings : ICheckedSettings
{
    public static readonly ConfigSection Section = ConfigSection.Of<GlanceSettings>("glance", "The image service.");

    /// <summary>Names that upstream keeps for itself.</summary>
    private const string Reserved = "os_glance_";

    [Setting("Stores by name: file (below the state directory), file:/FOLDER, or memory (forgets all at the end, for tests). Upstream: enabled_backends.", Example = "{fast: file, big: 'file:/srv/images'}")]
    public IReadOnlyDictionary<string, string> Stores { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["file"] = "file" };

    [Setting("The store of images whose client names none; empty: the first of stores. Upstream: [glance_store] default_backend.")]
    public string DefaultStore { get; init; } = "";

    [Setting("Folder for bytes that wait for their import; empty: image-staging of the state directory. Processes on one database must share it, since any of them may be asked to import what another staged. Upstream: node_staging_uri.")]
    public string StagingDirectory { get; init; } = "";

    [Setting("What is said of a store to clients, by its name. Upstream: store_description.")]
    public IReadOnlyDictionary<string, string> StoreDescriptions { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    [Setting("An image in several stores is read from the one with the highest weight. Upstream: weight.")]
    public IReadOnlyDictionary<string, int> StoreWeights { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    [Setting("Let the bytes of images stay on web servers: the location calls take http and https addresses. Upstream: a store of type http.")]
    public bool HttpStore { get; init; }

    [Setting("Largest image in bytes. Upstream: image_size_cap.", Minimum = 1)]
    public long ImageSizeCap { get; init; } = 1L << 40;

    [Setting("How images can be imported. Upstream: enabled_import_methods.", Allowed = ["glance-direct", "web-download", "copy-image", "glance-download"])]
    public IReadOnlyList<string> EnabledImportMethods { get; init; } = ["glance-direct", "web-download", "copy-image"];

    [Setting("What is done to imported bytes, in this order: image_decompression, image_conversion, inject_image_metadata. Upstream: [image_import_opts] image_import_plugins.",
        Allowed = ["image_decompression", "image_conversion", "inject_image_metadata", "no_op"])]
    public IReadOnlyList<string> ImageImportPlugins { get; init; } = [];

    [Setting("What image_conversion makes of every image. Needs qemu-img. Upstream: [image_conversion] output_format.", Allowed = ["qcow2", "raw", "vmdk"])]
    public string ConversionOutputFormat { get; init; } = "raw";

    [Setting("Properties that inject_image_metadata puts on imported images. Upstream: [inject_metadata_properties] inject.")]
    public IReadOnlyDictionary<string, string> InjectMetadata { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    [Setting("Roles whose imports inject_image_metadata leaves alone. Upstream: [inject_metadata_properties] ignore_user_roles.")]
    public IReadOnlyList<string> InjectIgnoresRoles { get; init; } = ["admin"];

    [Setting("Beginnings of the properties that glance-download takes over from the other image. Upstream: [glance_download_properties] extra_properties.")]
    public IReadOnlyList<string> DownloadProperties { get; init; } = ["hw_", "trait:", "os_distro", "os_secure_boot", "os_type"];

    [Setting("Schemes of addresses that web-download may read; empty: all. Upstream: [import_filtering_opts] allowed_schemes.")]
    public IReadOnlyList<string> ImportAllowedSchemes { get; init; } = ["http", "https"];

    [Setting("Schemes that it may not read; not looked at when some are allowed. Upstream: disallowed_schemes.")]
    public IReadOnlyList<string> ImportDisallowedSchemes { get; init; } = [];

    [Setting("Hosts that web-download may read; empty: all. Upstream: allowed_hosts.")]
    public IReadOnlyList<string> ImportAllowedHosts { get; init; } = [];

    [Setting("Hosts that it may not read; not looked at when some are allowed. Upstream: disallowed_hosts.")]
    public IReadOnlyList<string> ImportDisallowedHosts { get; init; } = [];

    [Setting("Ports that web-download may read; empty: all. Upstream: allowed_ports.")]
    public IReadOnlyList<int> ImportAllowedPorts { get; init; } = [80, 443];

    [Setting("Ports that it may not read; not looked at when some are allowed. Upstream: disallowed_ports.")]
    public IReadOnlyList<int> ImportDisallowedPorts { get; init; } = [];

    [Setting("Internal networks (loopback, private, link-local and the like) that web-download may read all the same. Every address of a host, also after a redirect, is looked at before it is connected to. No option of upstream's, which reads them all.", Example = "[10.1.0.0/16]")]
    public IReadOnlyList<IPNetwork> ImportInternalNetworks { get; init; } = [];

    [Setting("A web server that sends nothing for so long is given up.", Minimum = 1)]
    public TimeSpan ImportIdleLimit { get; init; } = TimeSpan.FromSeconds(60);

    [Setting("Bytes per second; a web server that sends less during import_idle_limit is given up, so that nobody can keep an import busy for ever.", Minimum = 0)]
    public long ImportLeastRate { get; init; } = 1024;

    [Setting("Hold projects to Keystone's unified limits image_size_total, image_stage_total (MiB), image_count_total, image_count_uploading. Upstream: use_keystone_limits.")]
    public bool UseKeystoneLimits { get; init; }

    [Setting("Keep copies of images whose bytes are on web servers in the state directory. Upstream: the cache middleware and image_cache_dir.")]
    public bool ImageCache { get; init; }

    [Setting("Bytes to which pruning cuts the cache. Upstream: image_cache_max_size.", Minimum = 0)]
    public long ImageCacheMaxSize { get; init; } = 10L << 30;

    [Setting("How long finished tasks are kept. Upstream: [task] task_time_to_live.", Minimum = 1)]
    public TimeSpan TaskTimeToLive { get; init; } = TimeSpan.FromHours(48);

    [Setting("Show where the bytes of images are, and let clients change it by PATCH. Upstream: show_multiple_locations; see its documentation for the risk.")]
    public bool ShowMultipleLocations { get; init; }

    public IEnumerable<(string Key, string Message)> Check()
    {
        if (Stores.Count == 0) { yield return ("stores", "at least one store is needed"); }
        foreach (var (name, kind) in Stores)
        {
            if (name.Length is 0 or > 64 || name.StartsWith(Reserved, StringComparison.Ordinal) || name.AsSpan().IndexOfAny(",/ ") >= 0) { yield return ("stores", $"'{name}' cannot be the name of a store"); }
            if (kind is not ("file" or "memory") && !kind.StartsWith("file:/", StringComparison.Ordinal)) { yield return ("stores", $"'{kind}' is no kind of store: file, file:/FOLDER, memory"); }
        }
        if (DefaultStore.Length > 0 && !Stores.ContainsKey(DefaultStore)) { yield return ("default_store", $"there is no store '{DefaultStore}'"); }
        foreach (var name in StoreDescriptions.Keys.Concat(StoreWeights.Keys).Where(n => !Stores.ContainsKey(n))) { yield return ("store_descriptions", $"there is no store '{name}'"); }
        foreach (var (name, _) in InjectMetadata)
        {
            if (name.Length is 0 or > Limits.MaxText || name.StartsWith(Reserved, StringComparison.Ordinal)) { yield return ("inject_metadata", $"'{name}' cannot be the name of a property"); }
        }
    }
}
