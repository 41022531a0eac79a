using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Federation.IdentityProviders;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Federation.Protocols;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>What somebody who is trusted says of a user.</summary>
/// <param name="Issuer">Who says so, when we made sure of it ourselves; null when a proxy did, and the name is among the attributes.</param>
/// <param name="RemoteUser">Name of the user where the mapping gives none; upstream's REMOTE_USER.</param>
internal sealed record Statement(Assertion Assertion, string? Issuer, string? RemoteUser);

/// <summary>
/// From a statement to a user: identity provider, protocol, mapping, then the user, groups and projects that come of it. Upstream: <c>handle_unscoped_token</c> in <c>keystone/auth/plugins/mapped.py</c>.
/// An assertion that the mapping does not take is the same 401 as any other failed login; what an administrator has to mend (no such protocol, a disabled provider, a domain or role that is
/// not there) says so.
/// </summary>
internal sealed partial class FederatedLogin(Store<KeystoneDb> store, ShadowUsers users, ShadowProjects projects, UserFinder finder, GroupQueries groupQueries, FederationSettings settings, ILogger<FederatedLogin> log)
{
    public async Task<AuthResult> LoginAsync(RequestContext context, string idpId, string protocolId, Statement statement)
    {
        var source = await FindAsync(idpId, protocolId);
        EnsureIssuer(source, statement);
        var mapped = Map(source, statement.Assertion);
        var groups = await GroupsAsync(source, mapped);
        if (mapped.User.IsLocal) { return new AuthResult(await LocalAsync(mapped.User)); }
        var user = await ShadowAsync(source, mapped.User, statement.RemoteUser);
        var id = await users.SeenAsync(context, source.Provider, protocolId, user, groups);
        await projects.ProvideAsync(context, id, user.DomainId, source, mapped.Projects);
        return new AuthResult(id) { Federation = new FederatedPayload(idpId, protocolId, groups) };
    }

    /// <summary>Identity provider, protocol and mapping, all there and enabled.</summary>
    public Task<FederatedSource> FindAsync(string idpId, string protocolId) => store.ReadAsync(async db =>
    {
        var provider = await db.IdentityProviders.FirstOrDefaultAsync(p => p.Id == idpId) ?? throw FederationErrors.NoIdentityProvider(idpId);
        if (!provider.Enabled) { throw FederationErrors.IdentityProviderDisabled(idpId); }
        var protocol = await db.FederationProtocols.FirstOrDefaultAsync(p => p.IdpId == idpId && p.Id == protocolId) ?? throw FederationErrors.NoProtocol(idpId, protocolId);
        var mapping = await db.Mappings.FirstOrDefaultAsync(m => m.Id == protocol.MappingId) ?? throw FederationErrors.NoMapping(protocol.MappingId);
        return new FederatedSource(provider, protocol, mapping, await db.RemoteIds.Where(r => r.IdpId == idpId).Select(r => r.Id).ToListAsync());
    });

    /// <summary>The identity provider that an assertion names, among those with the protocol; null when it names none that is known.</summary>
    public Task<string?> ByRemoteIdAsync(string protocolId, Statement statement) => store.ReadAsync(async db =>
    {
        var attributes = await db.FederationProtocols.Where(p => p.Id == protocolId).Select(p => p.RemoteIdAttribute).Distinct().ToListAsync();
        foreach (var attribute in attributes.Select(a => a is { Length: > 0 } ? a : settings.RemoteIdAttribute).OfType<string>().Distinct())
        {
            if (statement.Assertion[attribute] is not { } values) { continue; }
            var remote = string.Join(';', values);
            return await db.RemoteIds.Where(r => r.Id == remote).Select(r => r.IdpId).FirstOrDefaultAsync();
        }
        return null;
    });

    /// <summary>The attribute that names the identity provider must hold one of its remote ids. Without either, the administrator lets every provider in, as upstream has it.</summary>
    private void EnsureIssuer(FederatedSource source, Statement statement)
    {
        var attribute = source.Protocol.RemoteIdAttribute is { Length: > 0 } own ? own : settings.RemoteIdAttribute;
        if (source.RemoteIds.Count == 0 || (attribute is null && statement.Issuer is null)) { return; }
        var issuer = statement.Issuer;
        if (attribute is not null && statement.Assertion[attribute] is { } values) { issuer = string.Join(';', values); }
        if (issuer is null)
        {
            LogRefused(source.Provider.Id, source.Protocol.Id, $"the assertion has no {attribute}");
            throw Faults.Unauthorized();
        }
        if (!source.RemoteIds.Contains(issuer)) { throw new ForbiddenError("Incoming identity provider identifier not included among the accepted identifiers."); }
    }

    private MappedIdentity Map(FederatedSource source, Assertion assertion)
    {
        try { return MappingEngine.Process(source.Mapping.SchemaVersion, System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(source.Mapping.Rules), assertion); }
        catch (MappingFailure failure)
        {
            if (failure.IsMappings)
            {
                LogUnusable(source.Mapping.Id, failure.Message);
                throw FederationErrors.MappingUnusable();
            }
            LogRefused(source.Provider.Id, source.Protocol.Id, failure.Message);
            throw Faults.Unauthorized();
        }
    }

    /// <summary>Ids of all groups; those by id must be there, those by name that are not are left out, as upstream has it.</summary>
    private async Task<List<string>> GroupsAsync(FederatedSource source, MappedIdentity mapped)
    {
        var wanted = mapped.GroupIds;
        var found = await store.ReadAsync(db => db.Groups.Where(g => wanted.Contains(g.Id)).Select(g => g.Id).ToListAsync());
        if (wanted.Except(found).FirstOrDefault() is { } missing)
        {
            LogUnusable(source.Mapping.Id, $"there is no group {missing}");
            throw FederationErrors.MappingUnusable();
        }
        foreach (var inDomain in mapped.Groups.GroupBy(g => g.Domain))
        {
            var domain = await store.ReadAsync(db => MappedDomains.FindAsync(db, inDomain.Key));
            if (domain is not null) { found.AddRange(await groupQueries.IdsByNameAsync(domain, [.. inDomain.Select(g => g.Name)])); }
        }
        return [.. found.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>A user who is here already, by name and domain or by id; whether enabled is seen when the token is made.</summary>
    private async Task<string> LocalAsync(MappedUser user)
    {
        if (user.Id is null && user.Name is null) { throw Faults.Expecting("id or name", "user"); }
        if (user.Name is not null && user.Domain is null) { throw Faults.Expecting("domain", "user"); }
        var named = new AuthUser { Id = user.Id, Name = user.Name, Domain = user.Domain is { } domain ? new AuthName { Id = domain.Id, Name = domain.Name } : null };
        return await finder.FindAsync(named, CancellationToken.None) ?? throw Faults.Unauthorized();
    }

    /// <summary>Name and id stand in for each other; the domain is the identity provider's unless the mapping says another. Upstream: <c>validate_and_prepare_federated_user</c>.</summary>
    private Task<ShadowUser> ShadowAsync(FederatedSource source, MappedUser user, string? remoteUser) => store.ReadAsync(async db =>
    {
        var name = NonEmpty(user.Name) ?? NonEmpty(remoteUser);
        if ((NonEmpty(user.Id) ?? name) is not { } id)
        {
            LogRefused(source.Provider.Id, source.Protocol.Id, "the mapping gives neither a name nor an id");
            throw Faults.Unauthorized();
        }
        var quoted = Quote(id);
        // Upstream's columns hold 255 characters; a longer id fails there, too.
        if (quoted.Length > 255 || (name ?? id).Length > 255)
        {
            LogRefused(source.Provider.Id, source.Protocol.Id, "the user's name or id is longer than 255 characters");
            throw Faults.Unauthorized();
        }
        return new ShadowUser(quoted, name ?? id, await MappedDomains.FindAsync(db, user.Domain) ?? source.Provider.DomainId, NonEmpty(user.Email));
    });

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>Python's <c>urllib.parse.quote</c>, which leaves slashes.</summary>
    internal static string Quote(string text)
    {
        var quoted = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || (char)b is '_' or '.' or '-' or '~' or '/') { quoted.Append((char)b); }
            else { quoted.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)); }
        }
        return quoted.ToString();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A login through {IdentityProvider}, {Protocol} is refused: {Reason}")]
    private partial void LogRefused(string identityProvider, string protocol, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The mapping {Mapping} cannot be used: {Reason}")]
    private partial void LogUnusable(string mapping, string reason);
}
