using System.Diagnostics.Metrics;

namespace Nephos.Kernel.Telemetry;

/// <summary>The tags of one series. Their order does not matter.</summary>
internal sealed class TagSet(KeyValuePair<string, object?>[] tags)
{
    /// <summary>Where measurements go when an instrument has too many series.</summary>
    public static readonly TagSet Overflow = new([new("overflow", "true")]);

    public KeyValuePair<string, object?>[] Tags { get; } = tags;
}

/// <summary>Finds a series by the tags of a measurement without copying them.</summary>
internal sealed class TagComparer : IEqualityComparer<TagSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, TagSet>
{
    public TagSet Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => new(alternate.ToArray());

    public bool Equals(TagSet? x, TagSet? y) => ReferenceEquals(x, y) || (x is not null && y is not null && Equals(x.Tags, y));

    public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, TagSet other)
    {
        if (alternate.Length != other.Tags.Length)
        {
            return false;
        }

        foreach (var tag in alternate)
        {
            var found = false;
            foreach (var mine in other.Tags)
            {
                found |= mine.Key == tag.Key && Equals(mine.Value, tag.Value);
            }

            if (!found)
            {
                return false;
            }
        }

        return true;
    }

    public int GetHashCode(TagSet set) => GetHashCode(set.Tags);

    public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
    {
        var hash = alternate.Length;
        foreach (var tag in alternate)
        {
            hash += HashCode.Combine(tag.Key, tag.Value); // A sum, so that order does not matter.
        }

        return hash;
    }
}

/// <summary>The value of one series.</summary>
/// <param name="limits">Upper limits of a histogram's buckets; null for a counter or gauge.</param>
internal sealed class MetricSeries(double[]? limits)
{
    private readonly long[] _buckets = new long[(limits?.Length ?? -1) + 1];
    private readonly Lock _lock = new();
    private long _count;
    private double _sum;

    public void Add(double value)
    {
        lock (_lock)
        {
            _sum += value;
        }
    }

    public void Set(double value)
    {
        lock (_lock)
        {
            _sum = value;
        }
    }

    public void Observe(double value)
    {
        var bucket = Array.BinarySearch(limits!, value);
        lock (_lock)
        {
            _buckets[bucket < 0 ? ~bucket : bucket]++;
            _count++;
            _sum += value;
        }
    }

    /// <summary>The sum or value, the number of observations, and how many fell into each bucket.</summary>
    public (double Sum, long Count, long[] Buckets) Read()
    {
        lock (_lock)
        {
            return (_sum, _count, [.. _buckets]);
        }
    }
}

/// <summary>How measurements of an instrument come together.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

internal static class MetricKinds
{
    public static MetricKind Of(Instrument instrument)
    {
        var type = instrument.GetType();
        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        return generic == typeof(Histogram<>) ? MetricKind.Histogram
            : generic == typeof(Counter<>) || generic == typeof(ObservableCounter<>) ? MetricKind.Counter
            : MetricKind.Gauge; // Prometheus has no up-down counter: what can fall is a gauge.
    }

    /// <summary>Whether each measurement is a difference; the others are the value itself.</summary>
    public static bool IsDelta(Instrument instrument)
    {
        var generic = instrument.GetType().GetGenericTypeDefinition();
        return generic == typeof(Counter<>) || generic == typeof(UpDownCounter<>);
    }
}
