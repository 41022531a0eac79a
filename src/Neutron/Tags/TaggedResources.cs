using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Policy;
using Nephos.Neutron.FloatingIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Routers;
using Nephos.Neutron.SecurityGroups;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.Tags;

/// <summary>A kind of resource that has labels.</summary>
/// <param name="Path">As in the address: <c>security-groups</c>.</param>
/// <param name="Singular">As in rules: <c>security_group</c>.</param>
/// <param name="Target">What rules about the resource may name; null when the caller cannot see it.</param>
/// <param name="Touch">Counts the change in the resource's revision.</param>
internal sealed record TaggedResource(
    string Path, string Singular, string GetRule, string ChangeRule, string DeleteRule,
    Func<NeutronDb, RequestContext, string, Task<IReadOnlyDictionary<string, object?>?>> Target,
    Func<NeutronDb, RequestContext, string, Task> Touch);

/// <summary>All kinds with labels. A new one goes here; its tag calls follow by themselves.</summary>
internal static class TaggedResources
{
    public static readonly IReadOnlyList<TaggedResource> All =
    [
        new("networks", "network", Rules.ProjectReader + " or rule:shared or rule:external or rule:context_is_advsvc", Rules.ProjectMember, Rules.ProjectMember, Seen(NetworkView.Scope, NetworkView.LoadAsync), Touch<Network>),
        new("subnets", "subnet", SubnetTable.TagsRule, SubnetTable.UpdateRule, SubnetTable.UpdateRule, Seen(SubnetView.Scope, SubnetView.LoadAsync), Touch<Subnet>),
        new("ports", "port", PortTable.TagsGetRule, Rules.ProjectMember + " or rule:context_is_advsvc", PortTable.TagsDeleteRule, Seen(PortView.Scope, PortView.LoadAsync), Touch<Port>),
        new("routers", "router", Rules.ProjectReader, Rules.ProjectMember, Rules.ProjectMember, Seen(RouterView.Scope, RouterView.LoadAsync), Touch<Router>),
        new("floatingips", "floatingip", Rules.ProjectReader, Rules.ProjectMember, Rules.ProjectMember, Seen(FloatingIpView.Scope, FloatingIpView.LoadAsync), Touch<FloatingIp>),
        new("security-groups", "security_group", SecurityGroupEndpoints.Visible, Rules.ProjectMember, Rules.ProjectMember, Seen(SecurityGroupView.Scope, SecurityGroupView.LoadAsync), Touch<SecurityGroup>),
    ];

    private static Func<NeutronDb, RequestContext, string, Task<IReadOnlyDictionary<string, object?>?>> Seen<TRow, TView>(
        Func<NeutronDb, RequestContext, IQueryable<TRow>> scope, Func<NeutronDb, IReadOnlyList<TRow>, Task<IReadOnlyList<TView>>> load)
        where TRow : StandardRow where TView : Attributes.IView<TRow> => async (db, context, id) =>
    {
        var row = await scope(db, context).FirstOrDefaultAsync(r => r.Id == id).ConfigureAwait(false);
        return row is null ? null : (await load(db, [row]).ConfigureAwait(false))[0].Target;
    };

    private static Task Touch<TRow>(NeutronDb db, RequestContext context, string id) where TRow : StandardRow
    {
        var now = context.Now;
        return db.Set<TRow>().Where(r => r.Id == id).ExecuteUpdateAsync(u => u.SetProperty(r => r.Revision, r => r.Revision + 1).SetProperty(r => r.UpdatedAt, now));
    }
}
