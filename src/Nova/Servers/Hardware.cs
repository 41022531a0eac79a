namespace Nephos.Nova.Servers;

/// <summary>Image properties that shape a guest (<c>nova/objects/image_meta.py</c>, ImageMetaProps): they go to the node and are shown with the server since 2.98.</summary>
internal static class Hardware
{
    private static readonly string[] Prefixes = ["hw_", "img_", "os_", "hypervisor_", "vmware_", "traits_required", "hw:", "trait:"];

    public static bool IsKnown(string property) => Prefixes.Any(p => property.StartsWith(p, StringComparison.Ordinal)) && property is not "os_hidden" and not "os_hash_value" and not "os_hash_algo";

    public static Dictionary<string, string> Of(IReadOnlyDictionary<string, string> properties) => properties.Where(p => IsKnown(p.Key)).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
}
