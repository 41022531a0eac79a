using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Projects;

/// <summary>A project with its tags, as it is read.</summary>
internal sealed record ProjectWithTags(Project Project, IReadOnlyList<string> Tags);

/// <summary>A project as clients see it.</summary>
public sealed record ProjectView(string Id, string Name, string? DomainId, string Description, bool Enabled, string? ParentId, bool IsDomain, IReadOnlyList<string> Tags, Dictionary<string, JsonElement> Options, SelfLink Links)
{
    [OmitNull] public JsonNode? Parents { get; init; }
    [OmitNull] public JsonNode? Subtree { get; init; }
    /// <summary>Only in lists of parents and subtrees, when <c>include_limits</c> asks for them.</summary>
    [OmitNull] public IReadOnlyList<ProjectLimitView>? Limits { get; init; }
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static ProjectView Of(ProjectWithTags row, string v3) => new(row.Project.Id, row.Project.Name, row.Project.IsDomain ? null : row.Project.DomainId, row.Project.Description, row.Project.Enabled,
        row.Project.ParentId, row.Project.IsDomain, row.Tags, Keystone.Extra.Read(row.Project.Options), new SelfLink($"{v3}/projects/{row.Project.Id}")) { Extra = Keystone.Extra.Read(row.Project.Extra) };
}

/// <summary>A limit as it is shown with its project.</summary>
public sealed record ProjectLimitView(string Id, string? ProjectId, string? DomainId, string ServiceId, string? RegionId, string ResourceName, int ResourceLimit, string? Description);

/// <summary>A domain as clients see it.</summary>
public sealed record DomainView(string Id, string Name, string Description, bool Enabled, IReadOnlyList<string> Tags, Dictionary<string, JsonElement> Options, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static DomainView Of(ProjectWithTags row, string v3) => new(row.Project.Id, row.Project.Name, row.Project.Description, row.Project.Enabled, row.Tags,
        Keystone.Extra.Read(row.Project.Options), new SelfLink($"{v3}/domains/{row.Project.Id}")) { Extra = Keystone.Extra.Read(row.Project.Extra) };
}
