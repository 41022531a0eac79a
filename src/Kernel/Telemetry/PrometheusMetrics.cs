using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Nephos.Kernel.Telemetry;

/// <summary>
/// Gathers measurements and writes them in Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Begins to gather when made.
/// Observable instruments, the runtime's own among them, are asked at each scrape and cost nothing between.
/// </summary>
public sealed class PrometheusMetrics : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Series of one instrument; more go together into one marked <c>overflow</c>, so that a tag gone wild cannot eat the memory.</summary>
    internal const int MaxSeries = 2000;

    /// <summary>OpenTelemetry's default bucket limits for instruments that advise none.</summary>
    private static readonly double[] DefaultLimits = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, Metric> _metrics = new();
    private readonly Lock _scrape = new();

    /// <param name="meters">Names of the meters to gather; without any, ours and the runtime's.</param>
    public PrometheusMetrics(params string[] meters)
    {
        string[] wanted = meters.Length > 0 ? meters : [Instruments.Name, "System.Runtime"];
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (wanted.Contains(instrument.Meter.Name))
            {
                listener.EnableMeasurementEvents(instrument, _metrics.GetOrAdd(instrument, static i => new Metric(i)));
            }
        };
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, metric) => ((Metric)metric!).Record(value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, metric) => ((Metric)metric!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, metric) => ((Metric)metric!).Record(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, metric) => ((Metric)metric!).Record(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, metric) => ((Metric)metric!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, metric) => ((Metric)metric!).Record(value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, metric) => ((Metric)metric!).Record((double)value, tags));
        _listener.Start();
    }

    /// <summary>Answers a scrape.</summary>
    public Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = ContentType;
        return context.Response.WriteAsync(Text(), context.RequestAborted);
    }

    /// <summary>Everything gathered so far.</summary>
    public string Text()
    {
        lock (_scrape)
        {
            _listener.RecordObservableInstruments();
        }

        var text = new StringBuilder();
        foreach (var metric in _metrics.Values.OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            metric.Write(text);
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>One instrument with its series.</summary>
    private sealed class Metric
    {
        private readonly ConcurrentDictionary<TagSet, MetricSeries> _series = new(new TagComparer());
        private readonly MetricKind _kind;
        private readonly bool _delta;
        private readonly double[]? _limits;
        private readonly string _help;

        public Metric(Instrument instrument)
        {
            _kind = MetricKinds.Of(instrument);
            _delta = MetricKinds.IsDelta(instrument);
            _limits = _kind == MetricKind.Histogram ? Limits(instrument) : null;
            _help = instrument.Description ?? "";
            Name = PrometheusNames.Metric(instrument.Name, instrument.Unit, _kind);
        }

        public string Name { get; }

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var lookup = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
            if (!lookup.TryGetValue(tags, out var series))
            {
                var set = _series.Count < MaxSeries ? new TagSet(tags.ToArray()) : TagSet.Overflow;
                series = _series.GetOrAdd(set, static (_, limits) => new MetricSeries(limits), _limits);
            }

            if (_limits is not null)
            {
                series.Observe(value);
            }
            else if (_delta)
            {
                series.Add(value);
            }
            else
            {
                series.Set(value);
            }
        }

        public void Write(StringBuilder text)
        {
            if (_series.IsEmpty)
            {
                return;
            }

            text.Append("# HELP ").Append(Name).Append(' ').Append(PrometheusNames.Escape(_help, quotes: false)).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(_kind switch { MetricKind.Counter => "counter", MetricKind.Gauge => "gauge", _ => "histogram" }).Append('\n');
            foreach (var (labels, series) in _series.Select(s => (Labels: PrometheusNames.Labels(s.Key.Tags), s.Value)).OrderBy(s => s.Labels, StringComparer.Ordinal))
            {
                var (sum, count, buckets) = series.Read();
                if (_limits is null)
                {
                    Line(text, "", labels, Number(sum));
                    continue;
                }

                var upTo = 0L;
                for (var i = 0; i < buckets.Length; i++)
                {
                    upTo += buckets[i];
                    var limit = $"le=\"{(i < _limits.Length ? Number(_limits[i]) : "+Inf")}\"";
                    Line(text, "_bucket", labels.Length == 0 ? limit : $"{labels},{limit}", upTo.ToString(CultureInfo.InvariantCulture));
                }

                Line(text, "_sum", labels, Number(sum));
                Line(text, "_count", labels, count.ToString(CultureInfo.InvariantCulture));
            }
        }

        private static double[] Limits(Instrument instrument) => instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } limits } => [.. limits],
            Histogram<long> { Advice.HistogramBucketBoundaries: { } limits } => [.. limits.Select(l => (double)l)],
            Histogram<int> { Advice.HistogramBucketBoundaries: { } limits } => [.. limits.Select(l => (double)l)],
            _ => DefaultLimits,
        };

        private void Line(StringBuilder text, string suffix, string labels, string value)
        {
            text.Append(Name).Append(suffix);
            if (labels.Length > 0)
            {
                text.Append('{').Append(labels).Append('}');
            }

            text.Append(' ').Append(value).Append('\n');
        }
    }
}
