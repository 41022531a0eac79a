using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.SecurityGroups;

/// <summary>
/// Security groups (api-ref compute, "Security groups", deprecated): Neutron's, as Nova offered them until 2.35. Old clients still ask here, and the command
/// line does so to add a group to a server.
/// <list type="bullet">
/// <item>Of the rules only those for what comes in are shown and made.</item>
/// <item>Neutron's 409 is 403 at a create (upstream takes it for a limit) and 400 at a delete (<c>nova/network/security_group_api.py</c>).</item>
/// <item>Its 409 of an update (nobody renames the default group) stays 409, where upstream answers 500.</item>
/// </list>
/// </summary>
internal static class SecurityGroupEndpoints
{
    /// <summary>Nova's calls that stand for other services' end with this microversion (<c>MAX_PROXY_API_SUPPORT_VERSION</c>).</summary>
    public const string LastVersion = "2.35";
    public const string Root = "os_compute_api:os-security-groups:";

    public static void Map(ResourceGroup groups)
    {
        groups.Get("", List).Policy(Root + "get", Rules.ProjectReader).Until(LastVersion).Paged();
        groups.Post("", Create).Policy(Root + "create", Rules.ProjectMember).Until(LastVersion);
        groups.Get("/{id}", Show).Policy(Root + "show", Rules.ProjectReader).Until(LastVersion);
        groups.Put("/{id}", Update).Policy(Root + "update", Rules.ProjectMember).Until(LastVersion);
        groups.Delete("/{id}", Delete).Policy(Root + "delete", Rules.ProjectMember).Until(LastVersion).Answers(202);
    }

    private static async Task<Reply> List(Call call)
    {
        // A limit of zero is none.
        var limit = call.Number("limit") is > 0 and var asked ? Math.Min(asked, NovaLimits.MaxPage) : NovaLimits.MaxPage;
        // From others than admins the parameter is taken and does nothing.
        var project = call.Query.Has("all_tenants") && call.Context.IsAdmin ? null : call.Context.Who.ProjectId ?? "";
        return Reply.Member("security_groups", SecurityGroupView.Of(await call.Get<ISecurityGroupCalls>().ListAsync(call.Context, project, call.Number("offset"), limit, call.Cancel)));
    }

    private static async Task<Reply> Create(Call call)
    {
        var wanted = (await call.BodyAsync<GroupBody>(null)).SecurityGroup;
        return Shown(await Refusals.ConflictAs(403, call.Get<ISecurityGroupCalls>().CreateAsync(call.Context, wanted.Name, wanted.Description, call.Cancel)));
    }

    private static async Task<Reply> Show(Call call) => Shown(await call.Get<ISecurityGroupCalls>().GetAsync(call.Context, call.Uuid(), call.Cancel));

    private static async Task<Reply> Update(Call call)
    {
        var wanted = (await call.BodyAsync<GroupBody>(null)).SecurityGroup;
        return Shown(await call.Get<ISecurityGroupCalls>().UpdateAsync(call.Context, call.Uuid(), wanted.Name, wanted.Description, call.Cancel));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await Refusals.ConflictAs(400, call.Get<ISecurityGroupCalls>().DeleteAsync(call.Context, call.Uuid(), call.Cancel));
        return Reply.Empty();
    }

    /// <summary>The id in the path, or 400: upstream's names of the time before Neutron were numbers.</summary>
    internal static string Uuid(this Call call) => call.Route("id") is var id && NewId.IsUuidLike(id) ? id : throw new BadRequestError("Security group id should be uuid");

    private static Reply Shown(SecurityGroupWithRules group) => Reply.Member("security_group", SecurityGroupView.Of(group));

    /// <summary><c>POST</c> and <c>PUT</c> (<c>schemas/security_groups.py</c>).</summary>
    [AllowsUnknown]
    private sealed record GroupBody
    {
        [RequiredField] public required GroupWanted SecurityGroup { get; init; }
    }

    [AllowsUnknown]
    private sealed record GroupWanted
    {
        [RequiredField, Text(Max = NovaLimits.Name)] public required string Name { get; init; }
        [RequiredField, Text(Max = NovaLimits.Name)] public required string Description { get; init; }
    }
}

/// <summary>What Neutron's refusals become in the calls that stand for it: the words stay.</summary>
internal static class Refusals
{
    public static async Task<T> ConflictAs<T>(int status, Task<T> asked)
    {
        try { return await asked; }
        catch (ApiError refused) when (refused.Status == 409) { throw new ApiError(status, refused.Message, refused.Type, refused); }
    }

    public static async Task ConflictAs(int status, Task asked)
    {
        try { await asked; }
        catch (ApiError refused) when (refused.Status == 409) { throw new ApiError(status, refused.Message, refused.Type, refused); }
    }
}
