using System.Diagnostics.Metrics;
using Nephos.Kernel.Telemetry;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Telemetry;

public sealed class PrometheusMetricsTests : IDisposable
{
    private readonly Meter _meter = new("Test." + Nephos.Kernel.Ids.NewId.Hex());
    private readonly PrometheusMetrics _metrics;

    public PrometheusMetricsTests() => _metrics = new PrometheusMetrics(_meter.Name);

    public void Dispose()
    {
        _metrics.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Text_Counter_IsASumWithTotalInItsName()
    {
        var counter = _meter.CreateCounter<long>("test.requests", "{request}", "Requests\nso far.");
        counter.Add(2, new("service", "nova"), new("status", 200));
        counter.Add(3, new("status", 200), new("service", "nova"));
        counter.Add(1, new("service", "no\"v\\a\n"), new("status", 404));
        _metrics.Text().ShouldBe("""
            # HELP test_requests_total Requests\nso far.
            # TYPE test_requests_total counter
            test_requests_total{service="no\"v\\a\n",status="404"} 1
            test_requests_total{service="nova",status="200"} 5

            """);
    }

    [Fact]
    public void Text_Histogram_HasCumulativeBuckets()
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] };
        var histogram = _meter.CreateHistogram("test.duration", "s", "Time.", advice: advice);
        foreach (var value in new[] { 0.05, 0.1, 0.5, 5 })
        {
            histogram.Record(value, new KeyValuePair<string, object?>("service", "nova"));
        }

        _metrics.Text().ShouldBe("""
            # HELP test_duration_seconds Time.
            # TYPE test_duration_seconds histogram
            test_duration_seconds_bucket{service="nova",le="0.1"} 2
            test_duration_seconds_bucket{service="nova",le="1"} 3
            test_duration_seconds_bucket{service="nova",le="+Inf"} 4
            test_duration_seconds_sum{service="nova"} 5.65
            test_duration_seconds_count{service="nova"} 4

            """);
    }

    [Fact]
    public void Text_Gauges_ShowTheLastValue()
    {
        var gauge = _meter.CreateGauge<double>("test.load", "1", "Load.");
        gauge.Record(7);
        gauge.Record(0.25);
        var writers = _meter.CreateUpDownCounter<int>("test.writers");
        writers.Add(3);
        writers.Add(-1);
        var asked = 0;
        _meter.CreateObservableGauge("test.used", () => ++asked, "By");
        _metrics.Text();
        _metrics.Text().ShouldBe("""
            # HELP test_load Load.
            # TYPE test_load gauge
            test_load 0.25
            # HELP test_used_bytes 
            # TYPE test_used_bytes gauge
            test_used_bytes 2
            # HELP test_writers 
            # TYPE test_writers gauge
            test_writers 2

            """);
    }

    [Fact]
    public void Text_TooManySeries_GoTogether()
    {
        var counter = _meter.CreateCounter<int>("test.wild");
        for (var i = 0; i < PrometheusMetrics.MaxSeries + 50; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        _metrics.Text().ShouldContain("test_wild_total{overflow=\"true\"} 50\n");
    }

    [Fact]
    public void Text_ManyThreads_LoseNothing()
    {
        var counter = _meter.CreateCounter<int>("test.busy");
        Parallel.For(0, 10_000, i => counter.Add(1, new KeyValuePair<string, object?>("parity", i % 2)));
        var text = _metrics.Text();
        text.ShouldContain("test_busy_total{parity=\"0\"} 5000\n");
        text.ShouldContain("test_busy_total{parity=\"1\"} 5000\n");
    }

    [Fact]
    public void Record_KnownSeries_AllocatesNothing()
    {
        var histogram = _meter.CreateHistogram<double>("test.cheap");
        var (nova, ok) = ((object)"nova", (object)200);
        histogram.Record(1, new("service", nova), new("status", ok));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            histogram.Record(i, new("service", nova), new("status", ok));
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
    }

    [Fact]
    public void Text_OurMeterAndTheRuntimes_AreThereByDefault()
    {
        using var metrics = new PrometheusMetrics();
        Instruments.Request("nova", "GET", 200, TimeSpan.FromMilliseconds(3));
        // A state of this test alone: the gauge is for the whole process.
        Instruments.SagaCount("imagined", 0);
        var text = metrics.Text();
        text.ShouldContain("nephos_request_duration_seconds_bucket{method=\"GET\",service=\"nova\",status=\"200\",le=\"0.005\"}");
        text.ShouldContain("nephos_sagas{state=\"imagined\"} 0");
        text.ShouldContain("# TYPE dotnet_process_memory_working_set_bytes gauge");
    }
}
