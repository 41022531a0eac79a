using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>
/// Roles of one user or group on one project, on one domain, or on the system; and those that only hold below (OS-INHERIT). Upstream: identity api-ref, "Roles", "System role assignments",
/// "OS-INHERIT". The paths are the product of actors and targets, so they are mapped in loops.
/// </summary>
internal static class GrantEndpoints
{
    private static readonly (string Plural, string Id, string Type)[] Actors = [("users", "user_id", RoleAssignment.User), ("groups", "group_id", RoleAssignment.Group)];
    private static readonly (string Plural, string Id, string Type)[] Targets = [("projects", "project_id", RoleAssignment.Project), ("domains", "domain_id", RoleAssignment.Domain)];

    public static void Map(ResourceGroup v3)
    {
        foreach (var (actors, actorId, actor) in Actors)
        {
            foreach (var (targets, targetId, target) in Targets)
            {
                var of = $"/{targets}/{{{targetId}}}/{actors}/{{{actorId}}}/roles";
                var shape = new Shape(actor, actorId, target, targetId, Inherited: false);
                v3.Get(of, call => List(call, shape)).PolicyOnRow("identity:list_grants", Policies.ListGrants).NotPaged("bounded by the number of roles");
                MapOne(v3, of + "/{role_id}", shape);
                var below = $"/OS-INHERIT{of}";
                var inherited = shape with { Inherited = true };
                v3.Get(below + "/inherited_to_projects", call => List(call, inherited)).PolicyOnRow("identity:list_grants", Policies.ListGrants).NotPaged("bounded by the number of roles");
                MapOne(v3, below + "/{role_id}/inherited_to_projects", inherited);
            }
            var system = new Shape(actor, actorId, RoleAssignment.System, null, Inherited: false);
            var path = $"/system/{actors}/{{{actorId}}}/roles";
            v3.Get(path, call => List(call, system)).PolicyOnRow($"identity:list_system_grants_for_{actor}", Policies.AdminOrSystemReader).NotPaged("bounded by the number of roles");
            v3.Get(path + "/{role_id}", call => Check(call, system)).PolicyOnRow($"identity:check_system_grant_for_{actor}", Policies.AdminOrSystemReader).Answers(204);
            v3.Put(path + "/{role_id}", call => Give(call, system)).PolicyOnRow($"identity:create_system_grant_for_{actor}", Policies.Admin).Answers(204);
            v3.Delete(path + "/{role_id}", call => Take(call, system)).PolicyOnRow($"identity:revoke_system_grant_for_{actor}", Policies.Admin).Answers(204);
        }
    }

    private static void MapOne(ResourceGroup v3, string path, Shape shape)
    {
        v3.Get(path, call => Check(call, shape)).PolicyOnRow("identity:check_grant", Policies.ReadGrant).Answers(204);
        v3.Put(path, call => Give(call, shape)).PolicyOnRow("identity:create_grant", Policies.WriteGrant).Answers(204);
        v3.Delete(path, call => Take(call, shape)).PolicyOnRow("identity:revoke_grant", Policies.WriteGrant).Answers(204);
    }

    private static async Task<Reply> List(Call call, Shape shape)
    {
        var (grant, _) = await FindAsync(call, shape);
        return call.List("roles", (await call.Get<GrantOperations>().ListAsync(grant)).ConvertAll(role => RoleView.Of(role, call.V3())));
    }

    private static async Task<Reply> Check(Call call, Shape shape)
    {
        var (grant, _) = await FindAsync(call, shape);
        return await call.Get<GrantOperations>().ExistsAsync(grant) ? Reply.Empty() : throw grant.Missing();
    }

    private static async Task<Reply> Give(Call call, Shape shape)
    {
        var (grant, role) = await FindAsync(call, shape);
        if (role!.DomainId != Role.NoDomain)
        {
            if (shape.Target == RoleAssignment.System) { throw new BadRequestError($"Role {role.Id} is a domain-specific role. Unable to use a domain-specific role in a system assignment."); }
            // On a domain, upstream takes any; it counts for what it implies.
            if (shape.Target == RoleAssignment.Project && (await call.Get<ProjectQueries>().GetAsync(grant.TargetId)).DomainId != role.DomainId) { throw new ForbiddenError($"Project {grant.TargetId} must be in the same domain as the role {role.Id} being assigned."); }
        }
        await call.Get<GrantOperations>().GiveAsync(call.Context, grant);
        return Reply.Empty();
    }

    private static async Task<Reply> Take(Call call, Shape shape)
    {
        var (grant, _) = await FindAsync(call, shape, actorMayBeGone: true);
        await call.Get<GrantOperations>().TakeAsync(call.Context, grant);
        return Reply.Empty();
    }

    /// <summary>Looks up all that the path names, asks policy about it, and only then says what is missing.</summary>
    private static async Task<(Grant Grant, Role? Role)> FindAsync(Call call, Shape shape, bool actorMayBeGone = false)
    {
        var actorId = call.Route(shape.ActorId);
        var user = shape.Actor == RoleAssignment.User ? (await call.Get<UserQueries>().FindAsync(actorId))?.User : null;
        var group = shape.Actor == RoleAssignment.Group ? await call.Get<GroupQueries>().FindAsync(actorId) : null;
        var targetId = shape.TargetId is null ? RoleAssignment.WholeSystem : call.Route(shape.TargetId);
        var target = shape.TargetId is null ? null : (await call.Get<ProjectQueries>().FindAsync(targetId, shape.Target == RoleAssignment.Domain ? true : null))?.Project;
        var roleId = call.HasRoute("role_id") ? call.Route("role_id") : "";
        var role = roleId.Length == 0 ? null : await call.Get<RoleOperations>().FindAsync(roleId);
        var about = Target.Of(("target.user.domain_id", user?.DomainId), ("target.group.domain_id", group?.DomainId), ("target.role.name", role?.Name),
            (shape.Target == RoleAssignment.Domain ? "target.domain.id" : "target.project.domain_id", shape.Target == RoleAssignment.Domain ? target?.Id : target?.DomainId));
        if (role is not null) { about["target.role.domain_id"] = role.DomainId == Role.NoDomain ? null : role.DomainId; }
        call.Enforce(call.Endpoint.PolicyName!, about);
        if (roleId.Length > 0 && role is null) { throw Faults.NotFound("role", roleId); }
        if (user is null && group is null && !actorMayBeGone) { throw Faults.NotFound(shape.Actor, actorId); }
        if (shape.TargetId is not null && target is null) { throw Faults.NotFound(shape.Target, targetId); }
        return (new Grant(shape.Actor, actorId, shape.Target, targetId, roleId, shape.Inherited), role);
    }

    /// <param name="ActorId">The path's segment that names the actor.</param>
    /// <param name="TargetId">The path's segment that names the target; null for the system.</param>
    private sealed record Shape(string Actor, string ActorId, string Target, string? TargetId, bool Inherited);
}
