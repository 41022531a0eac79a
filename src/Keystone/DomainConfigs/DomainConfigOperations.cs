using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Ldap;

namespace Nephos.Keystone.DomainConfigs;

/// <summary>A domain's configuration, read and changed. Every change closes the domain's directory; the next use opens it anew.</summary>
internal sealed class DomainConfigOperations(Store<KeystoneDb> store, DomainDirectories directories, ShadowRows shadows, LdapLibrary library)
{
    /// <summary>The open options, by group; of one group; or the one option without its group. Sensitive ones count for being there, and are not shown.</summary>
    public async Task<object> ReadAsync(string domainId, string? group, string? option)
    {
        ConfigOptions.EnsureSupported(group, option);
        var rows = await store.ReadAsync(db => Of(db, domainId, group, option).Where(c => !c.Sensitive).OrderBy(c => c.Group).ThenBy(c => c.Option).ToListAsync());
        return rows.Count == 0 ? throw ConfigOptions.Missing(domainId, group, option) : option is not null ? new Dictionary<string, JsonElement> { [option] = Value(rows[0]) } : Shape(rows);
    }

    /// <summary>Puts a configuration in place of the present one. True: there was none.</summary>
    public async Task<(bool Created, object Config)> ReplaceAsync(RequestContext context, string domainId, JsonElement? config)
    {
        var rows = Read(domainId, config);
        var created = await store.WriteAsync(async db =>
        {
            var old = await Of(db, domainId, null, null).ExecuteDeleteAsync();
            await AddAsync(context, db, domainId, rows, old == 0 ? "create" : "update");
            return old == 0;
        });
        await EndWithoutDirectoryAsync(domainId);
        return (created, Shape(rows.Where(r => !r.Sensitive)));
    }

    /// <summary>Adds and changes options. With a group or an option in the path it must be all that the body has, and be there already.</summary>
    public async Task<object> UpdateAsync(RequestContext context, string domainId, JsonElement? config, string? group, string? option)
    {
        if (group is not null && option is not null && config is { ValueKind: JsonValueKind.Object } inner)
        {
            // The body of a single option has no group around it.
            config = JsonSerializer.SerializeToElement(new Dictionary<string, JsonElement> { [group] = inner });
        }
        var rows = Read(domainId, config);
        ConfigOptions.EnsureSupported(group, option);
        if (group is not null) { EnsureOnly(rows, group, option); }
        await store.WriteAsync(async db =>
        {
            if (group is not null && !await Of(db, domainId, group, option).AnyAsync()) { throw ConfigOptions.Missing(domainId, group, option); }
            foreach (var row in rows) { await Of(db, domainId, row.Group, row.Option).ExecuteDeleteAsync(); }
            await AddAsync(context, db, domainId, rows, "update");
        });
        await EndWithoutDirectoryAsync(domainId);
        return await ReadAsync(domainId, null, null);
    }

    /// <summary>Users of a directory that the domain has no more keep no tokens.</summary>
    private async Task EndWithoutDirectoryAsync(string domainId)
    {
        if (!await directories.HasAsync(domainId)) { await shadows.DisableAllAsync(domainId); }
    }

    public async Task DeleteAsync(RequestContext context, string domainId, string? group, string? option)
    {
        ConfigOptions.EnsureSupported(group, option);
        await store.WriteAsync(async db =>
        {
            if (group is not null && !await Of(db, domainId, group, null).AnyAsync()) { throw ConfigOptions.Missing(domainId, group, null); }
            if (await Of(db, domainId, group, option).ExecuteDeleteAsync() == 0 && option is not null) { throw ConfigOptions.Missing(domainId, group, option); }
            db.AfterCommit(() => directories.Close(domainId));
            db.Record(context, "delete", "domain_config", domainId);
        });
        await EndWithoutDirectoryAsync(domainId);
    }

    /// <summary>All options with their values and secrets, substitutions done: for who opens the directory.</summary>
    public static Dictionary<string, Dictionary<string, JsonElement>> WithSecrets(IReadOnlyList<DomainConfig> rows)
    {
        var secrets = rows.Where(r => r.Sensitive).ToDictionary(r => r.Option, r => Value(r).ToString(), StringComparer.Ordinal);
        return rows.GroupBy(r => r.Group).ToDictionary(g => g.Key, g => g.ToDictionary(r => r.Option, r => r.Sensitive ? Value(r) : Substitute(Value(r), secrets)));
    }

    /// <summary>Python's <c>value % secrets</c> of texts; a text that does not go up stays as it is.</summary>
    internal static JsonElement Substitute(JsonElement value, IReadOnlyDictionary<string, string> secrets)
    {
        if (value.ValueKind != JsonValueKind.String || value.GetString() is not { } text || !text.Contains('%', StringComparison.Ordinal)) { return value; }
        var made = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%') { made.Append(text[i]); continue; }
            if (i + 1 < text.Length && text[i + 1] == '%') { made.Append('%'); i++; continue; }
            var end = i + 1 < text.Length && text[i + 1] == '(' ? text.IndexOf(")s", i, StringComparison.Ordinal) : -1;
            if (end < 0 || !secrets.TryGetValue(text[(i + 2)..end], out var secret)) { return value; }
            made.Append(secret);
            i = end + 1;
        }
        return JsonSerializer.SerializeToElement(made.ToString());
    }

    private Task AddAsync(RequestContext context, KeystoneDb db, string domainId, List<DomainConfig> rows, string action)
    {
        db.Set<DomainConfig>().AddRange(rows);
        db.AfterCommit(() => directories.Close(domainId));
        db.Record(context, action, "domain_config", domainId);
        return Task.CompletedTask;
    }

    private static void EnsureOnly(List<DomainConfig> rows, string group, string? option)
    {
        var groups = rows.Select(r => r.Group).Distinct().ToList();
        if (groups.Count != 1 || (option is not null && rows.Count != 1))
        {
            throw ConfigOptions.Invalid(option is not null ? $"Trying to update option {option} in group {group}, so that, and only that, option must be specified  in the config"
                : $"Trying to update group {group}, so that, and only that, group must be specified in the config");
        }
        if (groups[0] != group) { throw ConfigOptions.Invalid($"request to update group {group}, but config provided contains group {groups[0]} instead"); }
        if (option is not null && rows[0].Option != option) { throw ConfigOptions.Invalid($"Trying to update option {option} in group {group}, but config provided contains option {rows[0].Option} instead"); }
    }

    private List<DomainConfig> Read(string domainId, JsonElement? config)
    {
        if (config is not { ValueKind: JsonValueKind.Object } groups || !groups.EnumerateObject().Any()) { throw ConfigOptions.Invalid("No options specified"); }
        var rows = new List<DomainConfig>();
        foreach (var group in groups.EnumerateObject())
        {
            if (group.Value.ValueKind != JsonValueKind.Object || !group.Value.EnumerateObject().Any())
            {
                throw ConfigOptions.Invalid($"The value of group {group.Name} specified in the config should be a dictionary of options");
            }
            foreach (var option in group.Value.EnumerateObject())
            {
                ConfigOptions.EnsureSupported(group.Name, option.Name);
                if (group.Name == ConfigOptions.Identity && option.Name == "driver" && option.Value.ToString() == ConfigOptions.Ldap && !library.IsThere) { throw ConfigOptions.Invalid(LdapLibrary.Advice); }
                rows.RemoveAll(r => r.Group == group.Name && r.Option == option.Name);
                rows.Add(new DomainConfig { DomainId = domainId, Group = group.Name, Option = option.Name, Value = option.Value.GetRawText(), Sensitive = ConfigOptions.IsSensitive(group.Name, option.Name) });
            }
        }
        return rows;
    }

    private static IQueryable<DomainConfig> Of(KeystoneDb db, string domainId, string? group, string? option)
    {
        var rows = db.Set<DomainConfig>().Where(c => c.DomainId == domainId);
        if (group is not null) { rows = rows.Where(c => c.Group == group); }
        return option is not null ? rows.Where(c => c.Option == option) : rows;
    }

    private static Dictionary<string, Dictionary<string, JsonElement>> Shape(IEnumerable<DomainConfig> rows) => rows.GroupBy(r => r.Group).ToDictionary(g => g.Key, g => g.ToDictionary(r => r.Option, Value));
    private static JsonElement Value(DomainConfig row) => JsonSerializer.Deserialize<JsonElement>(row.Value);
}
