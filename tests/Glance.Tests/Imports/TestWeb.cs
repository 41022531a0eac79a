using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Nephos.Glance.Tests.Imports;

/// <summary>A web server on the loopback, for what is imported.</summary>
internal sealed class TestWeb : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestWeb(WebApplication app, string url) => (_app, Url) = (app, url);

    /// <summary>Without a slash at the end.</summary>
    public string Url { get; }
    public int Port => new Uri(Url).Port;

    public byte[] Bytes { get; set; } = Disks.Raw();

    /// <summary>What this server says of the image when it stands for another Glance.</summary>
    public object? Description { get; set; }

    /// <summary>Tokens that came.</summary>
    public System.Collections.Concurrent.ConcurrentBag<string> Tokens { get; } = [];

    /// <summary>How many requests for the image came.</summary>
    public int Asked;

    /// <summary>Holds <c>/gated</c> half-way until it is opened.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<TestWeb> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        TestWeb? web = null;
        app.Run(http => web!.AnswerAsync(http));
        await app.StartAsync();
        return web = new TestWeb(app, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    private async Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref Asked);
        var path = http.Request.Path.Value!;
        if (http.Request.Headers["X-Auth-Token"].FirstOrDefault() is { } token) { Tokens.Add(token); }
        if (Description is { } description && System.Text.Json.JsonSerializer.SerializeToElement(description) is var told && path.StartsWith("/v2/images/" + told.GetProperty("id"), StringComparison.Ordinal))
        {
            if (path.EndsWith("/file", StringComparison.Ordinal)) { path = "/image"; }
            else
            {
                await http.Response.WriteAsJsonAsync(told);
                return;
            }
        }
        switch (path)
        {
            case "/image":
                var from = http.Request.GetTypedHeaders().Range?.Ranges.First().From ?? 0;
                if (from > 0) { http.Response.StatusCode = 206; }
                http.Response.ContentLength = Bytes.Length - from;
                await http.Response.Body.WriteAsync(Bytes.AsMemory((int)from));
                break;
            case "/gated":
                await http.Response.Body.WriteAsync(Bytes.AsMemory(0, Bytes.Length / 2));
                await http.Response.Body.FlushAsync();
                await Gate.Task.WaitAsync(http.RequestAborted);
                await http.Response.Body.WriteAsync(Bytes.AsMemory(Bytes.Length / 2));
                break;
            case "/cut":
                http.Response.ContentLength = Bytes.Length;
                await http.Response.Body.WriteAsync(Bytes.AsMemory(0, Bytes.Length / 2));
                http.Abort();
                break;
            case "/to":
                http.Response.Redirect(http.Request.Query["url"]!);
                break;
            case "/endless":
                while (!http.RequestAborted.IsCancellationRequested) { await http.Response.Body.WriteAsync(new byte[1 << 16], http.RequestAborted); }
                break;
            case "/silent":
                await Gate.Task.WaitAsync(http.RequestAborted);
                break;
            case "/drip":
                while (!http.RequestAborted.IsCancellationRequested)
                {
                    await http.Response.Body.WriteAsync(new byte[1], http.RequestAborted);
                    await http.Response.Body.FlushAsync(http.RequestAborted);
                    await Task.Delay(20, http.RequestAborted);
                }
                break;
            case "/bomb":
                // A gigabyte of zeros would come out of it.
                http.Response.Headers.ContentEncoding = "gzip";
                await http.Response.Body.WriteAsync(Bytes);
                break;
            case "/headers":
                for (var i = 0; i < 2000; i++) { http.Response.Headers["X-" + i] = new string('a', 100); }
                await http.Response.Body.WriteAsync(Bytes);
                break;
            case "/loop":
                http.Response.Redirect(Url + "/loop");
                break;
            default:
                http.Response.StatusCode = 404;
                break;
        }
    }

    public ValueTask DisposeAsync()
    {
        Gate.TrySetResult();
        return _app.DisposeAsync();
    }
}
