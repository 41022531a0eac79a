using Nephos.Kernel.Api;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Projects;
using Nephos.Keystone.RoleAssignments;

namespace Nephos.Keystone.Users;

/// <summary>Users. Upstream: identity api-ref, "Users". Who may not see a user gets 403, whether there is one or not.</summary>
internal static class UserEndpoints
{
    public static void Map(ResourceGroup users)
    {
        users.Get("", List).PolicyOnRow("identity:list_users", Policies.ListInDomain).Paged();
        users.Post("", Create).PolicyOnRow("identity:create_user", Policies.WriteUser).Answers(201);
        users.Get("/{user_id}", Show).PolicyOnRow("identity:get_user", Policies.ReadUser);
        users.Patch("/{user_id}", Update).PolicyOnRow("identity:update_user", Policies.WriteUser);
        users.Delete("/{user_id}", Delete).PolicyOnRow("identity:delete_user", Policies.WriteUser).Answers(204);
        users.Post("/{user_id}/password", ChangePassword).Public("the old password says who it is").Body(114_688).Answers(204);
        users.Get("/{user_id}/groups", Groups).PolicyOnRow("identity:list_groups_for_user", Policies.UserGroups).Paged();
        users.Get("/{user_id}/projects", Projects).PolicyOnRow("identity:list_user_projects", Policies.UserProjects).NotPaged("upstream does not; bounded by the user's assignments");
    }

    private static async Task<Reply> List(Call call)
    {
        var domain = call.Context.Who.DomainId;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.domain_id", domain)));
        return call.Page("users", await call.Get<UserQueries>().ListAsync(call.Query, domain), row => UserView.Of(row, call.V3()), row => row.User.Id);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateUser>("user");
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.user.domain_id", request.DomainId)));
        return Reply.Member("user", UserView.Of(await call.Get<UserOperations>().CreateAsync(call.Context, request), call.V3()));
    }

    private static async Task<Reply> Show(Call call) => Reply.Member("user", UserView.Of(await FindAsync(call), call.V3()));

    private static async Task<Reply> Update(Call call)
    {
        var seen = await FindAsync(call);
        var request = await call.BodyAsync<UpdateUser>("user");
        return Reply.Member("user", UserView.Of(await call.Get<UserOperations>().UpdateAsync(call.Context, seen.User, request), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<UserOperations>().DeleteAsync(call.Context, (await FindAsync(call)).User.Id);
        return Reply.Empty();
    }

    private static async Task<Reply> ChangePassword(Call call)
    {
        await call.Get<PasswordChange>().ByUserAsync(call.Context, call.Route("user_id"), await call.BodyAsync<ChangePassword>("user"), call.Cancel);
        return Reply.Empty();
    }

    private static async Task<Reply> Groups(Call call)
    {
        var user = await FindAsync(call);
        return call.Page("groups", await call.Get<GroupQueries>().ListOfUserAsync(call.Query, user.User.Id), row => GroupView.Of(row, call.V3()), row => row.Group.Id);
    }

    private static async Task<Reply> Projects(Call call)
    {
        var user = await FindAsync(call);
        var rows = (await call.Get<RoleAssignmentQueries>().ProjectsOfAsync(user.User.Id)).AsQueryable()
            .Text(call.Query, "name", p => p.Name).Text(call.Query, "domain_id", p => p.DomainId).Flag(call.Query, "enabled", p => p.Enabled).ToList();
        return call.List("projects", await call.Get<RoleAssignmentQueries>().ViewsAsync(rows, call.V3()));
    }

    private static async Task<UserRow> FindAsync(Call call)
    {
        var found = await call.Get<UserQueries>().FindAsync(call.Route("user_id"));
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.user.id", found?.User.Id), ("target.user.domain_id", found?.User.DomainId), ("user_id", call.Route("user_id"))));
        return found ?? throw Faults.NotFound("user", call.Route("user_id"));
    }
}
