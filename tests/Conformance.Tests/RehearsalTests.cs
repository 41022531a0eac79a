using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Nephos.Host.Startup;
using Nephos.Kernel.Telemetry;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>What the program plays to itself after a start: the whole of it works, and nothing of it is seen.</summary>
public sealed class RehearsalTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("nephos-rehearsal-").FullName;
    private readonly Messages _log = new();

    [Fact]
    public async Task Rehearsal_InAStateDirectory_SucceedsAndLeavesNothing()
    {
        // What a killed process left.
        Directory.CreateDirectory(Path.Combine(_state, "rehearsal", "db"));
        var mine = new AsyncLocal<bool>();
        var counted = new ConcurrentBag<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) => { if (instrument.Meter.Name == Instruments.Name) { all.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => { if (mine.Value) { counted.Add(instrument.Name); } });
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => { if (mine.Value) { counted.Add(instrument.Name); } });
        listener.Start();

        mine.Value = true;
        await Rehearsal.RunAsync(_state, _log, default);
        mine.Value = false;

        _log.All.ShouldBeEmpty();
        Directory.GetFileSystemEntries(_state).ShouldBeEmpty();
        counted.ShouldBeEmpty();
    }

    [Fact]
    public async Task Rehearsal_OfAProgramThatStops_EndsAndLeavesNothing()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Rehearsal.RunAsync(_state, _log, stop.Token).WaitAsync(TimeSpan.FromSeconds(20));
        _log.All.ShouldBeEmpty();
        Directory.GetFileSystemEntries(_state).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    private sealed class Messages : ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Enqueue($"{formatter(state, exception)} {exception}");
    }
}
