using System.Globalization;

namespace Nephos.Kernel.Wire;

/// <summary>Times as the services write them. All are UTC.</summary>
public static class WireTime
{
    /// <summary><c>2026-11-22T07:09:25Z</c>: Nova, Glance, Neutron.</summary>
    public static string Seconds(DateTime time) => string.Create(SecondsLength, time, static (text, t) => FormatSeconds(t, text));
    public static string? Seconds(DateTime? time) => time is { } t ? Seconds(t) : null;
    /// <summary><c>2026-11-22T07:09:25.123456</c>: Nova's events and services, Cinder.</summary>
    public static string Micros(DateTime time) => string.Create(MicrosLength, time, static (text, t) => FormatMicros(t, text));
    public static string? Micros(DateTime? time) => time is { } t ? Micros(t) : null;
    /// <summary><c>2026-11-22T07:09:25.000000Z</c>: Keystone.</summary>
    public static string MicrosZ(DateTime time) => Micros(time) + "Z";

    internal const int SecondsLength = 20, MicrosLength = 26;

    internal static void FormatSeconds(DateTime time, Span<char> text)
    {
        // The sortable format, which has a way of its own that costs a tenth of a custom one.
        time.TryFormat(text, out var length, "s", CultureInfo.InvariantCulture);
        text[length] = 'Z';
    }

    internal static void FormatMicros(DateTime time, Span<char> text)
    {
        time.TryFormat(text, out var length, "s", CultureInfo.InvariantCulture);
        text[length++] = '.';
        (time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond).TryFormat(text[length..], out _, "000000", CultureInfo.InvariantCulture);
    }

    /// <summary>Cuts to microseconds, so that what was written equals what is read back from any database.</summary>
    public static DateTime Cut(DateTime time) => new(time.Ticks - time.Ticks % 10, DateTimeKind.Utc);

    /// <summary>Parses an ISO 8601 time; without a zone it is UTC.</summary>
    public static bool TryParse(string? text, out DateTime time)
    {
        var ok = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed);
        time = Cut(parsed.UtcDateTime);
        return ok;
    }
}

/// <summary>The clock, read as the cloud keeps time.</summary>
public static class ClockExtensions
{
    /// <summary>UTC, cut to microseconds.</summary>
    public static DateTime Now(this TimeProvider clock) => WireTime.Cut(clock.GetUtcNow().UtcDateTime);
}
