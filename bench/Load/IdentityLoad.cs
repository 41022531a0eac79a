#pragma warning disable RS0030 // It measures time.
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;

namespace Nephos.Bench;

/// <summary>
/// The identity service under load: the table of docs/performance-identity.md. The same calls with the cloud's own few users, and with 100,000 users, 10,000 projects and 500,000 assignments that are
/// written straight into the database.
/// </summary>
internal static class IdentityLoad
{
    private const int Connections = 8;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(6), Short = TimeSpan.FromSeconds(3);
    private static readonly Uri Server = new(Cloud.Url);

    public static async Task RunAsync(string program, string state, Action<string, string, string> row)
    {
        var small = await PassAsync(program, state, row, "");
        Seed(Path.Combine(state, "db", "keystone.sqlite"));
        var large = await PassAsync(program, state, row, ", 100,000 users");
        foreach (var (what, few) in small)
        {
            if (large.TryGetValue(what, out var many)) { row($"{what}: 100,000 users against few", $"{(what.StartsWith("memory", StringComparison.Ordinal) ? $"{many - few:+#,##0;-#,##0} MiB" : $"{many / few:0.00} times")}", what.StartsWith("memory", StringComparison.Ordinal) ? "100 MiB" : "2 times"); }
        }
    }

    private static async Task<Dictionary<string, double>> PassAsync(string program, string state, Action<string, string, string> row, string size)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        using var cloud = await Cloud.StartAsync(program, state);
        await Task.Delay(4000);
        await cloud.LoginAsync();
        var http = cloud.Http;
        var token = http.DefaultRequestHeaders.GetValues("X-Auth-Token").Single();
        var user = (await Program.Get(http, "/identity/v3/users?name=admin"))["users"]![0]!["id"]!.ToString();
        (string, string)[] both = [("X-Auth-Token", token), ("X-Subject-Token", token)];

        void Load(string what, string aim, byte[] request, int status, Func<int, byte[]>? vary = null)
        {
            RawLoad.Run(Server, Connections, TimeSpan.FromSeconds(2), request, status, vary);
            var result = RawLoad.Run(Server, Connections, Long, request, status, vary);
            figures[what] = 1e6 / result.PerSecond;
            row(what + size, $"{result.PerSecond.ToString("#,##0", CultureInfo.InvariantCulture)}/s, p50 {result.Ms(0.5):0.00} ms, p99 {result.Ms(0.99):0.00} ms{(result.Failed > 0 ? $", {result.Failed} FAILED" : "")}", aim);
        }

        Load("GET /v3/auth/tokens, concurrency 8", "20,000/s", RawLoad.Request("GET", "/identity/v3/auth/tokens", null, both), 200);
        Load("token for a token (same project), concurrency 8", "10,000/s", Login(new { identity = new { methods = new[] { "token" }, token = new { id = token } }, scope = new { project = new { id = cloud.ProjectId } } }), 201);
        var credential = await http.PostAsJsonAsync($"/identity/v3/users/{user}/application_credentials", new { application_credential = new { name = "bench" + size.Length, secret = "a secret of the bench" } });
        if (credential.IsSuccessStatusCode)
        {
            var id = JsonNode.Parse(await credential.Content.ReadAsStringAsync())!["application_credential"]!["id"]!.ToString();
            Load("application credential, concurrency 8", "the hash", Login(new { identity = new { methods = new[] { "application_credential" }, application_credential = new { id, secret = "a secret of the bench" } } }), 201);
        }
        var password = Login(new { identity = new { methods = new[] { "password" }, password = new { user = new { id = user, password = cloud.Password } } }, scope = new { project = new { id = cloud.ProjectId } } });
        var one = RawLoad.Run(Server, 1, Short, password, 201);
        row("password, one at a time" + size, $"{one.PerSecond:0.0}/s, {one.Ms(0.5):0} ms each", "bcrypt at cost 12");
        var storm = Task.Run(() => RawLoad.Run(Server, Connections, Long, password, 201));
        await Task.Delay(500);
        var calm = RawLoad.Run(Server, 1, Short, RawLoad.Request("GET", "/identity/v3/auth/tokens", null, both), 200);
        row("password, concurrency 8" + size, $"{(await storm).PerSecond:0.0}/s", "bound by the hash");
        row("GET /v3/auth/tokens meanwhile" + size, $"p50 {calm.Ms(0.5):0.00} ms, p99 {calm.Ms(0.99):0.00} ms, longest {calm.Micros[^1] / 1000:0.0} ms", "p99 5 ms");

        var users = size.Length > 0 ? 0 : 1000;
        for (var i = 0; i < users; i++) { await Program.Make(http, "/identity/v3/users", "user", new { name = $"bench-{i:0000}" }); }
        var times = new List<double>();
        for (var i = 0; i < 30; i++)
        {
            var watch = Stopwatch.StartNew();
            await http.GetByteArrayAsync("/identity/v3/users?limit=1000");
            times.Add(watch.Elapsed.TotalMilliseconds);
        }
        figures["GET /v3/users, 1,000 of them"] = times.Order().ElementAt(15);
        row("GET /v3/users, 1,000 of them" + size, $"{times.Order().ElementAt(15):0.0} ms (median of 30)", "20 ms");
        figures["memory, PSS"] = cloud.PssMib();
        row("memory, PSS" + size, $"{cloud.PssMib()} MiB", "");
        await cloud.StopAsync();
        return figures;
    }

    private static byte[] Login(object auth) => RawLoad.Request("POST", "/identity/v3/auth/tokens", JsonSerializer.Serialize(new { auth }));

    /// <summary>Ids are 32 hexadecimal digits, as the program makes them; each user has five assignments.</summary>
    private static void Seed(string file)
    {
        using var db = new SqliteConnection($"Data Source={file}");
        db.Open();
        foreach (var sql in new[]
        {
            "PRAGMA synchronous=OFF",
            "BEGIN",
            """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<10000) INSERT INTO projects(id,domain_id,name,description,enabled,is_domain,parent_id,options,extra) SELECT printf('a%031x',i),'default','seeded-'||i,'',1,0,'default','{}','{}' FROM n""",
            """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100000) INSERT INTO users(id,domain_id,name,enabled,options,extra,created_at,failed_auth_count) SELECT printf('b%031x',i),'default','seeded-'||i,1,'{}','{}','2026-01-01 00:00:00',0 FROM n""",
            """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<499999) INSERT INTO role_assignments(actor_type,actor_id,target_type,target_id,role_id,inherited) SELECT (SELECT actor_type FROM role_assignments WHERE target_type LIKE '%roject' LIMIT 1),printf('b%031x',i/5+1),(SELECT target_type FROM role_assignments WHERE target_type LIKE '%roject' LIMIT 1),printf('a%031x',(i*7919)%10000+1),(SELECT id FROM roles WHERE name='member'),0 FROM n WHERE 1 ON CONFLICT DO NOTHING""",
            "COMMIT",
            "ANALYZE",
        })
        {
            using var command = db.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }
}
