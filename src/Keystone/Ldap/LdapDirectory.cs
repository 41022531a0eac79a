using System.DirectoryServices.Protocols;
using System.Text;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Errors;
using SearchScope = System.DirectoryServices.Protocols.SearchScope;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// A directory to read users and groups from. Upstream: <c>keystone/identity/backends/ldap/core.py</c>. Searches are few whatever the number of rows: members of a group are looked up a hundred at a
/// time, and the group of enabled users is read once a list. What the directory refuses or does not answer is a 500 in upstream's words, with the cause in the log.
/// </summary>
internal sealed partial class LdapDirectory : IDisposable
{
    /// <summary>Ids in one filter.</summary>
    private const int Slice = 100;
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly LdapSettings _ldap;
    private readonly LdapPool _searches, _logins;
    private readonly ILogger _log;

    public LdapDirectory(LdapSettings ldap, TimeProvider clock, ILogger log)
    {
        (_ldap, _log) = (ldap, log);
        _searches = new LdapPool(ldap, "ldap search", ldap.PoolSize, TimeSpan.FromSeconds(ldap.PoolConnectionLifetime), ldap.UsePool, clock);
        _logins = new LdapPool(ldap, "ldap login", ldap.AuthPoolSize, TimeSpan.FromSeconds(ldap.AuthPoolConnectionLifetime), ldap.UsePool && ldap.UseAuthPool, clock);
    }

    /// <summary>Most rows of a list of this domain; null: as for all.</summary>
    public int? ListLimit { get; init; }

    private SearchScope Scope => _ldap.QueryScope == "sub" ? SearchScope.Subtree : SearchScope.OneLevel;
    private string OfUsers(string filter) => $"(&{filter}{_ldap.UserFilter}(objectClass={_ldap.UserObjectclass})({_ldap.UserIdAttribute}=*))";
    private string OfGroups(string filter) => $"(&{filter}{_ldap.GroupFilter}(objectClass={_ldap.GroupObjectclass})({_ldap.GroupIdAttribute}=*))";

    public Task<List<LdapIdentity>> ListUsersAsync(IReadOnlyList<(string Key, string Value)> query) =>
        Search(connection => Users(connection, LdapFilter.OfQuery(query, _ldap.UserNameAttribute)).FindAll(u => LdapFilter.Names(u.Name, query)));

    public Task<List<LdapIdentity>> ListGroupsAsync(IReadOnlyList<(string Key, string Value)> query) =>
        Search(connection => Groups(connection, LdapFilter.OfQuery(query, _ldap.GroupNameAttribute)).FindAll(g => LdapFilter.Names(g.Name, query)));

    public Task<LdapIdentity?> FindUserAsync(string localId) => Search(connection => Users(connection, LdapFilter.Equal(_ldap.UserIdAttribute, localId)).FirstOrDefault());

    public Task<LdapIdentity?> FindUserByNameAsync(string name) => Search(connection => Users(connection, LdapFilter.Equal(_ldap.UserNameAttribute, name)).FirstOrDefault());

    public Task<LdapIdentity?> FindGroupAsync(string localId) => Search(connection => Groups(connection, LdapFilter.Equal(_ldap.GroupIdAttribute, localId)).FirstOrDefault());

    public Task<List<LdapIdentity>> UsersByIdAsync(IEnumerable<string> localIds) => Search(connection => UsersById(connection, localIds));

    public Task<List<LdapIdentity>> GroupsByIdAsync(IEnumerable<string> localIds) => Search(connection =>
        localIds.Chunk(Slice).SelectMany(ids => Groups(connection, LdapFilter.Any(ids.Select(id => LdapFilter.Equal(_ldap.GroupIdAttribute, id))))).ToList());

    public Task<List<LdapIdentity>> GroupsByNameAsync(IEnumerable<string> names) => Search(connection =>
        names.Chunk(Slice).SelectMany(some => Groups(connection, LdapFilter.Any(some.Select(name => LdapFilter.Equal(_ldap.GroupNameAttribute, name))))).ToList());

    /// <summary>The groups that name the user as a member.</summary>
    public Task<List<LdapIdentity>> GroupsOfAsync(LdapIdentity user) => Search(connection => Groups(connection, LdapFilter.GroupsOf(user, _ldap)));

    /// <summary>The members of a group who are users; others are passed over.</summary>
    public Task<List<LdapIdentity>> MembersAsync(LdapIdentity group) => Search(connection => UsersById(connection, MemberIds(connection, group)));

    /// <summary>True when the directory takes the password. A user who is not there is asked about under a name that nobody has, so that it takes as long.</summary>
    public async Task<bool> FitsAsync(LdapIdentity? user, string password)
    {
        // A bind with an empty password is an anonymous one, which succeeds (RFC 4513, 5.1.2).
        if (password.Length == 0) { return false; }
        var dn = user?.Dn ?? $"cn={Kernel.Ids.NewId.Hex()},{_ldap.UserTree}";
        return await Guard(_logins.RunAsync(connection =>
        {
            try
            {
                LdapPool.Bind(connection, dn, password);
                return user is not null;
            }
            catch (LdapException error) when (IsRefusal((ResultCode)error.ErrorCode)) { return false; }
            catch (DirectoryOperationException error) when (error.Response is { } response && IsRefusal(response.ResultCode)) { return false; }
        }));
    }

    /// <summary>Wrong password, no such entry, locked, must be changed first: all the same to who logs in.</summary>
    private static bool IsRefusal(ResultCode code) => (int)code == LdapPool.InvalidCredentials || code is ResultCode.NoSuchObject or ResultCode.UnwillingToPerform or ResultCode.InsufficientAccessRights or ResultCode.InappropriateAuthentication or ResultCode.ConstraintViolation or ResultCode.InvalidDNSyntax;

    private List<LdapIdentity> Users(LdapConnection connection, string filter)
    {
        var users = SearchEntries(connection, _ldap.UserTree, Scope, OfUsers(filter), LdapEntries.UserAttributes(_ldap)).Select(e => LdapEntries.User(e, _ldap)).OfType<LdapIdentity>().ToList();
        if (!_ldap.UserEnabledEmulation || _ldap.UserAttributeIgnore.Contains("enabled")) { return users; }
        var (attribute, areIds) = _ldap.UserEnabledEmulationUseGroupConfig ? (_ldap.GroupMemberAttribute, _ldap.GroupMembersAreIds) : ("member", false);
        var enabled = SearchEntries(connection, _ldap.EnabledGroup, SearchScope.Base, "(objectClass=*)", [attribute]).SelectMany(e => e.All(attribute)).Select(m => areIds ? m : DistinguishedName.Normalize(m)).ToHashSet(StringComparer.Ordinal);
        var group = DistinguishedName.Normalize(_ldap.EnabledGroup);
        return [.. users.Where(u => DistinguishedName.Normalize(u.Dn) != group).Select(u => u with { Enabled = enabled.Contains(areIds ? u.LocalId : DistinguishedName.Normalize(u.Dn)) })];
    }

    private List<LdapIdentity> Groups(LdapConnection connection, string filter) =>
        [.. SearchEntries(connection, _ldap.GroupTree, Scope, OfGroups(filter), LdapEntries.GroupAttributes(_ldap)).Select(e => LdapEntries.Group(e, _ldap)).OfType<LdapIdentity>()];

    private List<LdapIdentity> UsersById(LdapConnection connection, IEnumerable<string> localIds) =>
        [.. localIds.Chunk(Slice).SelectMany(ids => Users(connection, LdapFilter.Any(ids.Select(id => LdapFilter.Equal(_ldap.UserIdAttribute, id)))))];

    private List<string> MemberIds(LdapConnection connection, LdapIdentity group)
    {
        if (_ldap.GroupAdNesting)
        {
            return [.. SearchEntries(connection, _ldap.UserTree, Scope, OfUsers(LdapFilter.NestedMembersOf(group)), [_ldap.UserIdAttribute]).Select(e => LdapEntries.IdOf(e, _ldap.UserIdAttribute)).OfType<string>()];
        }
        var members = SearchEntries(connection, group.Dn, SearchScope.Base, "(objectClass=*)", [_ldap.GroupMemberAttribute]).SelectMany(e => e.All(_ldap.GroupMemberAttribute));
        return [.. (_ldap.GroupMembersAreIds ? members : members.Select(dn => IdOfDn(connection, dn)).OfType<string>()).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The id is in the name, or has to be looked up.</summary>
    private string? IdOfDn(LdapConnection connection, string dn)
    {
        try
        {
            if (DistinguishedName.Parse(dn) is [var rdn, ..] && rdn.Attribute.Equals(_ldap.UserIdAttribute, StringComparison.OrdinalIgnoreCase)) { return rdn.Value; }
        }
        catch (FormatException) { return null; } // a member that is no name is nobody
        return SearchEntries(connection, dn, SearchScope.Base, "(objectClass=*)", [_ldap.UserIdAttribute]).Select(e => LdapEntries.IdOf(e, _ldap.UserIdAttribute)).FirstOrDefault();
    }

    /// <summary>All pages of a search. A base that is not there has no entries.</summary>
    private List<LdapEntry> SearchEntries(LdapConnection connection, string at, SearchScope scope, string filter, string[] attributes)
    {
        var request = new SearchRequest(at, filter, scope, attributes)
        {
            Aliases = _ldap.AliasDereferencing switch
            {
                "searching" => DereferenceAlias.InSearching,
                "always" => DereferenceAlias.Always,
                "finding" => DereferenceAlias.FindingBaseObject,
                "never" => DereferenceAlias.Never,
                _ => LdapNative.Dereferencing(connection),
            },
        };
        var page = _ldap.PageSize > 0 && scope != SearchScope.Base ? new PageResultRequestControl(_ldap.PageSize) : null;
        if (page is not null) { request.Controls.Add(page); }
        var entries = new List<LdapEntry>();
        while (true)
        {
            SearchResponse response;
            try { response = (SearchResponse)connection.SendRequest(request); }
            catch (DirectoryOperationException error) when (error.Response?.ResultCode == ResultCode.NoSuchObject) { return entries; }
            foreach (SearchResultEntry entry in response.Entries) { entries.Add(Read(entry)); }
            var next = page is null ? null : response.Controls.OfType<PageResultResponseControl>().FirstOrDefault()?.Cookie;
            if (next is null or { Length: 0 }) { return entries; }
            page!.Cookie = next;
        }
    }

    private static LdapEntry Read(SearchResultEntry entry)
    {
        var attributes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (DirectoryAttribute attribute in entry.Attributes.Values!)
        {
            attributes[attribute.Name.ToLowerInvariant()] = [.. attribute.GetValues(typeof(byte[])).Cast<byte[]>().Select(Text).OfType<string>()];
        }
        return new(entry.DistinguishedName, attributes);
    }

    /// <summary>Sixteen bytes that are no UTF-8 are a UUID, as Active Directory's objectGUID; other such values are passed over.</summary>
    private static string? Text(byte[] value)
    {
        try { return Utf8.GetString(value); }
        catch (DecoderFallbackException) { return value.Length == 16 ? new Guid(value).ToString() : null; }
    }

    private Task<T> Search<T>(Func<LdapConnection, T> work) => Guard(_searches.RunAsync(work));

    private async Task<T> Guard<T>(Task<T> work)
    {
        try { return await work; }
        catch (Exception error) when (error is LdapException or DirectoryException or FormatException or DllNotFoundException or PlatformNotSupportedException)
        {
            LogFailed(_ldap.Url, error.Message);
            throw new ApiError(500, error is LdapException { ErrorCode: LdapPool.InvalidCredentials }
                ? "Unable to authenticate against Identity backend - Invalid username or password"
                : "An unexpected error prevented the server from fulfilling your request.", null, error);
        }
    }

    public void Dispose()
    {
        _searches.Dispose();
        _logins.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the directory {Url} did not answer: {Message}")]
    private partial void LogFailed(string url, string message);
}
