using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Configuration;
using Nephos.Kernel.Telemetry;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Telemetry;

public sealed class TelemetryExportTests
{
    [Fact]
    public void Start_NoEndpoint_MakesNothing() => TelemetryExport.Start(new TelemetrySettings(), "1", "a").ShouldBeNull();

    [Fact]
    public async Task Start_Endpoint_SendsSpansAndMetrics()
    {
        // Several of each may come: other tests make spans, too.
        var received = new ConcurrentQueue<(string Path, byte[] Body)>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0));
        await using var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue((context.Request.Path, body.ToArray()));
        });
        await collector.StartAsync();

        using (TelemetryExport.Start(new TelemetrySettings { OtlpEndpoint = new Uri(collector.Urls.First()) }, "1", "a"))
        {
            Instruments.Activities.StartActivity("a span of this test").ShouldNotBeNull().Dispose();
            Instruments.ReconcilerRun("test", "ok", TimeSpan.FromSeconds(1));
        }

        Sent("/v1/traces").ShouldContain("a span of this test");
        Sent("/v1/metrics").ShouldContain("nephos.reconciler.duration");

        string Sent(string path) => string.Concat(received.Where(r => r.Path == path).Select(r => System.Text.Encoding.UTF8.GetString(r.Body)));
    }
}
