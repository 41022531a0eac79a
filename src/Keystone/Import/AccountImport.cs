using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.AccessRules;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Projects;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Import;

/// <summary>
/// Takes the accounts over from another Keystone: domains, projects, users with their passwords, groups, roles, assignments and application credentials, all under the ids that they have there.
/// <list type="bullet">
/// <item>What is here already, by its id or by its name, stays as it is; what refers to something that is here by the name alone under another id (the role <c>member</c>) is turned to that.</item>
/// <item>So it may be repeated, also after it was broken off: rows go in by the thousand, each thousand a transaction.</item>
/// <item>Users of directories and of identity providers come by themselves when they log in, under the same ids; their assignments are taken.</item>
/// <item>Not taken: the catalog, credentials (they are encrypted with the other's keys), trusts, tokens, federation, limits.</item>
/// </list>
/// </summary>
internal sealed class AccountImport(Store<KeystoneDb> store, TokenInvalidation tokens, TimeProvider clock)
{
    private const int Batch = 1000;

    /// <summary>Upstream's codes of options (<c>resource_options.py</c>).</summary>
    private static readonly Dictionary<string, string> OptionNames = new(StringComparer.Ordinal)
    {
        ["1000"] = "ignore_change_password_upon_first_use",
        ["1001"] = "ignore_password_expiry",
        ["1002"] = "ignore_lockout_failure_attempts",
        ["1003"] = "lock_password",
        ["1004"] = "ignore_user_inactivity",
        ["MFAR"] = "multi_factor_auth_rules",
        ["MFAE"] = "multi_factor_auth_enabled",
        ["IMMU"] = "immutable",
    };

    /// <summary>Says what was taken, line by line; of a trial, what would be.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(IReadOnlyDictionary<string, string> arguments, CancellationToken cancel)
    {
        string? Of(string name) => arguments.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
        await using var source = await ImportSource.OpenAsync(Of("postgres"), Of("sqlite"), Of("files"), cancel);
        var run = new Run(store, source, Of("dry_run") == "true", clock.Now(), cancel);
        await run.ProjectsAsync();
        await run.RolesAsync();
        await run.UsersAsync();
        await run.GroupsAsync();
        await run.AssignmentsAsync();
        await run.ApplicationCredentialsAsync();
        if (!run.IsTrial) { await store.WriteAsync(db => tokens.RecheckAllAsync(db), cancel); }
        return run.Said;
    }

    private sealed class Run(Store<KeystoneDb> store, ImportSource source, bool isTrial, DateTime now, CancellationToken cancel)
    {
        /// <summary>Ids there to ids here, where they are not the same.</summary>
        private readonly Dictionary<string, string> _projects = new(StringComparer.Ordinal), _roles = new(StringComparer.Ordinal), _users = new(StringComparer.Ordinal), _groups = new(StringComparer.Ordinal);
        /// <summary>Projects, users and groups that are here when all is done.</summary>
        private readonly HashSet<string> _here = new(StringComparer.Ordinal);

        public bool IsTrial => isTrial;

        public List<string> Said { get; } = [];

        public async Task ProjectsAsync()
        {
            var known = await store.ReadAsync(db => db.Projects.Select(p => new { p.Id, p.DomainId, p.Name }).ToListAsync(cancel), cancel);
            var (byId, byName) = (known.Select(p => p.Id).ToHashSet(StringComparer.Ordinal), known.ToDictionary(p => (p.DomainId, p.Name), p => p.Id));
            _here.UnionWith(byId);
            var rows = (await source.ReadAsync("project", cancel)).Where(r => r.Need("id") != Project.RootDomain).ToList();
            if (rows.Count == 0) { throw new BadRequestError("there are no projects: this is no Keystone's database"); }
            var options = await OptionsAsync("project_option", "project_id");
            var fresh = new List<object>();
            // Domains first, since names are unique within them; parents before their children, as far as they are in the table.
            foreach (var row in rows.OrderByDescending(r => r.Flag("is_domain")))
            {
                var (id, isDomain) = (row.Need("id"), row.Flag("is_domain"));
                var domain = isDomain ? Project.RootDomain : Here(_projects, row.Need("domain_id"));
                if (byId.Contains(id)) { continue; }
                if (byName.TryGetValue((domain, row.Need("name")), out var other)) { _projects[id] = other; continue; }
                byName[(domain, row.Need("name"))] = id;
                _here.Add(id);
                fresh.Add(new Project { Id = id, DomainId = domain, Name = row.Need("name"), Description = row["description"] ?? "", Enabled = row.Flag("enabled", true), IsDomain = isDomain, ParentId = row["parent_id"], Options = options(id), Extra = Json(row["extra"]) });
            }
            // Ids of parents that are known by another name here can only be turned now.
            foreach (var project in fresh.Cast<Project>()) { project.ParentId = project.IsDomain ? null : Here(_projects, project.ParentId ?? project.DomainId); }
            await TakeAsync("domains and projects", fresh, _projects.Count);
            var made = fresh.Cast<Project>().Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
            await TakeAsync("tags of projects", [.. (await source.ReadAsync("project_tag", cancel)).Where(r => made.Contains(r.Need("project_id"))).Select(r => new ProjectTag { ProjectId = r.Need("project_id"), Name = r.Need("name") })]);
        }

        public async Task RolesAsync()
        {
            var known = await store.ReadAsync(db => db.Roles.Select(r => new { r.Id, r.DomainId, r.Name }).ToListAsync(cancel), cancel);
            var (byId, byName) = (known.Select(r => r.Id).ToHashSet(StringComparer.Ordinal), known.ToDictionary(r => (r.DomainId, r.Name), r => r.Id));
            var options = await OptionsAsync("role_option", "role_id");
            var fresh = new List<object>();
            foreach (var row in await source.ReadAsync("role", cancel))
            {
                var id = row.Need("id");
                var domain = row["domain_id"] is { } of && of != Role.NoDomain ? Here(_projects, of) : Role.NoDomain;
                if (byId.Contains(id)) { continue; }
                if (byName.TryGetValue((domain, row.Need("name")), out var other)) { _roles[id] = other; continue; }
                byId.Add(id);
                fresh.Add(new Role { Id = id, DomainId = domain, Name = row.Need("name"), Description = row["description"], Options = options(id), Extra = Json(row["extra"]) });
            }
            await TakeAsync("roles", fresh, _roles.Count);
            var implied = await store.ReadAsync(db => db.ImpliedRoles.Select(i => new { i.PriorRoleId, i.ImpliedRoleId }).ToListAsync(cancel), cancel);
            var pairs = implied.Select(i => (i.PriorRoleId, i.ImpliedRoleId)).ToHashSet();
            await TakeAsync("implied roles", [.. (await source.ReadAsync("implied_role", cancel)).Select(r => (Prior: Here(_roles, r.Need("prior_role_id")), Implied: Here(_roles, r.Need("implied_role_id"))))
                .Where(p => byId.Contains(p.Prior) && byId.Contains(p.Implied) && pairs.Add(p)).Select(p => new ImpliedRole { PriorRoleId = p.Prior, ImpliedRoleId = p.Implied })]);
            RoleIds = byId;
        }

        private HashSet<string> RoleIds { get; set; } = [];

        public async Task UsersAsync()
        {
            var known = await store.ReadAsync(db => db.Users.Select(u => new { u.Id, u.DomainId, u.Name, IsOwn = u.Source == null && u.IdpId == null }).ToListAsync(cancel), cancel);
            var (byId, byName) = (known.Select(u => u.Id).ToHashSet(StringComparer.Ordinal), known.Where(u => u.IsOwn).ToDictionary(u => (u.DomainId, u.Name), u => u.Id));
            _here.UnionWith(byId);
            var all = (await source.ReadAsync("user", cancel)).ToDictionary(r => r.Need("id"), StringComparer.Ordinal);
            var options = await OptionsAsync("user_option", "user_id");
            var passwords = (await source.ReadAsync("password", cancel)).ToLookup(r => r.Need("local_user_id"), StringComparer.Ordinal);
            var (fresh, hashes, locals) = (new List<object>(), new List<object>(), await source.ReadAsync("local_user", cancel));
            foreach (var local in locals)
            {
                var (id, domain, name) = (local.Need("user_id"), Here(_projects, local.Need("domain_id")), local.Need("name"));
                if (byId.Contains(id) || !all.TryGetValue(id, out var row)) { continue; }
                if (byName.TryGetValue((domain, name), out var other)) { _users[id] = other; continue; }
                byName[(domain, name)] = id;
                _here.Add(id);
                var project = row["default_project_id"] is { } given ? Here(_projects, given) : null;
                fresh.Add(new User { Id = id, DomainId = domain, Name = name, Enabled = row.Flag("enabled", true), DefaultProjectId = project, Options = options(id), Extra = Json(row["extra"]), CreatedAt = row.Time("created_at") ?? now, LastActiveAt = row.Time("last_active_at") });
                // The newest last: it is the one that counts.
                foreach (var password in passwords[local.Need("id")].OrderBy(p => p.Micros("created_at_int") ?? p.Time("created_at") ?? DateTime.MinValue).ThenBy(p => long.TryParse(p["id"], CultureInfo.InvariantCulture, out var n) ? n : 0))
                {
                    hashes.Add(new Password { UserId = id, Hash = password["password_hash"], CreatedAt = password.Micros("created_at_int") ?? password.Time("created_at") ?? now, ExpiresAt = password.Micros("expires_at_int") ?? password.Time("expires_at"), SelfService = password.Flag("self_service") });
                }
            }
            // A user and the passwords in one transaction: a repeated run leaves users alone that are here.
            await TakeAsync("users", fresh, _users.Count, hashes.Cast<Password>().ToLookup(h => h.UserId, StringComparer.Ordinal));
            Said.Add($"passwords: {hashes.Count}");
            if (all.Count - locals.Count is > 0 and var elsewhere) { Said.Add($"users of directories and identity providers, who come by themselves: {elsewhere}"); }
        }

        public async Task GroupsAsync()
        {
            var known = await store.ReadAsync(db => db.Groups.Select(g => new { g.Id, g.DomainId, g.Name, IsOwn = g.Source == null }).ToListAsync(cancel), cancel);
            var (byId, byName) = (known.Select(g => g.Id).ToHashSet(StringComparer.Ordinal), known.Where(g => g.IsOwn).ToDictionary(g => (g.DomainId, g.Name), g => g.Id));
            _here.UnionWith(byId);
            var fresh = new List<object>();
            foreach (var row in await source.ReadAsync("group", cancel))
            {
                var (id, domain) = (row.Need("id"), Here(_projects, row.Need("domain_id")));
                if (byId.Contains(id)) { continue; }
                if (byName.TryGetValue((domain, row.Need("name")), out var other)) { _groups[id] = other; continue; }
                _here.Add(id);
                fresh.Add(new Group { Id = id, DomainId = domain, Name = row.Need("name"), Description = row["description"] ?? "", Extra = Json(row["extra"]) });
            }
            await TakeAsync("groups", fresh, _groups.Count);
            var members = (await store.ReadAsync(db => db.Memberships.Select(m => new { m.UserId, m.GroupId }).ToListAsync(cancel), cancel)).Select(m => (m.UserId, m.GroupId)).ToHashSet();
            await TakeAsync("members of groups", [.. (await source.ReadAsync("user_group_membership", cancel)).Select(r => (User: Here(_users, r.Need("user_id")), Group: Here(_groups, r.Need("group_id"))))
                .Where(m => _here.Contains(m.User) && _here.Contains(m.Group) && members.Add(m)).Select(m => new Membership { UserId = m.User, GroupId = m.Group })]);
        }

        public async Task AssignmentsAsync()
        {
            static (string, string, string, string, string, bool) Key(RoleAssignment a) => (a.ActorType, a.ActorId, a.TargetType, a.TargetId, a.RoleId, a.Inherited);
            var known = (await store.ReadAsync(db => db.RoleAssignments.ToListAsync(cancel), cancel)).Select(Key).ToHashSet();
            var fresh = new List<object>();
            foreach (var row in (await source.ReadAsync("assignment", cancel)).Concat(await source.ReadAsync("system_assignment", cancel)))
            {
                // UserProject, GroupDomain, UserSystem, ...
                var type = row.Need("type");
                var isUser = type.StartsWith("User", StringComparison.Ordinal);
                var (actor, target) = (Here(isUser ? _users : _groups, row.Need("actor_id")), type[(isUser ? 4 : 5)..].ToLowerInvariant());
                var made = new RoleAssignment
                {
                    ActorType = isUser ? RoleAssignment.User : RoleAssignment.Group,
                    ActorId = actor,
                    TargetType = target,
                    TargetId = target == RoleAssignment.System ? RoleAssignment.WholeSystem : Here(_projects, row.Need("target_id")),
                    RoleId = Here(_roles, row.Need("role_id")),
                    Inherited = row.Flag("inherited"),
                };
                if (target is not (RoleAssignment.Project or RoleAssignment.Domain or RoleAssignment.System)) { throw new BadRequestError($"assignments of type {type} are not known"); }
                // Left-overs of what was deleted there go nowhere.
                if (!RoleIds.Contains(made.RoleId) || (target != RoleAssignment.System && !_here.Contains(made.TargetId)) || !known.Add(Key(made))) { continue; }
                fresh.Add(made);
            }
            await TakeAsync("role assignments", fresh);
        }

        public async Task ApplicationCredentialsAsync()
        {
            var known = (await store.ReadAsync(db => db.ApplicationCredentials.Select(c => c.Id).ToListAsync(cancel), cancel)).ToHashSet(StringComparer.Ordinal);
            var taken = (await store.ReadAsync(db => db.ApplicationCredentials.Select(c => new { c.UserId, c.Name }).ToListAsync(cancel), cancel)).Select(c => (c.UserId, c.Name)).ToHashSet();
            var roles = (await source.ReadAsync("application_credential_role", cancel)).ToLookup(r => r.Need("application_credential_id"), r => Here(_roles, r.Need("role_id")), StringComparer.Ordinal);
            var links = (await source.ReadAsync("application_credential_access_rule", cancel)).ToLookup(r => r.Need("application_credential_id"), r => r.Need("access_rule_id"), StringComparer.Ordinal);
            var rules = (await source.ReadAsync("access_rule", cancel)).Where(r => r["external_id"] is not null && r["user_id"] is not null).ToDictionary(r => r.Need("id"), StringComparer.Ordinal);
            var knownRules = (await store.ReadAsync(db => db.AccessRules.Select(r => r.Id).ToListAsync(cancel), cancel)).ToHashSet(StringComparer.Ordinal);
            await TakeAsync("access rules", [.. rules.Values.Where(r => knownRules.Add(r.Need("external_id"))).Select(r => new AccessRule { Id = r.Need("external_id"), UserId = Here(_users, r.Need("user_id")), Service = r["service"] ?? "", Method = r["method"] ?? "", Path = r["path"] ?? "" })]);
            var (fresh, parts) = (new List<object>(), new List<(string Credential, object Part)>());
            foreach (var row in await source.ReadAsync("application_credential", cancel))
            {
                var (id, inner, user) = (row.Need("id"), row.Need("internal_id"), Here(_users, row.Need("user_id")));
                if (row["project_id"] is not { } project || !known.Add(id) || !_here.Contains(Here(_projects, project)) || !taken.Add((user, row.Need("name")))) { continue; }
                fresh.Add(new ApplicationCredential { Id = id, UserId = user, ProjectId = Here(_projects, project), Name = row.Need("name"), SecretHash = row.Need("secret_hash"), Description = row["description"], ExpiresAt = row.Micros("expires_at"), Unrestricted = row.Flag("unrestricted") });
                parts.AddRange(roles[inner].Where(RoleIds.Contains).Distinct(StringComparer.Ordinal).Select(role => (id, (object)new ApplicationCredentialRole { CredentialId = id, RoleId = role })));
                parts.AddRange(links[inner].Where(rules.ContainsKey).Distinct(StringComparer.Ordinal).Select(rule => (id, (object)new ApplicationCredentialRule { CredentialId = id, AccessRuleId = rules[rule].Need("external_id") })));
            }
            var byCredential = parts.ToLookup(p => p.Credential, p => p.Part, StringComparer.Ordinal);
            await TakeAsync("application credentials", fresh, 0, byCredential);
        }

        /// <summary>Puts rows in by the thousand, each with its parts.</summary>
        private async Task TakeAsync<TPart>(string what, IReadOnlyList<object> rows, int sameNames, ILookup<string, TPart> parts) where TPart : class
        {
            Said.Add($"{what}: {rows.Count}{(sameNames > 0 ? $", and {sameNames} that are here under the same name" : "")}");
            if (isTrial) { return; }
            foreach (var batch in rows.Chunk(Batch))
            {
                await store.WriteAsync(async db =>
                {
                    db.AddRange(batch);
                    foreach (var row in batch) { db.AddRange(parts[row switch { User user => user.Id, ApplicationCredential credential => credential.Id, _ => "" }]); }
                    await db.SaveChangesAsync(cancel);
                }, cancel);
            }
        }

        private static readonly ILookup<string, object> NoParts = Array.Empty<object>().ToLookup(_ => "");

        private Task TakeAsync(string what, IReadOnlyList<object> rows, int sameNames = 0) => TakeAsync(what, rows, sameNames, NoParts);

        private async Task<Func<string, string>> OptionsAsync(string table, string owner)
        {
            var rows = (await source.ReadAsync(table, cancel)).Where(r => OptionNames.ContainsKey(r.Need("option_id"))).ToLookup(r => r.Need(owner), StringComparer.Ordinal);
            return id => rows.Contains(id) ? "{" + string.Join(',', rows[id].Select(r => $"\"{OptionNames[r.Need("option_id")]}\":{Value(r["option_value"])}")) + "}" : Extra.None;
        }

        /// <summary>A JSON value that a text column holds; one that is none counts for nothing.</summary>
        private static string Value(string? json)
        {
            try { return json is null ? "null" : System.Text.Json.Nodes.JsonNode.Parse(json)?.ToJsonString() ?? "null"; }
            catch (System.Text.Json.JsonException) { return "null"; } // the option is then as if it were not set
        }

        private static string Json(string? extra) => Value(extra) is { } text && text.StartsWith('{') ? text : Extra.None;

        private static string Here(Dictionary<string, string> ids, string id) => ids.GetValueOrDefault(id, id);
    }
}
