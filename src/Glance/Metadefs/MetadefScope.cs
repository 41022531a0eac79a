using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Images;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;

namespace Nephos.Glance.Metadefs;

/// <summary>Who sees a namespace and what he may do with what is in it (upstream's glance/policies/metadef.py). What a caller does not see is not there: 404, never 403.</summary>
internal static class MetadefScope
{
    public const string Admin = "rule:metadef_admin";
    public const string Reader = ImagePolicy.Reader;
    public const string Seen = ImagePolicy.Admin + " or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))";

    /// <summary>Rules beside those of the endpoints.</summary>
    public static void Declare(ServiceApi api)
    {
        api.Declare("get_metadef_resource_type", Seen);
    }

    public static bool CanSee(RequestContext context, MetadefNamespace row) =>
        context.IsAdmin || row.Owner is null || row.Visibility == "public" || (context.Who.ProjectId is { } project && project == row.Owner);

    /// <summary>The namespace of the path, when the caller sees it and the rules let him; else 404 in the words of the call, or 403.</summary>
    /// <param name="missing">How this call says that there is none.</param>
    public static async Task<MetadefNamespace> FindAsync(Call call, Func<string, string> missing, params string[] more)
    {
        var name = call.Route("namespace_name");
        var row = await call.Get<Store<GlanceDb>>().ReadAsync(db => db.MetadefNamespaces.FirstOrDefaultAsync(n => n.Namespace == name, call.Cancel), call.Cancel).ConfigureAwait(false);
        if (row is null || !CanSee(call.Context, row)) { throw new NotFoundError(missing(name)); }
        foreach (var rule in more.Prepend(call.Endpoint.PolicyName!)) { Enforce(call, rule, row); }
        return row;
    }

    /// <summary>Says "Namespace x not found", as most calls do.</summary>
    public static string Short(string name) => $"Namespace {name} not found";

    /// <summary>Says it as the database does upstream.</summary>
    public static string Long(string name) => $"Metadata definition namespace={name} was not found.";

    public static bool Allows(Call call, string rule, MetadefNamespace row) => call.Allows(rule, Target(row));

    /// <summary>403, or 404 to whom the namespace itself is hidden.</summary>
    public static void Enforce(Call call, string rule, MetadefNamespace row)
    {
        if (Allows(call, rule, row)) { return; }
        throw rule == "get_metadef_namespace" || !Allows(call, "get_metadef_namespace", row) ? new NotFoundError("The resource could not be found.") : call.Endpoint.Api.Errors.Denied(rule);
    }

    private static Dictionary<string, object?> Target(MetadefNamespace row) => new(StringComparer.Ordinal) { ["project_id"] = row.Owner, ["visibility"] = row.Visibility };
}
