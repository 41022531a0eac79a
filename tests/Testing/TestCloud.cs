using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Host;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Keystone;
using Xunit;

namespace Nephos.Testing;

/// <summary>
/// The whole cloud in this process, with fake drivers and a database of its own that goes with it. One per test class (as a class fixture); each test
/// makes its own project with <see cref="NewUser"/>, so that tests share it and run side by side.
/// </summary>
public class TestCloud : IAsyncLifetime, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nephos-test-").FullName;
    private WebApplication? _app;
    private PostgresDatabase? _database;
    private Socket? _listener;

    /// <summary>Services instead of the product's list.</summary>
    protected virtual IReadOnlyList<INephosService>? Services_ => null;

    /// <summary>Replaces or adds registrations.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    /// <summary>True: answers on a free port of the loopback, for clients that are programs of their own; <see cref="Client"/> is none of them.</summary>
    protected virtual bool Listens => false;

    /// <summary>Where clients find it.</summary>
    public string Url { get; private set; } = "http://localhost";

    public string StateDirectory => _directory;
    public IServiceProvider Services => _app!.Services;
    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();
    public SagaProbe Probe { get; } = new();

    public async Task InitializeAsync()
    {
        if (Listens)
        {
            // Bound now and given to the server as it is: a port that was let go meanwhile could be anybody's.
            _listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}";
        }
        var options = new CloudOptions
        {
            Facts = new CloudFacts { StateDirectory = _directory, PublicUrl = Url, AdminPassword = "secret", Host = "host1" },
            Store = StoreFor(_directory),
            Node = NodeFor(_directory),
        };
        _app = CloudHost.Build(options, builder =>
        {
            if (_listener is { } listener) { builder.WebHost.UseKestrelCore().UseUrls(Url).UseSockets(o => o.CreateBoundListenSocket = _ => listener); } else { builder.WebHost.UseTestServer(); }
            builder.Services.AddSingleton<ISagaProbe>(Probe);
            builder.Services.AddSingleton(new KeystoneSettings { PasswordHashRounds = 4 });
            Configure(builder.Services);
            TestTokens.Wrap(builder.Services);
        }, Services_);
        await CloudHost.PrepareAsync(_app);
        await _app.StartAsync();
    }

    /// <summary>SQLite without fsync, or PostgreSQL when NEPHOS_TEST_POSTGRES holds a connection string.</summary>
    protected virtual StoreOptions StoreFor(string directory) => (_database = PostgresDatabase.CreateIfWanted()) is { } database ? new() { Directory = directory, Postgres = database.ConnectionString } : new() { Directory = directory, Synchronous = "OFF" };

    protected virtual Node.NodeOptions? NodeFor(string directory) => new()
    {
        Host = "host1",
        StateDirectory = Path.Combine(directory, "node"),
        ComputeDriver = "fake",
        NetworkDriver = "fake",
    };

    /// <summary>A user with roles on a fresh project (or the given one). Implied roles are the caller's to name.</summary>
    public TestUser NewUser(string role = "member", string? projectId = null) => NewUser(role switch
    {
        "admin" => ["admin", "manager", "member", "reader"],
        "member" => ["member", "reader"],
        _ => new[] { role },
    }, projectId);

    public TestUser NewUser(string[] roles, string? projectId = null)
    {
        var identity = new Identity
        {
            UserId = NewId.Hex(),
            UserName = "user",
            ProjectId = projectId ?? NewId.Hex(),
            ProjectName = "project",
            ProjectDomainId = "default",
            ProjectDomainName = "Default",
            Roles = roles,
            ExpiresAt = DateTime.MaxValue,
        };
        return new TestUser(Client(), TestTokens.Encode(identity), identity);
    }

    /// <summary>An administrator in a fresh project.</summary>
    public TestUser Admin => field ??= NewUser("admin");

    /// <summary>Nobody: no token.</summary>
    public TestUser Anonymous => new(Client(), null, null);

    /// <summary>Logs in at Keystone as a client does; the user's token is a real one. Without a project the scope is the user's default.</summary>
    public async Task<TestUser> LoginAsync(string user, string password, string? project = null, string domain = "Default")
    {
        var scope = project is null ? null : new { project = new { name = project, domain = new { name = domain } } };
        var identity = new { methods = new[] { "password" }, password = new { user = new { name = user, password, domain = new { name = domain } } } };
        return TestUser.LoggedIn(Client(), (await Anonymous.Post("/identity/v3/auth/tokens", scope is null ? new { auth = new { identity } } : new { auth = new { identity, scope } })).Is(201));
    }

    /// <summary>The administrator that the first start made, with a real token for the project <c>admin</c>.</summary>
    public Task<TestUser> LoginAdminAsync() => LoginAsync("admin", "secret", "admin");

    /// <summary>A project and a user with a role on it, made through Keystone's API and logged in with a real token.</summary>
    public async Task<TestUser> NewRealUserAsync(string role = "member")
    {
        var admin = await LoginAdminAsync();
        var name = "t-" + NewId.Hex()[..12];
        var project = (await admin.Post("/identity/v3/projects", new { project = new { name } })).Is(201)["project"]["id"]!.ToString();
        var user = (await admin.Post("/identity/v3/users", new { user = new { name, password = name } })).Is(201)["user"]["id"]!.ToString();
        var roleId = (await admin.Get("/identity/v3/roles?name=" + role)).Is(200)["roles"][0]!["id"]!.ToString();
        (await admin.Put($"/identity/v3/projects/{project}/users/{user}/roles/{roleId}")).Is(204);
        return await LoginAsync(name, name, name);
    }

    /// <summary>A client that gives up after a minute, so that a hanging request is a failure and not a wait.</summary>
    public HttpClient Client()
    {
        var client = _app!.GetTestClient();
        client.Timeout = TimeSpan.FromSeconds(60);
        return client;
    }

    /// <summary>Waits for a state that background work brings; fails with what was missing.</summary>
    public static async Task<T> Until<T>(Func<Task<T>> look, Func<T, bool> wanted, string what, int seconds = 60)
    {
        var deadline = Environment.TickCount64 + seconds * 1000L;
        while (true)
        {
            var seen = await look();
            if (wanted(seen)) { return seen; }
            if (Environment.TickCount64 > deadline) { throw new TimeoutException($"waited {seconds} s for {what}; last seen: {seen}"); }
            await Task.Delay(10);
        }
    }

    public virtual async Task DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
        _database?.Drop();
        Dispose();
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _listener?.Dispose();
        if (Directory.Exists(_directory)) { Directory.Delete(_directory, recursive: true); }
    }
}
