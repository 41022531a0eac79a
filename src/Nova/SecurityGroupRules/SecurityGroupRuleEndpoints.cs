using System.Text.Json;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.SecurityGroups;

namespace Nephos.Nova.SecurityGroupRules;

/// <summary>Rules of security groups (api-ref compute, "Rules for security group", deprecated): for what comes in only. See <see cref="SecurityGroupEndpoints"/>.</summary>
internal static class SecurityGroupRuleEndpoints
{
    public static void Map(ResourceGroup rules)
    {
        rules.Post("", Create).Policy(SecurityGroupEndpoints.Root + "rule:create", Rules.ProjectMember).Until(SecurityGroupEndpoints.LastVersion);
        rules.Delete("/{id}", Delete).Policy(SecurityGroupEndpoints.Root + "rule:delete", Rules.ProjectMember).Until(SecurityGroupEndpoints.LastVersion).Answers(202);
    }

    private static async Task<Reply> Create(Call call)
    {
        var wanted = (await call.BodyAsync<RuleBody>(null)).SecurityGroupRule;
        var groups = call.Get<ISecurityGroupCalls>();
        var parent = await groups.GetAsync(call.Context, wanted.ParentGroupId, call.Cancel);
        if (wanted.GroupId is { } source) { await groups.GetAsync(call.Context, source, call.Cancel); }
        var rule = RuleRequest.Read(wanted.GroupId, wanted.IpProtocol, wanted.FromPort, wanted.ToPort, wanted.Cidr);
        if (parent.Rules.Any(rule.IsSame)) { throw new BadRequestError($"This rule already exists in group {parent.Group.Id}"); }
        var made = await Refusals.ConflictAs(403, groups.CreateRuleAsync(call.Context, rule.In(parent.Group.Id), call.Cancel));
        return Reply.Member("security_group_rule", RuleView.Of(made));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<ISecurityGroupCalls>().DeleteRuleAsync(call.Context, call.Uuid(), call.Cancel);
        return Reply.Empty();
    }

    /// <summary><c>POST</c> (<c>schemas/security_groups.py</c>), which leaves the last four to the code.</summary>
    [AllowsUnknown]
    private sealed record RuleBody
    {
        [RequiredField] public required RuleWanted SecurityGroupRule { get; init; }
    }

    [AllowsUnknown]
    private sealed record RuleWanted
    {
        [RequiredField, Text(Format = "uuid")] public required string ParentGroupId { get; init; }
        [NullableField, Text(Format = "uuid")] public string? GroupId { get; init; }
        public JsonElement ToPort { get; init; }
        public JsonElement FromPort { get; init; }
        public JsonElement IpProtocol { get; init; }
        public JsonElement Cidr { get; init; }
    }
}
