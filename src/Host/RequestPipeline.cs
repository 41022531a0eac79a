using System.Text.Json;
using Nephos.Host.Control;
using Nephos.Kernel.Api;
using Nephos.Kernel.Telemetry;

namespace Nephos.Host;

/// <summary>
/// What happens to a request, outermost first: the control socket (its connections never reach an API) → what belongs to no service → the service
/// pipeline, which is one piece, since its parts (request id, token, route, microversion, policy, handler) need each other's findings.
/// </summary>
internal static class RequestPipeline
{
    public static void Compose(WebApplication app)
    {
        var services = app.Services.GetRequiredService<ServicePipeline>();
        var control = app.Services.GetService<ControlServer>();
        var metrics = app.Services.GetService<PrometheusMetrics>();
        // Consoles of servers; whoever answers a WebSocket accepts it.
        app.UseWebSockets();
        app.Run(async http =>
        {
            if (control is not null && http.Features.Get<ControlConnection>() is not null)
            {
                await control.HandleAsync(http).ConfigureAwait(false);
                return;
            }
            if (await services.HandleAsync(http).ConfigureAwait(false)) { return; }
            switch (http.Request.Path.Value)
            {
                case "/healthz" when control is not null:
                    var states = await control.ServicesAsync(http.RequestAborted).ConfigureAwait(false);
                    http.Response.StatusCode = states.All(s => s.Ready) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
                    http.Response.ContentType = "application/json";
                    await JsonSerializer.SerializeAsync(http.Response.Body, states, ControlJson.Default.IReadOnlyListServiceStatus, http.RequestAborted).ConfigureAwait(false);
                    break;
                case "/metrics" when metrics is not null:
                    await metrics.WriteAsync(http).ConfigureAwait(false);
                    break;
                default:
                    http.Response.StatusCode = StatusCodes.Status404NotFound;
                    break;
            }
        });
    }
}
