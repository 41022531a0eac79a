using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Nephos.Kernel.Telemetry;

/// <summary>
/// What the program tells of itself: one activity source, one meter, and the instruments that every service shares. They cost a null check each
/// while nobody listens. Names and units follow OpenTelemetry's conventions; Prometheus sees <c>nephos.request.duration</c> in seconds as
/// <c>nephos_request_duration_seconds</c>. Tag values come from small fixed sets: never ids, never what a client wrote.
/// </summary>
public static class Instruments
{
    public const string Name = "Nephos";

    /// <summary>Spans: a request, a saga and its steps, a reconciler's run, an external program.</summary>
    public static readonly ActivitySource Activities = new(Name);

    public static readonly Meter Meter = new(Name);

    /// <summary>Time from the first byte of a request to the last of its answer.</summary>
    private static readonly Histogram<double> RequestDuration = Meter.CreateHistogram("nephos.request.duration", "s", "Duration of API requests.", advice: Seconds(0.001, 10));

    private static readonly Gauge<long> Sagas = Meter.CreateGauge<long>("nephos.sagas", "{saga}", "Sagas by state: running, unwinding, stuck.");

    private static readonly Histogram<double> SagaStepDuration = Meter.CreateHistogram("nephos.saga.step.duration", "s", "Duration of saga steps.", advice: Seconds(0.001, 300));

    private static readonly Histogram<double> ReconcilerDuration = Meter.CreateHistogram("nephos.reconciler.duration", "s", "Duration of reconciler runs.", advice: Seconds(0.001, 300));

    private static readonly UpDownCounter<long> DatabaseWriters = Meter.CreateUpDownCounter<long>("nephos.db.writers", "{transaction}", "Transactions that hold or wait for the write lock.");

    private static readonly Histogram<double> DatabaseWriteWait = Meter.CreateHistogram("nephos.db.write.wait", "s", "Time that transactions waited for the write lock.", advice: Seconds(0.0001, 10));

    private static readonly Counter<long> DatabaseRetries = Meter.CreateCounter<long>("nephos.db.retries", "{transaction}", "Transactions that ran again because another had to win (deadlock, serialization).");

    /// <summary>An API request was answered.</summary>
    public static void Request(string service, string method, int status, TimeSpan duration) =>
        RequestDuration.Record(duration.TotalSeconds, new("service", service), new("method", method), new("status", status));

    /// <summary>The number of sagas in a state now, counted by whoever looks after them.</summary>
    public static void SagaCount(string state, long count) => Sagas.Record(count, new KeyValuePair<string, object?>("state", state));

    /// <summary>A step of a saga ended: done, failed, or undone.</summary>
    public static void SagaStep(string saga, string step, string outcome, TimeSpan duration) =>
        SagaStepDuration.Record(duration.TotalSeconds, new("saga", saga), new("step", step), new("outcome", outcome));

    /// <summary>A reconciler ran: ok or failed.</summary>
    public static void ReconcilerRun(string reconciler, string outcome, TimeSpan duration) =>
        ReconcilerDuration.Record(duration.TotalSeconds, new("reconciler", reconciler), new("outcome", outcome));

    /// <summary>A transaction began to wait for the write lock (+1) or let it go (-1).</summary>
    public static void DatabaseWriter(string database, int change) => DatabaseWriters.Add(change, new KeyValuePair<string, object?>("database", database));

    /// <summary>A transaction runs again.</summary>
    public static void DatabaseRetry(string database) => DatabaseRetries.Add(1, new KeyValuePair<string, object?>("database", database));

    /// <summary>A transaction got the write lock.</summary>
    public static void DatabaseWaited(string database, TimeSpan waited) => DatabaseWriteWait.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("database", database));

    /// <summary>Bucket limits 1, 2.5, 5 of each decade.</summary>
    private static InstrumentAdvice<double> Seconds(double from, double to)
    {
        var limits = new List<double>();
        for (var decade = from; decade <= to; decade *= 10)
        {
            limits.AddRange(new[] { decade, decade * 2.5, decade * 5 }.Select(l => Math.Round(l, 6)).Where(l => l <= to));
        }

        return new InstrumentAdvice<double> { HistogramBucketBoundaries = limits };
    }
}
