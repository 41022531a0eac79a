using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;

namespace Nephos.Kernel.Audit;

/// <summary>
/// What a request gathers for its audit event on its way: written by the pipeline, by <c>db.Record</c> and by who logs users in; read by <see cref="AuditTrail"/> when the answer is sent. One request at
/// a time writes here, so there is no lock. Nothing secret belongs here.
/// </summary>
public sealed class AuditNotes
{
    internal sealed record Change(string Action, string ResourceType, string ResourceId, string? ProjectId);

    /// <summary>Null until there is one: most requests change nothing.</summary>
    internal List<Change>? Changes { get; private set; }
    internal void Add(Change change) => (Changes ??= []).Add(change);
    internal Endpoint? Endpoint { get; set; }
    internal IReadOnlyDictionary<string, string>? Route { get; set; }
    internal Identity? Identity { get; set; }
    internal string? Reason { get; set; }

    /// <summary>True when the request is a login: the event is then about who logs in.</summary>
    public bool IsLogin { get; private set; }
    public string? UserId { get; set; }
    public string? UserName { get; set; }
    public string? DomainId { get; set; }
    public string? DomainName { get; set; }

    /// <summary>Who tries to log in, as it was said; corrected once it is known who it is.</summary>
    public void Login(string? userId, string? userName, string? domainId, string? domainName) => (IsLogin, UserId, UserName, DomainId, DomainName) = (true, userId, userName, domainId, domainName);

    /// <summary>The first half of a login only, which says nothing of who it will be.</summary>
    public void NoLoginYet() => IsLogin = false;

    /// <summary>It is known whose login it is. What was said of another is forgotten.</summary>
    public void LoginOf(string userId)
    {
        if (UserId is not null && UserId != userId) { (UserName, DomainId, DomainName) = (null, null, null); }
        (IsLogin, UserId) = (true, userId);
    }
}
