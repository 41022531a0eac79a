using Nephos.Kernel.Errors;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>Who has a role on what, as the path of a call says it; <see cref="RoleId"/> is empty where all roles are meant.</summary>
internal sealed record Grant(string ActorType, string ActorId, string TargetType, string TargetId, string RoleId, bool Inherited)
{
    public RoleAssignment ToRow() => new() { ActorType = ActorType, ActorId = ActorId, TargetType = TargetType, TargetId = TargetId, RoleId = RoleId, Inherited = Inherited };

    public IQueryable<RoleAssignment> Among(IQueryable<RoleAssignment> rows)
    {
        var (actorType, actor, targetType, target, inherited) = (ActorType, ActorId, TargetType, TargetId, Inherited);
        rows = rows.Where(a => a.ActorId == actor && a.ActorType == actorType && a.TargetId == target && a.TargetType == targetType && a.Inherited == inherited);
        var role = RoleId;
        return role.Length == 0 ? rows : rows.Where(a => a.RoleId == role);
    }

    public NotFoundError Missing() => new($"Could not find role assignment with role: {RoleId}, user or group: {ActorId}, project, domain, or system: {TargetId}.");
}
