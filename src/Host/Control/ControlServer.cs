using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Nephos.Contracts.Nova;
using Nephos.Glance.Metadefs;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Bootstrap;

namespace Nephos.Host.Control;

/// <summary>Marks connections that came through the control socket.</summary>
internal sealed class ControlConnection
{
    public static readonly ControlConnection Instance = new();
}

/// <summary>Answers <c>nephos status</c>, <c>down</c>, <c>saga resume</c> and <c>glance metadefs load</c> on the socket in the state directory, which only its owner can open.</summary>
internal sealed class ControlServer(
    CloudOptions options, IReadOnlyList<INephosService> services, IEnumerable<IStoreCheck> stores, IEnumerable<ISagaOverview> sagas, IEnumerable<ReconcilerLoop> reconcilers,
    IEnumerable<IComputeHosts> hosts, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    public const string SocketName = "control.sock";
    private readonly DateTime _start = clock.Now();

    public async Task HandleAsync(HttpContext http)
    {
        switch (http.Request.Method, http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            case ("GET", ["status"]):
                await JsonSerializer.SerializeAsync(http.Response.Body, await StatusAsync(http.RequestAborted).ConfigureAwait(false), ControlJson.Default.CloudStatus, http.RequestAborted).ConfigureAwait(false);
                break;
            case ("POST", ["stop"]):
                await http.Response.WriteAsync(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), http.RequestAborted).ConfigureAwait(false);
                lifetime.StopApplication();
                break;
            case ("POST", ["sagas", var id, "resume"]):
                var found = false;
                foreach (var engine in sagas) { found |= await engine.ResumeAsync(id, http.RequestAborted).ConfigureAwait(false); }
                http.Response.StatusCode = found ? 200 : 404;
                break;
            case ("POST", ["glance", "metadefs"]):
                var lines = await http.RequestServices.GetRequiredService<MetadefFiles>().LoadAsync(http.Request.Query["path"].ToString(), http.Request.Query["overwrite"] == "true", http.RequestAborted).ConfigureAwait(false);
                await http.Response.WriteAsync(string.Join('\n', lines), http.RequestAborted).ConfigureAwait(false);
                break;
            case ("POST", ["keystone", var command]):
                await MaintainAsync(http, command).ConfigureAwait(false);
                break;
            default:
                http.Response.StatusCode = 404;
                break;
        }
    }

    /// <summary>Arguments come as a form, since a password among them has no place in an address.</summary>
    private static async Task MaintainAsync(HttpContext http, string command)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted).ConfigureAwait(false);
        try
        {
            var lines = await http.RequestServices.GetRequiredService<KeystoneMaintenance>().RunAsync(command, form.ToDictionary(f => f.Key, f => f.Value.ToString()), http.RequestAborted).ConfigureAwait(false);
            await http.Response.WriteAsync(string.Join('\n', lines), http.RequestAborted).ConfigureAwait(false);
        }
        catch (ApiError error)
        {
            http.Response.StatusCode = 400;
            await http.Response.WriteAsync(error.Message, http.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Each service with whether it can answer: its database is there.</summary>
    public async Task<IReadOnlyList<ServiceStatus>> ServicesAsync(CancellationToken cancel)
    {
        var answers = new List<ServiceStatus>();
        foreach (var service in services)
        {
            var remark = "";
            try
            {
                foreach (var store in stores.Where(s => s.Service == service.Api.Name)) { await store.CheckAsync(cancel).ConfigureAwait(false); }
            }
            catch (Exception error) when (error is not OperationCanceledException) { remark = error.Message; }
            answers.Add(new ServiceStatus(service.Api.Name, service.Api.Type, remark.Length == 0, remark));
        }
        return answers;
    }

    private async Task<CloudStatus> StatusAsync(CancellationToken cancel)
    {
        var active = new List<SagaStatus>();
        foreach (var engine in sagas)
        {
            active.AddRange((await engine.ActiveAsync(cancel).ConfigureAwait(false))
                .Select(s => new SagaStatus(engine.Service, s.Id, s.Name, s.Resource, s.State.ToString().ToLowerInvariant(), s.CreatedAt, s.Error)));
        }
        var (nodes, halted) = (new List<NodeStatus>(), new List<HaltedStatus>());
        foreach (var list in hosts)
        {
            halted.AddRange((await list.HaltedAsync(cancel).ConfigureAwait(false)).Select(g => new HaltedStatus(g.ServerId, g.Host, g.Since, g.Reason)));
            nodes.AddRange((await list.ListAsync(cancel).ConfigureAwait(false)).Select(h => new NodeStatus(h.Host, h.Binary, h.Up, WireTime.Seconds(h.Seen))));
        }
        using var process = Process.GetCurrentProcess();
        return new CloudStatus(
            options.Facts.PublicUrl, _start, Environment.ProcessId, options.Node?.ComputeDriver == "fake" ? "fake" : options.Node is null ? "none" : "real",
            process.WorkingSet64 >> 20, await ServicesAsync(cancel).ConfigureAwait(false), nodes, halted, active,
            [.. reconcilers.Select(r => r.Status).Select(r => new ReconcilerLine(
                r.Name, r.LastRun is { } at ? WireTime.Seconds(at) : "never", r.Took is { } took ? $"{took.TotalMilliseconds:0.0} ms" : "", r.Report, r.Failed))]);
    }
}
