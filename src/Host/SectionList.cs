using Nephos.Glance;
using Nephos.Kernel.Configuration;
using Nephos.Keystone;

namespace Nephos.Host;

/// <summary>All sections of the configuration file, in the order of the documents. A new section goes here; docs/configuration.md follows by itself (see there).</summary>
public static class SectionList
{
    public static readonly IReadOnlyList<ConfigSection> All =
    [
        NephosSettings.Section,
        KeystoneSettings.Section,
        GlanceSettings.Section,
    ];
}
