using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Trusts;

namespace Nephos.Keystone.Tokens;

/// <summary>What a token is for: one of a project, a domain, the system, or nothing; a trust comes with its project.</summary>
internal sealed record Scope(string? ProjectId = null, string? DomainId = null, string? System = null, string? TrustId = null)
{
    /// <summary>Of the trust: its tokens do not outlive it.</summary>
    public DateTime? EndsAt { get; init; }
}

/// <summary>From the scope that a login asks for to the rows that it names. Upstream: <c>AuthInfo</c> in <c>keystone/auth/core.py</c>. What is not there or disabled is 401.</summary>
internal sealed class ScopeFinder(Store<KeystoneDb> store, TokenCache cache, KeystoneErrors errors)
{
    private const string Kinds = "system, project, domain, OS-TRUST:trust or unscoped";

    /// <summary>Null when no scope was asked for; 400 when it makes no sense.</summary>
    public AuthScope? Read(AuthRequest request)
    {
        if (request.Scope is not { } json || json.ValueKind == JsonValueKind.Null) { return null; }
        if (json.ValueKind == JsonValueKind.String)
        {
            if (json.GetString() == "unscoped") { return new AuthScope { Unscoped = json }; }
            throw Faults.Expecting(Kinds, "scope");
        }
        var faults = new List<WireFault>();
        var scope = WireJson.Read<AuthScope>(json, ApiVersion.None, ["scope"], faults) ?? throw errors.Invalid(faults);
        var named = new object?[] { scope.Project, scope.Domain, scope.System, scope.Unscoped, scope.Trust }.Count(s => s is not null);
        if (named != 1) { throw Faults.Expecting(Kinds, "scope"); }
        foreach (var (name, path) in new[] { (scope.Project, "scope/project"), (scope.Project?.Domain, "scope/project/domain"), (scope.Domain, "scope/domain") })
        {
            if (name is { Id: null, Name: null }) { throw new BadRequestError($"Invalid input for field {path}: id or name must be present."); }
        }
        if (scope.Project is { Name: not null, Id: null, Domain: null }) { throw Faults.Expecting("domain", "project"); }
        if (scope.Trust is { Id: null or "" }) { throw Faults.Expecting("trust_id", "trust"); }
        return scope;
    }

    public Task<Scope> FindAsync(AuthScope wanted, string userId, DateTime now, CancellationToken cancel) => store.Exclusive && wanted.Project is { Id: { } id, Name: null } && cache.Knows(userId, id)
        ? Task.FromResult(new Scope(ProjectId: id)) // a token of theirs for it is alive
        : ReadAsync(wanted, userId, now, cancel);

    private Task<Scope> ReadAsync(AuthScope wanted, string userId, DateTime now, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        if (wanted.Trust is { } given)
        {
            var trust = await TrustOperations.AliveAsync(db, given.Id!, now) ?? throw Faults.Unauthorized();
            await TrustChain.EnsureHoldsAsync(db, trust, now);
            return trust.TrusteeUserId == userId ? new Scope(ProjectId: trust.ProjectId, TrustId: trust.Id) { EndsAt = trust.ExpiresAt } : throw Faults.Forbidden();
        }
        if (wanted.Unscoped is not null) { return new Scope(); }
        if (wanted.System is not null) { return new Scope(System: "all"); }
        if (wanted.Domain is { } domain)
        {
            return new Scope(DomainId: await db.Projects.Where(p => p.IsDomain && (domain.Name != null ? p.Name == domain.Name : p.Id == domain.Id)).Select(p => p.Id).FirstOrDefaultAsync() ?? throw Faults.Unauthorized());
        }
        if (wanted.Project is not { } project) { throw Faults.Unauthorized(); }
        var rows = project is { Name: { } name, Domain: { } of }
            ? db.Projects.Where(p => p.Name == name && !p.IsDomain && (of.Name != null ? db.Projects.Any(d => d.Id == p.DomainId && d.IsDomain && d.Name == of.Name) : p.DomainId == of.Id))
            : db.Projects.Where(p => p.Id == project.Id);
        return new Scope(ProjectId: await rows.Select(p => p.Id).FirstOrDefaultAsync() ?? throw Faults.Unauthorized());
    }, cancel);

    /// <summary>The user's default project, when it is usable; else none. The token is then unscoped rather than refused.</summary>
    public Task<Scope> DefaultAsync(string userId, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var project = await db.Projects.FirstOrDefaultAsync(p => p.Enabled && !p.IsDomain && db.Users.Any(u => u.Id == userId && u.DefaultProjectId == p.Id) && db.Projects.Any(d => d.Id == p.DomainId && d.Enabled));
        return project is not null && (await EffectiveRoles.OnProjectAsync(db, userId, project)).Count > 0 ? new Scope(ProjectId: project.Id) : new Scope();
    }, cancel);
}
