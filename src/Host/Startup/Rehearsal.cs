using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Kernel.Telemetry;
using Nephos.Keystone;
using Nephos.Node;
using Nephos.Node.Compute;

namespace Nephos.Host.Startup;

/// <summary>
/// Plays a user's first minutes after a start, so that no user waits for them: makes a network and a few servers and deletes them, in a cloud of its own in this process, with fake drivers and a folder
/// that is thrown away. What stays is compiled code: EF translates and compiles a query at its first use, and much of the framework's generic code over our types cannot be compiled ahead, which
/// together takes a second and is the same for both clouds. The user's cloud sees nothing of it: no row, no log line, no measurement, no audit event, no guest.
/// </summary>
internal static class Rehearsal
{
    /// <summary>In the state directory; what a killed process left of it goes at the next start.</summary>
    private const string Folder = "rehearsal";

    private const string Password = "rehearsal";

    /// <summary>The runtime counts calls only after a tenth of a second in which nothing new was called, and compiles with all optimisations what was called 30 times since.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(250);

    /// <summary>Servers at once after the first; below the default quota of ten.</summary>
    private const int Servers = 8;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(string state, ILogger log, CancellationToken stopping)
    {
        var folder = Path.Combine(state, Folder);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        stop.CancelAfter(Limit);
        try
        {
            if (Directory.Exists(folder)) { Directory.Delete(folder, recursive: true); }
            GuestFolders.MakePrivate(folder);
            await PlayAsync(folder, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The program ends.
        }
        catch (Exception error)
        {
            log.LogWarning(error, "the rehearsal after the start failed; the first servers will take a second longer");
        }
        finally
        {
            if (Directory.Exists(folder)) { Directory.Delete(folder, recursive: true); }
        }
        // The second cloud's memory goes back to the machine.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private static async Task PlayAsync(string folder, CancellationToken cancel)
    {
        Instruments.Silence();
        var image = Path.Combine(folder, "guest.qcow2");
        FakeGuestImage.Write(image);
        var server = new LocalServer();
        var app = CloudHost.Build(
            new CloudOptions
            {
                Facts = new CloudFacts { StateDirectory = folder, PublicUrl = "http://localhost", AdminPassword = Password, Host = "rehearsal", FirstImage = image },
                Store = new StoreOptions { Directory = Path.Combine(folder, "db"), Synchronous = "OFF" },
                Node = new NodeOptions { Host = "rehearsal", StateDirectory = Path.Combine(folder, "node"), ComputeDriver = "fake", NetworkDriver = "fake" },
            },
            builder =>
            {
                builder.Services.AddSingleton<IServer>(server);
                // The cheapest hash: nobody logs in here but us.
                builder.Services.AddSingleton(new KeystoneSettings { PasswordHashRounds = 4 });
            });
        await using (app.ConfigureAwait(false))
        {
            await CloudHost.PrepareAsync(app, cancel).ConfigureAwait(false);
            await app.StartAsync(cancel).ConfigureAwait(false);
            try { await new Player(server, cancel).PlayAsync().ConfigureAwait(false); }
            finally { await app.StopAsync(CancellationToken.None).ConfigureAwait(false); }
        }
    }

    /// <summary>The user.</summary>
    private sealed class Player(LocalServer server, CancellationToken cancel)
    {
        private string? _token;

        public async Task PlayAsync()
        {
            var domain = new JsonObject { ["id"] = "default" };
            var login = await SendAsync("POST", "/identity/v3/auth/tokens", new JsonObject
            {
                ["auth"] = new JsonObject
                {
                    ["identity"] = new JsonObject { ["methods"] = new JsonArray("password"), ["password"] = new JsonObject { ["user"] = new JsonObject { ["name"] = "admin", ["domain"] = domain, ["password"] = Password } } },
                    ["scope"] = new JsonObject { ["project"] = new JsonObject { ["name"] = "admin", ["domain"] = domain.DeepClone() } },
                },
            }).ConfigureAwait(false);
            _token = login.Headers["X-Subject-Token"].ToString();
            var network = IdOf(await MakeAsync("/networking/v2.0/networks", "network", new JsonObject { ["name"] = "rehearsal" }).ConfigureAwait(false));
            await MakeAsync("/networking/v2.0/subnets", "subnet", new JsonObject { ["network_id"] = network, ["cidr"] = "10.0.0.0/24", ["ip_version"] = 4 }).ConfigureAwait(false);
            var image = IdOf((await UntilAsync("/image/v2/images", found => found["images"]![0]!["status"]!.ToString() == "active").ConfigureAwait(false))["images"]![0]!);
            // So small that every machine has room for all.
            var flavor = IdOf(await MakeAsync("/compute/v2.1/flavors", "flavor", new JsonObject { ["name"] = "rehearsal", ["vcpus"] = 1, ["ram"] = 1, ["disk"] = 0 }).ConfigureAwait(false));

            async Task BuildAsync(int number)
            {
                var made = IdOf(await MakeAsync("/compute/v2.1/servers", "server", new JsonObject
                {
                    ["name"] = string.Create(CultureInfo.InvariantCulture, $"rehearsal-{number}"), ["imageRef"] = image, ["flavorRef"] = flavor, ["networks"] = new JsonArray(new JsonObject { ["uuid"] = network }),
                }).ConfigureAwait(false));
                await UntilAsync("/compute/v2.1/servers/" + made, found => found["server"]!["status"]!.ToString() != "BUILD").ConfigureAwait(false);
            }

            async Task ClearAsync()
            {
                foreach (var each in (await GetAsync("/compute/v2.1/servers/detail").ConfigureAwait(false))["servers"]!.AsArray()) { await SendAsync("DELETE", "/compute/v2.1/servers/" + IdOf(each!), null).ConfigureAwait(false); }
                await UntilAsync("/compute/v2.1/servers", found => found["servers"]!.AsArray().Count == 0).ConfigureAwait(false);
            }

            await BuildAsync(0).ConfigureAwait(false);
            await GetAsync("/networking/v2.0/ports").ConfigureAwait(false);
            await ClearAsync().ConfigureAwait(false);
            await Task.Delay(Settle, cancel).ConfigureAwait(false);
            await Task.WhenAll(Enumerable.Range(1, Servers).Select(BuildAsync)).ConfigureAwait(false);
            await ClearAsync().ConfigureAwait(false);
        }

        private static string IdOf(JsonNode resource) => resource["id"]!.ToString();

        private async Task<JsonNode> MakeAsync(string path, string member, JsonObject body) =>
            (await SendAsync("POST", path, new JsonObject { [member] = body }).ConfigureAwait(false)).Json()[member]!;

        private async Task<JsonNode> GetAsync(string path) => (await SendAsync("GET", path, null).ConfigureAwait(false)).Json();

        private async Task<JsonNode> UntilAsync(string path, Func<JsonNode, bool> wanted)
        {
            while (true)
            {
                var found = await GetAsync(path).ConfigureAwait(false);
                if (wanted(found)) { return found; }
                await Task.Delay(20, cancel).ConfigureAwait(false);
            }
        }

        private async Task<LocalAnswer> SendAsync(string method, string path, JsonObject? body)
        {
            cancel.ThrowIfCancellationRequested();
            var answer = await server.SendAsync(method, path, _token, body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body, JsonSerializerOptions.Default)).ConfigureAwait(false);
            return answer.Status < 400 ? answer : throw new UnreachableException($"{method} {path} answered {answer.Status}: {answer.Text}");
        }
    }
}
