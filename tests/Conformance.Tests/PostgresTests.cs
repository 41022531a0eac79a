using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>The whole cloud on PostgreSQL.</summary>
public sealed class PostgresCloud : TestCloud, IAsyncLifetime
{
    private readonly PostgresServer _server = new();

    async Task IAsyncLifetime.InitializeAsync()
    {
        await _server.StartAsync();
        await InitializeAsync();
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await _server.DisposeAsync();
    }

    protected override StoreOptions StoreFor(string directory) => new() { Directory = directory, Postgres = _server.ConnectionString };
}

/// <summary>The same conversation on both databases: every service is asked to write, list in pages, and delete.</summary>
public abstract class DatabaseConversation(TestCloud cloud)
{
    [Fact]
    public async Task Conversation_ThroughAllServices_Works()
    {
        var admin = await cloud.LoginAdminAsync();
        var project = (await admin.Post("/identity/v3/projects", new { project = new { name = "demo" } })).Is(201)["project"]["id"]!.ToString();
        (await admin.Get("/identity/v3/projects?name=demo")).Is(200)["projects"].AsArray().Count.ShouldBe(1);
        (await admin.Get("/identity/v3/role_assignments?include_names=true&effective=true")).Is(200);
        var user = cloud.NewUser("member", project);

        var image = (await user.Post("/image/v2/images", new { name = "i", disk_format = "raw", container_format = "bare", extra = "x" })).Is(201)["id"]!.ToString();
        using (var bytes = new ByteArrayContent(new byte[1 << 20]))
        {
            bytes.Headers.ContentType = new("application/octet-stream");
            (await user.Put($"/image/v2/images/{image}/file", bytes)).Is(204);
        }
        (await user.Get("/image/v2/images?limit=1&sort_key=created_at")).Is(200);

        var network = (await user.Post("/networking/v2.0/networks", new { network = new { name = "blue" } })).Is(201)["network"]["id"]!.ToString();
        var subnet = (await user.Post("/networking/v2.0/subnets", new { subnet = new { network_id = network, cidr = "10.7.0.0/24", ip_version = 4 } })).Is(201)["subnet"]["id"]!.ToString();
        var router = (await user.Post("/networking/v2.0/routers", new { router = new { name = "r" } })).Is(201)["router"]["id"]!.ToString();
        (await user.Put($"/networking/v2.0/routers/{router}/add_router_interface", new { subnet_id = subnet })).Is(200);
        (await user.Get("/networking/v2.0/ports?sort_key=mac_address&sort_dir=desc&limit=2")).Is(200);

        var flavor = (await user.Get("/compute/v2.1/flavors")).Is(200)["flavors"][0]!["id"]!.ToString();
        var server = (await user.Post("/compute/v2.1/servers", new { server = new { name = "one", imageRef = image, flavorRef = flavor, networks = new[] { new { uuid = network } } } })).Is(202)["server"]["id"]!.ToString();
        await Status(user, server, "ACTIVE");
        (await user.Post($"/compute/v2.1/servers/{server}/action", """{"os-stop":null}""")).Is(202);
        await Status(user, server, "SHUTOFF");
        (await user.Get("/compute/v2.1/servers/detail?sort_key=display_name&limit=1&name=o")).Is(200)["servers"].AsArray().Count.ShouldBe(1);
        (await user.Delete($"/compute/v2.1/servers/{server}")).Is(204);
        await TestCloud.Until(async () => (await user.Get($"/compute/v2.1/servers/{server}")).Status, s => s == 404, "the server to be gone");

        (await user.Put($"/networking/v2.0/routers/{router}/remove_router_interface", new { subnet_id = subnet })).Is(200);
        (await user.Delete($"/networking/v2.0/routers/{router}")).Is(204);
        (await user.Delete($"/networking/v2.0/networks/{network}")).Is(204);
        (await user.Delete($"/image/v2/images/{image}")).Is(204);
        (await admin.Get("/placement/resource_providers")).Is(200);
        (await admin.Delete($"/identity/v3/projects/{project}")).Is(204);
    }

    private static Task Status(TestUser user, string server, string wanted) => TestCloud.Until(
        async () => (await user.Get($"/compute/v2.1/servers/{server}")).Is(200)["server"], s => s["status"]!.ToString() == wanted && s["OS-EXT-STS:task_state"] is null, $"the server to be {wanted}");
}

public sealed class SqliteConversation(TestCloud cloud) : DatabaseConversation(cloud), IClassFixture<TestCloud>;

public sealed class PostgresConversation(PostgresCloud cloud) : DatabaseConversation(cloud), IClassFixture<PostgresCloud>;

/// <summary>Two processes' worth of clouds on one database, with the keys of the first.</summary>
public sealed class TwoClouds : IAsyncLifetime
{
    private readonly PostgresServer _server = new();

    public OnServer First { get; private set; } = null!;
    public OnServer Second { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await _server.StartAsync();
        First = new OnServer(_server, null);
        await First.InitializeAsync();
        Second = new OnServer(_server, new StandingClock());
        var keys = Directory.CreateDirectory(Path.Combine(Second.StateDirectory, "fernet-keys"));
        foreach (var key in Directory.GetFiles(Path.Combine(First.StateDirectory, "fernet-keys"))) { File.Copy(key, Path.Combine(keys.FullName, Path.GetFileName(key))); }
        await Second.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await Second.DisposeAsync();
        await First.DisposeAsync();
        await _server.DisposeAsync();
    }

    public sealed class OnServer(PostgresServer server, TimeProvider? clock) : TestCloud
    {
        protected override StoreOptions StoreFor(string directory) => new() { Directory = directory, Postgres = server.ConnectionString };

        protected override Node.NodeOptions? NodeFor(string directory) => clock is null ? base.NodeFor(directory) : null;

        protected override void Configure(IServiceCollection services)
        {
            if (clock is not null) { services.AddSingleton(clock); }
        }
    }

    /// <summary>Tells the time, yet no time passes: nothing that is looked at again after a while is looked at again.</summary>
    private sealed class StandingClock : TimeProvider
    {
        public override long GetTimestamp() => 1;
    }
}

public sealed class TwoProcessesTests(TwoClouds clouds) : IClassFixture<TwoClouds>
{
    [Fact]
    public async Task Revocation_InOneProcess_HoldsInTheOtherWithoutItsLooking()
    {
        var user = await clouds.First.NewRealUserAsync("reader");
        var there = new TestUser(clouds.Second.Client(), user.Token, user.Identity);
        (await there.Get("/identity/v3/auth/projects")).Is(200);
        var admin = await clouds.First.LoginAdminAsync();
        (await admin.Patch($"/identity/v3/users/{user.UserId}", new { user = new { enabled = false } })).Is(200);
        (await user.Get("/identity/v3/auth/projects")).Is(401);
        // The second looks at the version once in a second of its clock, which stands: only the database can have told it.
        await TestCloud.Until(async () => (await there.Get("/identity/v3/auth/projects")).Status, s => s == 401, "the second process to hear that the user is disabled");
    }

    [Fact]
    public async Task Catalog_ChangedInOneProcess_IsSeenInTheOther()
    {
        var admin = await clouds.First.LoginAdminAsync();
        var there = new TestUser(clouds.Second.Client(), admin.Token, admin.Identity);
        Task<string> Shown() => Body(there, admin.Token!);
        (await Shown()).ShouldNotContain("told-by-the-database");
        (await admin.Post("/identity/v3/services", new { service = new { type = "told-by-the-database" } })).Is(201);
        await TestCloud.Until(Shown, text => text.Contains("told-by-the-database", StringComparison.Ordinal), "the new service in the token's catalog");
    }

    private static async Task<string> Body(TestUser who, string token) => (await who.Send(HttpMethod.Get, "/identity/v3/auth/tokens", null, ("X-Subject-Token", token))).Is(200).Text;
}
