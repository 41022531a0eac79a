using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;

namespace Nephos.Glance.Images;

/// <summary>
/// Upstream's rules (glance/policies/base.py, image.py). Two things decide: who may see an image at all (<see cref="CanSee"/>, the database's part
/// upstream), and what the rules let him do with one that he sees.
/// </summary>
internal static class ImagePolicy
{
    public const string Admin = "rule:context_is_admin";
    public const string Member = Admin + " or (role:member and project_id:%(project_id)s)";
    public const string Reader = Admin + " or (role:reader and project_id:%(project_id)s)";
    public const string CreateImage = Admin + " or (role:member and project_id:%(project_id)s and project_id:%(owner)s)";
    public const string GetImage = Admin + " or (role:reader and (" + Seen + "))";
    public const string Download = Admin + " or (role:member and (" + Seen + "))";
    public const string ReaderOrMember = Admin + " or role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)";
    public const string SharedMember = Admin + " or (role:member and project_id:%(member_id)s)";
    private const string Seen = "project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s";

    /// <summary>Rules that the others name; they are for no kind of scope in particular.</summary>
    private static readonly IReadOnlyDictionary<string, string> Named = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["default"] = "",
        ["context_is_admin"] = "role:admin",
        ["service_api"] = "role:service or role:admin",
        ["metadef_default"] = "",
        ["metadef_admin"] = "rule:context_is_admin",
    };

    public static PolicyScopes ScopesOf(string rule) => Named.ContainsKey(rule) ? PolicyScopes.Any : PolicyScopes.Project;

    /// <summary>Rules that are enforced inside an operation, beside its endpoint's own.</summary>
    public static void Declare(ServiceApi api)
    {
        foreach (var (name, rule) in Named) { api.Declare(name, rule); }
        api.Declare("publicize_image", Admin);
        api.Declare("communitize_image", Member);
        api.Declare("set_image_location", Member);
        api.Declare("delete_image_location", Admin);
        api.Declare("get_image", GetImage);
        api.Declare("modify_image", Member);
        api.Declare("get_image_location", Reader);
        api.Declare("copy_image", Admin);
        api.Declare("download_from_store", Download);
        api.Declare("manage_image_cache", Admin);
    }

    /// <param name="isMember">The image is offered to the caller's project.</param>
    public static bool CanSee(RequestContext context, Image image, bool isMember) =>
        context.IsAdmin || image.Owner is null || image.Visibility is ImageVisibility.Public or ImageVisibility.Community
        || (context.Who.ProjectId is { } project && (project == image.Owner || (image.Visibility == ImageVisibility.Shared && isMember)));

    public static Dictionary<string, object?> Target(Image image, string? memberId) => Target(image.Owner, image.Visibility, memberId);

    public static Dictionary<string, object?> Target(string? owner, string visibility, string? memberId = null) => new(StringComparer.Ordinal)
    {
        ["project_id"] = owner,
        ["owner"] = owner,
        ["visibility"] = visibility,
        ["member_id"] = memberId ?? "",
    };

    /// <summary>Throws the rule's 403 for an image that the caller sees.</summary>
    public static void Enforce(Call call, string rule, SeenImage image) => call.Enforce(rule, Target(image.Image.Row, image.IsMember ? call.Context.Who.ProjectId : null));

    /// <summary>May an image be made, or made visible, this way?</summary>
    public static void EnforceVisibility(Call call, string? visibility, IReadOnlyDictionary<string, object?> target)
    {
        if (visibility == ImageVisibility.Public) { call.Enforce("publicize_image", target); }
        if (visibility == ImageVisibility.Community) { call.Enforce("communitize_image", target); }
    }

    public static void EnforceCreate(Call call, string? owner, string visibility)
    {
        var target = Target(owner, visibility);
        if (!call.Allows("add_image", target))
        {
            throw owner == call.Context.Who.ProjectId ? call.Endpoint.Api.Errors.Denied("add_image") : new ForbiddenError($"You are not permitted to create images owned by '{owner}'");
        }
        EnforceVisibility(call, visibility, target);
    }
}

/// <summary>An image that the caller may see.</summary>
/// <param name="IsMember">The image is offered to the caller's project.</param>
internal sealed record SeenImage(FullImage Image, bool IsMember);
