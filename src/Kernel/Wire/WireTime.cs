using System.Globalization;

namespace Nephos.Kernel.Wire;

/// <summary>Times as the services write them. All are UTC.</summary>
public static class WireTime
{
    /// <summary><c>2026-11-22T07:09:25Z</c>: Nova, Glance, Neutron.</summary>
    public static string Seconds(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    public static string? Seconds(DateTime? time) => time is { } t ? Seconds(t) : null;
    /// <summary><c>2026-11-22T07:09:25.123456</c>: Nova's events and services, Cinder.</summary>
    public static string Micros(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'.'ffffff", CultureInfo.InvariantCulture);
    public static string? Micros(DateTime? time) => time is { } t ? Micros(t) : null;
    /// <summary><c>2026-11-22T07:09:25.000000Z</c>: Keystone.</summary>
    public static string MicrosZ(DateTime time) => Micros(time) + "Z";

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
