using System.Globalization;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Errors;

namespace Nephos.Kernel.Versions;

/// <summary>A microversion: <c>2.79</c>. Compared as two numbers.</summary>
public readonly record struct ApiVersion(int Major, int Minor) : IComparable<ApiVersion>
{
    public static readonly ApiVersion None = new(0, 0);

    public int CompareTo(ApiVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);
    public static bool operator <(ApiVersion a, ApiVersion b) => a.CompareTo(b) < 0;
    public static bool operator >(ApiVersion a, ApiVersion b) => a.CompareTo(b) > 0;
    public static bool operator <=(ApiVersion a, ApiVersion b) => a.CompareTo(b) <= 0;
    public static bool operator >=(ApiVersion a, ApiVersion b) => a.CompareTo(b) >= 0;
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    /// <summary>Parses <c>2.79</c>; no leading zeros, no signs, as upstream's pattern <c>^([1-9]\d*)\.([1-9]\d*|0)$</c>.</summary>
    public static bool TryParse(string? text, out ApiVersion version)
    {
        version = None;
        if (text is null || text.IndexOf('.', StringComparison.Ordinal) is not (> 0 and var dot)) { return false; }
        ReadOnlySpan<char> major = text.AsSpan(0, dot), minor = text.AsSpan(dot + 1);
        if (!Number(major, allowZero: false, out var a) || !Number(minor, allowZero: true, out var b)) { return false; }
        version = new ApiVersion(a, b);
        return true;
    }

    public static ApiVersion Parse(string text) => TryParse(text, out var version) ? version : throw new FormatException($"'{text}' is not a version");

    private static bool Number(ReadOnlySpan<char> text, bool allowZero, out int value)
    {
        value = 0;
        return text.Length is > 0 and < 6 && !text.ContainsAnyExceptInRange('0', '9') && (text[0] != '0' || (allowZero && text.Length == 1))
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>How a service negotiates microversions. Services without them have none of these.</summary>
/// <param name="ServiceType">The word in <c>OpenStack-API-Version: compute 2.79</c>.</param>
/// <param name="LegacyHeader">The older header that carries the bare version: <c>X-OpenStack-Nova-API-Version</c>; null when there never was one.</param>
/// <param name="Default">What a request without a header gets; upstream: the minimum.</param>
public sealed record VersionScheme(string ServiceType, string? LegacyHeader, ApiVersion Min, ApiVersion Max, ApiVersion Default)
{
    private const string Header = "OpenStack-API-Version";

    /// <summary>The word by which <c>Vary</c> names the header.</summary>
    public string Vary { get; init; } = Header;

    /// <summary>The error for a version that is none, where the service has words of its own.</summary>
    public Func<string, ApiError>? Malformed { get; init; }

    /// <summary>The error for a version out of range, likewise.</summary>
    public Func<string, ApiError>? Unacceptable { get; init; }

    /// <summary>The version asked for. <c>latest</c> is the maximum; the new header wins over the legacy one.</summary>
    public ApiVersion Negotiate(IHeaderDictionary headers)
    {
        string? asked = null;
        foreach (var line in headers[Header])
        {
            foreach (var part in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var space = part.IndexOf(' ', StringComparison.Ordinal);
                if (space > 0 && part.AsSpan(0, space).Equals(ServiceType, StringComparison.OrdinalIgnoreCase)) { asked = part[(space + 1)..].Trim(); }
            }
        }
        asked ??= LegacyHeader is null ? null : headers[LegacyHeader].FirstOrDefault();
        if (string.IsNullOrEmpty(asked)) { return Default; }
        if (asked.Equals("latest", StringComparison.OrdinalIgnoreCase)) { return Max; }
        if (!ApiVersion.TryParse(asked, out var version))
        {
            throw Malformed?.Invoke(asked) ?? new BadRequestError($"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.", "microversion-format");
        }
        return version >= Min && version <= Max
            ? version
            : throw Unacceptable?.Invoke(asked) ?? new ApiError(406, $"Version {version} is not supported by the API. Minimum is {Min} and maximum is {Max}.", "microversion-unsupported");
    }

    /// <summary>Says in the answer which version it is in.</summary>
    public void Announce(IHeaderDictionary headers, ApiVersion version)
    {
        headers[Header] = $"{ServiceType} {version}";
        headers.Append("Vary", Vary);
        if (LegacyHeader is not null)
        {
            headers[LegacyHeader] = version.ToString();
            headers.Append("Vary", LegacyHeader);
        }
    }
}
