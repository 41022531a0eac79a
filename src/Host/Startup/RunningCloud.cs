using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Console;
using Nephos.Contracts.Nova;
using Nephos.Glance;
using Nephos.Host.Control;
using Nephos.Kernel.Api;
using Nephos.Kernel.Configuration;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Telemetry;
using Nephos.Keystone;
using Nephos.Node;

namespace Nephos.Host.Startup;

/// <summary>The cloud in this process, from its configuration to Ctrl-C.</summary>
internal static class RunningCloud
{
    public static string Hint(string state) =>
        $"  export OS_CLIENT_CONFIG_FILE={Path.Combine(state, ClientFiles.CloudsYaml)} OS_CLOUD=nephos\n" +
        "  openstack network create blue && openstack subnet create --network blue --subnet-range 10.7.0.0/24 blue4\n" +
        "  openstack server create --image guest --flavor m1.tiny --network blue --wait one";

    public static async Task<int> RunAsync(ConfigFile config, TextWriter output, CancellationToken cancel)
    {
        var settings = config.Get<NephosSettings>();
        using var state = StateDirectory.Open(settings.StatePath, Console.Error);
        if (state is null || !CanListen(settings.Listen)) { return 1; }
        var options = Options(settings, state);
        using var telemetry = TelemetryExport.Start(settings.Telemetry, typeof(RunningCloud).Assembly.GetName().Version!.ToString(3), options.Facts.Host);
        var app = CloudHost.Build(options, builder =>
        {
            builder.Services.AddSingleton(config.Get<KeystoneSettings>());
            builder.Services.AddSingleton(config.Get<GlanceSettings>());
            Serve(builder, settings, state.Path);
        });
        await using (app.ConfigureAwait(false))
        {
            var models = CloudHost.BuildModelsAsync(app);
            await CloudHost.PrepareAsync(app, cancel).ConfigureAwait(false);
            await app.StartAsync(cancel).ConfigureAwait(false);
            ClientFiles.Write(options.Facts);
            if (options.Node is not null) { await HostKnownAsync(app.Services, cancel).ConfigureAwait(false); }
            // The first request is not to wait for them.
            await models.ConfigureAwait(false);
            var drivers = options.Node is null ? "no node" : settings.UsesRealDrivers ? "real drivers" : "fake drivers";
            output.WriteLine($"Nephos is ready at {options.Facts.PublicUrl}/identity/v3 ({drivers}; state in {state.Path}). A first server:");
            output.WriteLine(Hint(state.Path));
            output.Flush();
            CloudHost.Warm(app);
            // Ctrl-C reaches us as the cancellation of the command, SIGTERM likewise.
            using var stop = cancel.Register(app.Lifetime.StopApplication);
            await app.WaitForShutdownAsync(CancellationToken.None).ConfigureAwait(false);
        }
        output.WriteLine("Stopped. Guests and networks go on; the next `nephos up` adopts them.");
        return 0;
    }

    /// <summary>Tried before anything is started, since a server that cannot listen would take everything else down with it.</summary>
    private static bool CanListen(IPEndPoint address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen();
            return true;
        }
        catch (SocketException error)
        {
            Console.Error.WriteLine(error.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"nephos: {address} is in use by another program; choose another with --listen ADDR:PORT",
                SocketError.AddressNotAvailable => $"nephos: this machine has no address {address.Address}; choose one of its own with --listen ADDR:PORT",
                SocketError.AccessDenied => $"nephos: ports below 1024 need root; choose another than {address} with --listen ADDR:PORT",
                _ => $"nephos: cannot listen on {address}: {error.Message}",
            });
            return false;
        }
    }

    /// <summary>Ready means that a server can be made: the node has told Nova and Placement what it has. It takes milliseconds; after 10 s the cloud is ready without it, and says so.</summary>
    private static async Task HostKnownAsync(IServiceProvider services, CancellationToken cancel)
    {
        var host = services.GetRequiredService<CloudFacts>().Host;
        var hosts = services.GetRequiredService<IComputeHosts>();
        var deadline = Environment.TickCount64 + 10_000;
        while (!(await hosts.ListAsync(cancel).ConfigureAwait(false)).Any(h => h.Host == host && h.Up))
        {
            if (Environment.TickCount64 > deadline)
            {
                Console.Error.WriteLine($"nephos: the node {host} has not reported yet: servers cannot be made until it does (see the log)");
                return;
            }
            await Task.Delay(5, cancel).ConfigureAwait(false);
        }
    }

    private static CloudOptions Options(NephosSettings settings, StateDirectory state)
    {
        var scheme = settings.Tls.Certificate is null ? "http" : "https";
        var image = Preparation.GuestImage(settings);
        return new CloudOptions
        {
            Facts = new CloudFacts
            {
                StateDirectory = state.Path,
                PublicUrl = settings.PublicUrl?.ToString().TrimEnd('/') ?? $"{scheme}://{new IPEndPoint(Reachable(settings), settings.Listen.Port)}",
                Region = settings.Region,
                Host = HostName,
                AdminPassword = state.AdminPassword,
                PublicNetwork = Facts(settings.PublicNetwork),
                FirstImage = File.Exists(image) ? image : null,
            },
            Store = StoreOf(settings, state.Path),
            PolicyFile = settings.PolicyFile,
            Policy = settings.Policy.Options(),
            Audit = settings.Audit,
            Retention = new RetentionOptions { Sagas = settings.Retention.Sagas, Changes = settings.Retention.Audit, DeletedRows = settings.Retention.DeletedRows },
            Node = settings.Roles.Contains(Role.Node) ? Node(settings) : null,
        };
    }

    /// <summary>Where the services' databases are.</summary>
    internal static StoreOptions StoreOf(NephosSettings settings, string state) => new()
    {
        Directory = Path.Combine(state, "db"),
        Postgres = settings.Database.Provider == DatabaseProvider.Postgres ? settings.Database.Connection : null,
        Synchronous = settings.Database.Synchronous.ToString().ToUpperInvariant(),
    };

    /// <summary>This machine as a node.</summary>
    internal static NodeOptions Node(NephosSettings settings) => new()
    {
        Host = HostName,
        StateDirectory = Path.Combine(settings.StatePath, "node"),
        ComputeDriver = settings.UsesRealDrivers ? "qemu" : "fake",
        NetworkDriver = settings.UsesRealDrivers ? "linuxbridge" : "fake",
        HostIp = Reachable(settings).ToString(),
        Outbound = settings.PublicNetwork.Outbound,
        BridgeAddresses = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            ["public"] = [$"{settings.PublicNetwork.Gateway}/{settings.PublicNetwork.Cidr.PrefixLength}"],
        },
    };

    private static string HostName => Environment.MachineName.ToLowerInvariant();

    /// <summary>An address under which this machine reaches the APIs itself.</summary>
    private static IPAddress Reachable(NephosSettings settings) =>
        settings.Listen.Address is var address && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) ? IPAddress.Loopback : address;

    private static PublicNetworkFacts Facts(PublicNetworkSettings network)
    {
        var first = network.Cidr.BaseAddress.GetAddressBytes();
        var last = (byte[])first.Clone();
        for (var bit = network.Cidr.PrefixLength; bit < last.Length * 8; bit++) { last[bit / 8] |= (byte)(0x80 >> (bit % 8)); }
        last[^1]--; // the broadcast address
        var start = network.Gateway.GetAddressBytes();
        start[^1]++;
        return new PublicNetworkFacts
        {
            Name = network.Name,
            Cidr = network.Cidr.ToString(),
            Gateway = network.Gateway.ToString(),
            PoolStart = (network.PoolStart ?? new IPAddress(start)).ToString(),
            PoolEnd = (network.PoolEnd ?? new IPAddress(last)).ToString(),
        };
    }

    private static void Serve(WebApplicationBuilder builder, NephosSettings settings, string state)
    {
        builder.Services.AddSingleton<ControlServer>();
        builder.Services.AddSingleton(_ => new PrometheusMetrics(Instruments.Name));
        builder.WebHost.UseKestrelCore();
        if (settings.Tls.Certificate is not null) { builder.WebHost.UseKestrelHttpsConfiguration(); }
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = null; // uploads may pause
            kestrel.Listen(settings.Listen, listen =>
            {
                if (settings.Tls is { Certificate: { } certificate, Key: { } key }) { listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, key)); }
            });
            var socket = Path.Combine(state, ControlServer.SocketName);
            File.Delete(socket);
            kestrel.ListenUnixSocket(socket, listen => listen.Use(next => connection =>
            {
                connection.Features.Set(ControlConnection.Instance);
                return next(connection);
            }));
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Logging.SetMinimumLevel(settings.Log.Level switch
        {
            LogLevelChoice.Debug => LogLevel.Debug,
            LogLevelChoice.Warning => LogLevel.Warning,
            LogLevelChoice.Error => LogLevel.Error,
            _ => LogLevel.Information,
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (settings.Log.Format == LogFormat.Json)
        {
            builder.Logging.AddJsonConsole(json => { json.UseUtcTimestamp = true; json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"; });
        }
        else
        {
            builder.Logging.AddSimpleConsole(text => { text.SingleLine = true; text.UseUtcTimestamp = true; text.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff "; });
        }
    }
}
