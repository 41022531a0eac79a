using Nephos.Kernel.Api;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Groups;

/// <summary>Groups and who is in them. Upstream: identity api-ref, "Groups".</summary>
internal static class GroupEndpoints
{
    public static void Map(ResourceGroup groups)
    {
        groups.Get("", List).PolicyOnRow("identity:list_groups", Policies.ReadGroup).Paged();
        groups.Post("", Create).PolicyOnRow("identity:create_group", Policies.WriteGroup).Answers(201);
        groups.Get("/{group_id}", Show).PolicyOnRow("identity:get_group", Policies.ReadGroup);
        groups.Patch("/{group_id}", Update).PolicyOnRow("identity:update_group", Policies.WriteGroup);
        groups.Delete("/{group_id}", Delete).PolicyOnRow("identity:delete_group", Policies.WriteGroup).Answers(204);
        groups.Get("/{group_id}/users", Members).PolicyOnRow("identity:list_users_in_group", Policies.ReadGroup).Paged();
        groups.Put("/{group_id}/users/{user_id}", Add).PolicyOnRow("identity:add_user_to_group", Policies.WriteMember).Answers(204);
        groups.Get("/{group_id}/users/{user_id}", Check).PolicyOnRow("identity:check_user_in_group", Policies.ReadMember).Answers(204);
        groups.Delete("/{group_id}/users/{user_id}", Remove).PolicyOnRow("identity:remove_user_from_group", Policies.WriteMember).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var domain = call.Context.Who.DomainId;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.group.domain_id", domain)));
        return call.Page("groups", await call.Get<GroupQueries>().ListAsync(call.Query, domain), group => GroupView.Of(group, call.V3()), group => group.Id);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateGroup>("group");
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.group.domain_id", request.DomainId)));
        return Reply.Member("group", GroupView.Of(await call.Get<GroupOperations>().CreateAsync(call.Context, request), call.V3()));
    }

    private static async Task<Reply> Show(Call call) => Reply.Member("group", GroupView.Of(await FindAsync(call), call.V3()));

    private static async Task<Reply> Update(Call call)
    {
        var seen = await FindAsync(call);
        return Reply.Member("group", GroupView.Of(await call.Get<GroupOperations>().UpdateAsync(call.Context, seen, await call.BodyAsync<UpdateGroup>("group")), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<GroupOperations>().DeleteAsync(call.Context, (await FindAsync(call)).Id);
        return Reply.Empty();
    }

    private static async Task<Reply> Members(Call call)
    {
        var group = await FindAsync(call);
        return call.Page("users", await call.Get<UserQueries>().ListInGroupAsync(call.Query, group.Id), row => UserView.Of(row, call.V3()), row => row.User.Id);
    }

    private static async Task<Reply> Add(Call call)
    {
        var (group, user) = await FindBothAsync(call);
        await call.Get<GroupOperations>().AddMemberAsync(call.Context, group, user);
        return Reply.Empty();
    }

    private static async Task<Reply> Check(Call call)
    {
        var (group, user) = await FindBothAsync(call);
        return await call.Get<GroupQueries>().HasMemberAsync(group, user) ? Reply.Empty() : throw GroupOperations.NoMember(group, user);
    }

    private static async Task<Reply> Remove(Call call)
    {
        var (group, user) = await FindBothAsync(call);
        await call.Get<GroupOperations>().RemoveMemberAsync(call.Context, group, user);
        return Reply.Empty();
    }

    private static async Task<Group> FindAsync(Call call)
    {
        var found = await call.Get<GroupQueries>().FindAsync(call.Route("group_id"));
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.group.id", found?.Id), ("target.group.domain_id", found?.DomainId)));
        return found ?? throw Faults.NotFound("group", call.Route("group_id"));
    }

    private static async Task<(string GroupId, string UserId)> FindBothAsync(Call call)
    {
        var group = await call.Get<GroupQueries>().FindAsync(call.Route("group_id"));
        var user = (await call.Get<UserQueries>().FindAsync(call.Route("user_id")))?.User;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.group.domain_id", group?.DomainId), ("target.user.domain_id", user?.DomainId)));
        return ((group ?? throw Faults.NotFound("group", call.Route("group_id"))).Id, (user ?? throw Faults.NotFound("user", call.Route("user_id"))).Id);
    }
}
