using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.QuotaSets;

/// <summary>Limits that both quota calls set (<c>schemas/quota_sets.py</c>, _quota_resources). -1 is no limit.</summary>
internal abstract record QuotaValues
{
    [Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? Instances { get; init; }
    [Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? Cores { get; init; }
    [Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? Ram { get; init; }
    [Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? MetadataItems { get; init; }
    [Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? KeyPairs { get; init; }
    [Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? ServerGroups { get; init; }
    [Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? ServerGroupMembers { get; init; }
    [Until("2.56"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? InjectedFiles { get; init; }
    [Until("2.56"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? InjectedFileContentBytes { get; init; }
    [Until("2.56"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? InjectedFilePathBytes { get; init; }

    protected abstract IEnumerable<(string Resource, int? Limit)> OfNetwork { get; }

    /// <summary>Those that were given.</summary>
    public Dictionary<string, long> Given() => new (string Resource, int? Limit)[]
    {
        ("instances", Instances), ("cores", Cores), ("ram", Ram), ("metadata_items", MetadataItems), ("key_pairs", KeyPairs), ("server_groups", ServerGroups),
        ("server_group_members", ServerGroupMembers), ("injected_files", InjectedFiles), ("injected_file_content_bytes", InjectedFileContentBytes),
        ("injected_file_path_bytes", InjectedFilePathBytes),
    }.Concat(OfNetwork).Where(v => v.Limit is not null).ToDictionary(v => v.Resource, v => (long)v.Limit!.Value, StringComparer.Ordinal);
}

/// <summary><c>PUT /os-quota-sets/{project_id}</c>.</summary>
internal sealed record QuotaSetBody : QuotaValues
{
    [LooseBoolean] public bool? Force { get; init; }
    [Until("2.35"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? FixedIps { get; init; }
    [Until("2.35"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? FloatingIps { get; init; }
    [Until("2.35"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? SecurityGroups { get; init; }
    [Until("2.35"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? SecurityGroupRules { get; init; }

    protected override IEnumerable<(string Resource, int? Limit)> OfNetwork =>
        [("fixed_ips", FixedIps), ("floating_ips", FloatingIps), ("security_groups", SecurityGroups), ("security_group_rules", SecurityGroupRules)];
}

/// <summary><c>PUT /os-quota-class-sets/{id}</c>.</summary>
internal sealed record QuotaClassBody : QuotaValues
{
    [Until("2.49"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? FixedIps { get; init; }
    [Until("2.49"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? FloatingIps { get; init; }
    [Until("2.49"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? SecurityGroups { get; init; }
    [Until("2.49"), Number(Min = -1, Max = NovaLimits.MaxInt, AllowText = true)] public int? SecurityGroupRules { get; init; }

    protected override IEnumerable<(string Resource, int? Limit)> OfNetwork =>
        [("fixed_ips", FixedIps), ("floating_ips", FloatingIps), ("security_groups", SecurityGroups), ("security_group_rules", SecurityGroupRules)];
}

/// <summary>Which limits a version shows.</summary>
internal static class QuotaNames
{
    private static readonly string[] Always = ["instances", "cores", "ram", "metadata_items", "key_pairs"];
    private static readonly string[] OfGroups = ["server_groups", "server_group_members"];
    private static readonly string[] OfFiles = ["injected_files", "injected_file_content_bytes", "injected_file_path_bytes"];
    /// <summary>Counted by Neutron; here they are kept and shown, and limit nothing, as upstream since its own networking went.</summary>
    private static readonly string[] OfNetwork = ["fixed_ips", "floating_ips", "security_groups", "security_group_rules"];

    public static IEnumerable<string> OfSet(ApiVersion version) =>
        [.. Always, .. OfGroups, .. version < Microversions.V2_57 ? OfFiles : [], .. version < Microversions.V2_36 ? OfNetwork : []];

    public static IEnumerable<string> OfClass(ApiVersion version) =>
        [.. Always, .. version >= Microversions.V2_50 ? OfGroups : [], .. version < Microversions.V2_57 ? OfFiles : [], .. version < Microversions.V2_50 ? OfNetwork : []];
}
