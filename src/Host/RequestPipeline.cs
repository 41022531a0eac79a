using Nephos.Kernel.Api;

namespace Nephos.Host;

/// <summary>
/// What happens to a request, outermost first. The service pipeline (request id, token, route, microversion, policy, handler) is one piece, since its
/// parts need each other's findings; only what belongs to no service stands beside it.
/// </summary>
internal static class RequestPipeline
{
    public static void Compose(WebApplication app)
    {
        var services = app.Services.GetRequiredService<ServicePipeline>();
        app.Run(async http =>
        {
            if (await services.HandleAsync(http).ConfigureAwait(false)) { return; }
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        });
    }
}
