using System.Text.RegularExpressions;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Versions;

namespace Nephos.Placement;

/// <summary>
/// Placement's microversions, one sentence each. A new one is also a window on the members or endpoints it brings, and a test of both sides of it.
/// </summary>
internal static partial class Microversions
{
    public static readonly VersionScheme Scheme = new("placement", null, new ApiVersion(1, 0), new ApiVersion(1, 39), new ApiVersion(1, 0))
    {
        Vary = "openstack-api-version",
        // The words of upstream's version library, for which 0.5 is a version that is not here rather than none.
        Malformed = asked => Digits().IsMatch(asked) ? Unacceptable(asked) : new BadRequestError($"invalid version string: {asked}"),
        Unacceptable = Unacceptable,
    };

    private static ApiError Unacceptable(string asked) => new(406, $"Unacceptable version header: {asked}", PlacementErrors.UnacceptableVersion);

    [GeneratedRegex(@"^\d+\.\d+$")]
    private static partial Regex Digits();

    public static readonly IReadOnlyList<(string Version, string Change)> All =
    [
        ("1.0", "Resource providers, inventories, usages, allocations."),
        ("1.1", "Aggregates of a provider."),
        ("1.2", "Resource classes of one's own."),
        ("1.3", "List providers by member_of."),
        ("1.4", "List providers by resources."),
        ("1.5", "Delete all inventories of a provider."),
        ("1.6", "Traits."),
        ("1.7", "PUT of a resource class has no body and may find it there."),
        ("1.8", "PUT of allocations names project and user."),
        ("1.9", "Usages of a project."),
        ("1.10", "Allocation candidates."),
        ("1.11", "Link to a provider's allocations."),
        ("1.12", "Allocations are objects by provider, in and out."),
        ("1.13", "POST of allocations of several consumers."),
        ("1.14", "Providers form trees."),
        ("1.15", "Headers Last-Modified and Cache-Control."),
        ("1.16", "Limit on allocation candidates."),
        ("1.17", "Candidates by required traits; summaries show traits."),
        ("1.18", "List providers by required traits."),
        ("1.19", "Generation in the aggregates of a provider."),
        ("1.20", "POST of a provider answers it."),
        ("1.21", "Candidates by member_of."),
        ("1.22", "Forbidden traits."),
        ("1.23", "Codes in errors."),
        ("1.24", "Several member_of when listing providers."),
        ("1.25", "Numbered groups of resources in candidates."),
        ("1.26", "Reserved may equal total."),
        ("1.27", "Summaries show all resource classes."),
        ("1.28", "Generation of consumers."),
        ("1.29", "Candidates out of trees."),
        ("1.30", "Reshaper."),
        ("1.31", "Candidates by in_tree."),
        ("1.32", "Forbidden aggregates."),
        ("1.33", "Named groups of resources."),
        ("1.34", "Mappings of groups to providers in candidates."),
        ("1.35", "root_required in candidates."),
        ("1.36", "same_subtree in candidates."),
        ("1.37", "A provider may change or lose its parent."),
        ("1.38", "Types of consumers."),
        ("1.39", "Any of several traits."),
    ];
}
