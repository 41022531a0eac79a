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
        var received = new ConcurrentDictionary<string, byte[]>(StringComparer.Ordinal);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0));
        await using var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received[context.Request.Path] = body.ToArray();
        });
        await collector.StartAsync();

        using (TelemetryExport.Start(new TelemetrySettings { OtlpEndpoint = new Uri(collector.Urls.First()) }, "1", "a"))
        {
            Instruments.Activities.StartActivity("a span of this test").ShouldNotBeNull().Dispose();
            Instruments.ReconcilerRun("test", "ok", TimeSpan.FromSeconds(1));
        }

        System.Text.Encoding.UTF8.GetString(received["/v1/traces"]).ShouldContain("a span of this test");
        System.Text.Encoding.UTF8.GetString(received["/v1/metrics"]).ShouldContain("nephos.reconciler.duration");
    }
}
