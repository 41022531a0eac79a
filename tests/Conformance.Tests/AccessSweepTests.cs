using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Host;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Keystone;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>Tokens of its Keystone end within a second, so that an expired one can be had.</summary>
public sealed class SweepCloud : TestCloud
{
    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton(new KeystoneSettings { PasswordHashRounds = 4, TokenExpiration = TimeSpan.FromSeconds(1) });
}

/// <summary>
/// Asks every declared endpoint as everyone who could ask, for rows that exist and belong to project A (<see cref="AccessRows"/>), and pins the answers' statuses in
/// <c>Access/SERVICE.txt</c>, one line an endpoint. An endpoint that came or changed: <c>NEPHOS_REGENERATE=1</c> and this test write the files anew; look at the difference before committing it.
/// Where <c>CI</c> is set, every call must be pinned; elsewhere one that came meanwhile may still be missing, so that those who add calls at the same time do not wait for each other.
/// Whatever the files say, a stranger must not get at A's rows, nor see them in a list, and nobody gets anywhere without a good token.
/// </summary>
public sealed partial class AccessSweepTests(SweepCloud cloud) : IClassFixture<SweepCloud>
{
    private const string Folder = "tests/Conformance.Tests/Access/";

    /// <summary>The columns, from those who may least. "other" is a member of project B; the domain's admin is another domain's than A's, the manager that of A's.</summary>
    private static readonly string[] Names = ["none", "expired", "other", "reader", "member", "dom-admin", "dom-mgr", "sys-reader", "sys-admin", "admin"];

    /// <summary>Answers to a stranger that are right although the path names a row of A.</summary>
    private static readonly HashSet<string> OpenToStrangers = new(StringComparer.Ordinal)
    {
        "GET /compute/v2.1/os-quota-sets/{project_id}/defaults", // the cloud's defaults; upstream's rule is open to all
    };

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Variable();

    [Fact]
    public async Task Endpoints_AskedByEveryone_AnswerAsPinned()
    {
        var (personas, owner, admin) = await PersonasAsync();
        var leaks = new List<string>();
        var files = await Task.WhenAll(ServiceList.All().Select(s => s.Api).Select(async api => (api.Name, Text: await SweepAsync(api, personas, new AccessRows(admin, owner), leaks))));
        leaks.ShouldBeEmpty("these answers must never be given, whatever the files say");
        var stale = new List<string>();
        foreach (var (name, text) in files)
        {
            if (Environment.GetEnvironmentVariable("NEPHOS_REGENERATE") == "1") { Repository.ShouldHold($"{Folder}{name}.txt", text); }
            stale.AddRange(Changes(name, text));
        }
        stale.ShouldBeEmpty("who may do what has changed, or an endpoint came: if that is meant, NEPHOS_REGENERATE=1 dotnet test tests/Conformance.Tests --filter FullyQualifiedName~AccessSweep writes the files anew; look at them and commit them");
    }

    private static IEnumerable<string> Changes(string service, string text)
    {
        var file = Path.Combine(Repository.Root, Folder, service + ".txt");
        var (pinned, now) = (File.Exists(file) ? File.ReadAllLines(file) : [], text.TrimEnd('\n').Split('\n'));
        var known = pinned.Select(Key).ToHashSet(StringComparer.Ordinal);
        var every = Environment.GetEnvironmentVariable("CI") is { Length: > 0 };
        return pinned.Except(now).Select(l => "- " + l).Concat(now.Except(pinned).Where(l => every || known.Contains(Key(l))).Select(l => "+ " + l));

        static string Key(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2));
    }

    private async Task<(IReadOnlyList<TestUser> All, TestUser Owner, TestUser Admin)> PersonasAsync()
    {
        var admin = cloud.NewUser("admin");
        async Task<string> Make(string collection, string member, object body) => (await admin.Post("/identity/v3/" + collection, new Dictionary<string, object> { [member] = body })).Is(201)[member]["id"]!.ToString();
        var (a, b) = (await Make("projects", "project", new { name = "A" }), await Make("projects", "project", new { name = "B" }));
        var (userA, userB) = (await Make("users", "user", new { name = "a" }), await Make("users", "user", new { name = "b" }));
        // Rows are made again and again; limits are another test's.
        (await admin.Put($"/compute/v2.1/os-quota-sets/{a}", new { quota_set = new { instances = -1, cores = -1, ram = -1, server_groups = -1 } })).Is(200);
        (await admin.Put($"/networking/v2.0/quotas/{a}", new { quota = new { network = -1, subnet = -1, port = -1, router = -1, floatingip = -1, security_group = -1, security_group_rule = -1 } })).Is(200);
        var domain = await Make("domains", "domain", new { name = "other" });
        var expired = await cloud.LoginAsync("admin", "secret", "admin");
        await TestCloud.Until(async () => (await expired.Get("/compute/v2.1/servers")).Status, s => s == 401, "the token to expire");
        TestUser Who(string user, string[] roles, string? project = null, string? domainId = null, string? system = null)
        {
            var identity = new Identity
            {
                UserId = user,
                UserName = "u",
                ProjectId = project,
                ProjectDomainId = project is null ? null : "default",
                DomainId = domainId,
                SystemScope = system,
                Roles = roles,
                ExpiresAt = DateTime.MaxValue,
            };
            return new TestUser(cloud.Client(), TestTokens.Encode(identity), identity);
        }
        string[] admins = ["admin", "manager", "member", "reader"];
        var member = Who(userA, ["member", "reader"], a);
        return ([
            cloud.Anonymous, expired, Who(userB, ["member", "reader"], b), Who(userA, ["reader"], a), member, Who(NewId.Hex(), admins, domainId: domain), Who(NewId.Hex(), admins[1..], domainId: "default"),
            Who(NewId.Hex(), ["reader"], system: "all"), Who(NewId.Hex(), admins, system: "all"), admin,
        ], member, admin);
    }

    private static async Task<string> SweepAsync(ServiceApi api, IReadOnlyList<TestUser> personas, AccessRows rows, List<string> leaks)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in api.Endpoints)
        {
            var name = AccessBodies.Name(endpoint);
            var line = new StringBuilder($"{api.Prefix}{endpoint.Path}{(endpoint.ActionName is { } act ? "#" + act : "")} {endpoint.Method}{Window(endpoint)}".PadRight(90));
            for (var i = 0; i < personas.Count; i++)
            {
                var kinds = new List<string>();
                var path = await PathAsync(endpoint, rows, kinds);
                var body = endpoint.Method is "POST" or "PUT" or "PATCH" ? await rows.FillAsync(AccessBodies.Of(endpoint)) : null;
                var reply = await personas[i].At(Version(endpoint)).Send(new HttpMethod(endpoint.Method), path, body);
                line.Append(' ').Append(reply.Status);
                var passed = reply.Status is >= 200 and < 300;
                if (i < 2 && !endpoint.IsPublic && reply.Status != 401) { Add(leaks, $"{name} answers {reply.Status} to {Names[i]}"); }
                if (reply.Status >= 500 && reply.Status != 501) { Add(leaks, $"{name} answers {reply} to {Names[i]}"); }
                if (Names[i] == "other" && passed && !endpoint.IsPublic)
                {
                    if (kinds.Exists(AccessRows.IsPrivate) && !OpenToStrangers.Contains(name)) { Add(leaks, $"{name} answers {reply.Status} to a stranger"); }
                    if (endpoint.Method == "GET" && kinds.Count == 0 && rows.PrivateIds.FirstOrDefault(id => reply.Text.Contains(id, StringComparison.Ordinal)) is { } seen) { Add(leaks, $"{name} shows {seen} to a stranger"); }
                }
                if (passed && endpoint.Method is not ("GET" or "HEAD")) { rows.Forget(kinds); }
            }
            lines.Add(line.ToString());
        }
        return $"{"# " + api.Name,-90} {string.Join(' ', Names)}\n{string.Join('\n', lines)}\n";
    }

    private static void Add(List<string> leaks, string leak)
    {
        lock (leaks) { leaks.Add(leak); }
    }

    private static async Task<string> PathAsync(Endpoint endpoint, AccessRows rows, List<string> kinds)
    {
        var segments = endpoint.Path.Split('/');
        for (var i = 1; i < segments.Length; i++)
        {
            if (!segments[i].StartsWith('{')) { continue; }
            if (AccessRows.Kind(endpoint.Api.Name, segments[i - 1]) is not { } kind)
            {
                segments[i] = AccessRows.Nobody;
                continue;
            }
            kinds.Add(kind);
            segments[i] = await rows.IdAsync(kind, endpoint.Method == "DELETE" && i == segments.Length - 1);
        }
        return endpoint.Api.Prefix + string.Join('/', segments);
    }

    private static string? Version(Endpoint endpoint) =>
        endpoint.Api.Versions is { } scheme ? $"{scheme.ServiceType} {(endpoint.MaxVersion < scheme.Max ? endpoint.MaxVersion : scheme.Max)}" : null;

    /// <summary>Told apart by it where a path has several.</summary>
    private static string Window(Endpoint endpoint) => endpoint.Api.Versions is { } scheme && endpoint.MaxVersion < scheme.Max ? $"<={endpoint.MaxVersion}" : "";
}
