using System.Runtime.CompilerServices;
using Nephos.Kernel.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Nephos.Kernel.Telemetry;

/// <summary>Sends traces and metrics by OTLP. Without an end point nothing is made, nor are OpenTelemetry's assemblies loaded.</summary>
public static class TelemetryExport
{
    /// <summary>Starts sending; null when none is configured. Disposing sends what is left, for at most a few seconds.</summary>
    /// <param name="instance">Tells processes apart: <c>service.instance.id</c>.</param>
    public static IDisposable? Start(TelemetrySettings settings, string version, string instance) =>
        settings.OtlpEndpoint is null ? null : Build(settings, version, instance);

    [MethodImpl(MethodImplOptions.NoInlining)] // Its body names OpenTelemetry's types: compiled, it loads them.
    private static Exporters Build(TelemetrySettings settings, string version, string instance)
    {
        var resource = ResourceBuilder.CreateDefault().AddService(settings.ServiceName, serviceVersion: version, serviceInstanceId: instance);
        var traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(Instruments.Name)
            .AddSource("Microsoft.AspNetCore") // The server's span: takes up the caller's traceparent.
            .AddOtlpExporter(o => To(o, "v1/traces"))
            .Build();
        var metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(Instruments.Name, "System.Runtime")
            .AddOtlpExporter(o => To(o, "v1/metrics"))
            .Build();
        return new Exporters(traces, metrics);

        void To(OtlpExporterOptions options, string path)
        {
            var root = settings.OtlpEndpoint!.AbsoluteUri;
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
            options.Endpoint = new Uri(root.EndsWith('/') ? root + path : $"{root}/{path}");
        }
    }

    private sealed class Exporters(TracerProvider traces, MeterProvider metrics) : IDisposable
    {
        public void Dispose()
        {
            traces.Dispose();
            metrics.Dispose();
        }
    }
}
