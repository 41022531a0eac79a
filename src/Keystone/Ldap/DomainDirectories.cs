using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.DomainConfigs;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// Which domains have their users in a directory, and the open directories. A domain's options come from its configuration in the database or, without one, from its file; over what the program's
/// configuration says under <c>ldap</c>. A domain whose driver is not <c>ldap</c> is in Nephos's own database; the default domain's is <c>identity_driver</c> unless its own configuration names one.
/// <para>What is known of a domain is kept until its configuration changes here; where other processes share the database, or a file may change, it is compared once in a while.</para>
/// </summary>
internal sealed partial class DomainDirectories(Store<KeystoneDb> store, KeystoneSettings settings, LdapLibrary library, TimeProvider clock, ILogger<DomainDirectories> log) : IDisposable
{
    /// <summary>How long what another process or a file says may go unnoticed.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    private sealed record Known(string Text, LdapDirectory? Directory, string? Fault, long SeenAt);

    /// <summary>The domain's directory; null when its users are in the database. A directory that cannot be opened, since its options make no sense, is an error.</summary>
    public async ValueTask<LdapDirectory?> OfAsync(string domainId) =>
        await KnownAsync(domainId) is { Fault: null } known ? known.Directory : throw new ApiError(500, "An unexpected error prevented the server from fulfilling your request.");

    /// <summary>Whether the domain's users are in a directory, one that can be used or not.</summary>
    public async ValueTask<bool> HasAsync(string domainId) => await KnownAsync(domainId) is not { Directory: null, Fault: null };

    private async ValueTask<Known> KnownAsync(string domainId) =>
        _known.TryGetValue(domainId, out var known) && clock.GetElapsedTime(known.SeenAt) <= LookAgain ? known : await LookAsync(domainId, known);

    /// <summary>After a change of the domain's configuration, or its end.</summary>
    public void Close(string domainId)
    {
        if (_known.TryRemove(domainId, out var known)) { known.Directory?.Dispose(); }
    }

    /// <summary>Domains with a directory, for who goes through all.</summary>
    public async Task<List<string>> ListAsync(CancellationToken cancel)
    {
        var domains = await store.ReadAsync(db => db.Projects.Where(p => p.IsDomain).Select(p => p.Id).ToListAsync(cancel), cancel);
        var found = new List<string>();
        foreach (var domain in domains)
        {
            if (await HasAsync(domain)) { found.Add(domain); }
        }
        return found;
    }

    private async Task<Known> LookAsync(string domainId, Known? before)
    {
        var (name, rows) = await store.ReadAsync(async db => (await db.Projects.Where(p => p.Id == domainId && p.IsDomain).Select(p => p.Name).FirstOrDefaultAsync(),
            await db.Set<DomainConfig>().Where(c => c.DomainId == domainId).ToListAsync()));
        var (options, fault) = (new Dictionary<string, Dictionary<string, JsonElement>>(), (string?)null);
        try
        {
            options = rows.Count > 0 ? DomainConfigOperations.WithSecrets(rows) : name is not null && settings.DomainConfigDir is { } directory ? DomainConfigFiles.Read(directory, name) ?? [] : [];
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException) { fault = error.Message; }
        var text = fault ?? JsonSerializer.Serialize(options);
        if (before is not null && before.Text == text) { return _known[domainId] = before with { SeenAt = clock.GetTimestamp() }; }
        LdapDirectory? opened = null;
        try { opened = fault is null ? Open(domainId, options) : null; }
        catch (FormatException error) { fault = error.Message; }
        if (fault is not null) { LogBroken(domainId, fault); }
        before?.Directory?.Dispose();
        return _known[domainId] = new Known(text, opened, fault, clock.GetTimestamp());
    }

    private LdapDirectory? Open(string domainId, Dictionary<string, Dictionary<string, JsonElement>> options)
    {
        var named = options.GetValueOrDefault(ConfigOptions.Identity)?.GetValueOrDefault("driver").ToString();
        var driver = !string.IsNullOrEmpty(named) ? named : domainId == Bootstrap.FirstStart.DefaultDomain ? settings.IdentityDriver : ConfigOptions.Sql;
        if (driver != ConfigOptions.Ldap)
        {
            if (driver != ConfigOptions.Sql) { LogDriver(domainId, driver); }
            return null;
        }
        if (!library.IsThere) { throw new FormatException(LdapLibrary.Advice); }
        var ldap = Apply(settings.Ldap, options.GetValueOrDefault(ConfigOptions.Ldap) ?? []);
        Check(ldap);
        return new LdapDirectory(ldap, clock, log) { ListLimit = ListLimit(options.GetValueOrDefault(ConfigOptions.Identity)?.GetValueOrDefault("list_limit") ?? default) };
    }

    private static int? ListLimit(JsonElement option) => option.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null || option.ToString().Length == 0 ? null
        : int.TryParse(option.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit : throw new FormatException($"option list_limit in group identity cannot be '{option}'");

    /// <summary>What can be wrong with several options together, or with files. Throws <see cref="FormatException"/>.</summary>
    internal static void Check(LdapSettings ldap)
    {
        var urls = LdapUrl.Of(ldap);
        if (!ldap.UseTls && urls.All(u => u.Scheme != LdapScheme.Ldaps)) { return; }
        if (ldap.TlsCacertfile is { Length: > 0 } file)
        {
            if (!File.Exists(file)) { throw new FormatException($"tls_cacertfile {file} not found or is not a file"); }
        }
        else if (ldap.TlsCacertdir is { Length: > 0 } directory && !Directory.Exists(directory)) { throw new FormatException($"tls_cacertdir {directory} not found or is not a directory"); }
    }

    /// <summary>Settings with options over them, which come as JSON or as text. Throws <see cref="FormatException"/> for a value that is none.</summary>
    internal static LdapSettings Apply(LdapSettings defaults, IReadOnlyDictionary<string, JsonElement> options)
    {
        var made = defaults with { };
        foreach (var (option, value) in options)
        {
            var property = ConfigOptions.Property(option) ?? throw new FormatException($"there is no option {option} in group ldap");
            if (value.ValueKind == JsonValueKind.Null) { continue; }
            var text = value.ToString();
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var invalid = new FormatException($"option {option} in group ldap cannot be '{(option == "password" ? "***" : text)}'");
            object? parsed = type == typeof(bool) ? text.ToLowerInvariant() switch { "true" or "1" or "yes" or "on" => true, "false" or "0" or "no" or "off" => false, _ => throw invalid }
                : type == typeof(int) ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && (number >= 0 || number == -1) ? number : throw invalid
                : type == typeof(double) ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && real is >= 0 and < 3600 ? real : throw invalid
                : type == typeof(IReadOnlyList<string>) ? value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(v => v.ToString()).ToList() : text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList()
                : text.Length == 0 ? null : text;
            if (parsed is null && property.GetValue(defaults) is string) { continue; } // an empty text is as good as none
            property.SetValue(made, parsed);
        }
        foreach (var (option, value, allowed) in new[] { ("query_scope", made.QueryScope, "one|sub"), ("tls_req_cert", made.TlsReqCert, "demand|never|allow"), ("alias_dereferencing", made.AliasDereferencing, "never|searching|always|finding|default") })
        {
            if (!allowed.Split('|').Contains(value)) { throw new FormatException($"option {option} in group ldap cannot be '{value}'; it is one of {allowed.Replace("|", ", ", StringComparison.Ordinal)}"); }
        }
        return made.PoolSize is < 1 or > 1000 || made.AuthPoolSize is < 1 or > 1000 || made.PoolRetryMax < 1 || made.PoolConnectionLifetime < 1 || made.AuthPoolConnectionLifetime < 1
            ? throw new FormatException("sizes and lifetimes of pools in group ldap are at least 1") : made;
    }

    public void Dispose()
    {
        foreach (var id in _known.Keys) { Close(id); }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the directory of domain {Domain} cannot be used: {Fault}")]
    private partial void LogBroken(string domain, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "domain {Domain} names the identity driver '{Driver}', which is not there: its users are in the database")]
    private partial void LogDriver(string domain, string driver);
}
