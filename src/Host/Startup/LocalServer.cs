using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Nephos.Host.Startup;

/// <summary>A server that listens nowhere: this process hands it requests and gets the answers back.</summary>
internal sealed class LocalServer : IServer
{
    private Func<IFeatureCollection, Task>? _handle;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken) where TContext : notnull
    {
        _handle = async features =>
        {
            var context = application.CreateContext(features);
            try
            {
                await application.ProcessRequestAsync(context).ConfigureAwait(false);
                application.DisposeContext(context, null);
            }
            catch (Exception error)
            {
                application.DisposeContext(context, error);
                throw;
            }
        };
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }

    /// <param name="path">Absolute, without a query.</param>
    /// <param name="body">JSON.</param>
    public async Task<LocalAnswer> SendAsync(string method, string path, string? token, byte[]? body)
    {
        IHeaderDictionary headers = new HeaderDictionary { ["Host"] = "localhost" };
        if (token is not null) { headers["X-Auth-Token"] = token; }
        if (body is not null) { (headers.ContentType, headers.ContentLength) = ("application/json", body.Length); }
        using var bytes = new MemoryStream();
        var answer = new HttpResponseFeature();
        var content = new StreamResponseBodyFeature(bytes);
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature { Protocol = "HTTP/1.1", Scheme = "http", Method = method, Path = path, RawTarget = path, Headers = headers, Body = new MemoryStream(body ?? []) });
        features.Set<IHttpResponseFeature>(answer);
        features.Set<IHttpResponseBodyFeature>(content);
        await (_handle ?? throw new InvalidOperationException("the server is not started"))(features).ConfigureAwait(false);
        await content.CompleteAsync().ConfigureAwait(false);
        return new LocalAnswer(answer.StatusCode, answer.Headers, Encoding.UTF8.GetString(bytes.ToArray()));
    }
}

/// <summary>What a <see cref="LocalServer"/> answered.</summary>
internal sealed record LocalAnswer(int Status, IHeaderDictionary Headers, string Text)
{
    public JsonNode Json() => JsonNode.Parse(Text)!;
}
