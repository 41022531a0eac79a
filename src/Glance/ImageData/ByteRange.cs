using System.Globalization;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.ImageData;

/// <summary>A part of an image: first byte and how many.</summary>
public readonly record struct ByteRange(long Start, long Length)
{
    /// <summary>The part that <c>Range</c> asks for (RFC 9110, 14.2, one range only, as upstream); null when it asks for none.</summary>
    public static ByteRange? Parse(string? header, long size)
    {
        if (header is null) { return null; }
        if (header.Contains(',', StringComparison.Ordinal)) { throw new BadRequestError("Requests with multiple ranges are not supported in Glance. You may make multiple single-range requests instead."); }
        var dash = header.IndexOf('-', StringComparison.Ordinal);
        if (!header.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) || dash < 0) { throw Unsatisfiable("Invalid Range header.", size); }
        var first = Number(header[6..dash].Trim());
        var last = Number(header[(dash + 1)..].Trim());
        if (first is null)
        {
            // The last so many bytes.
            if (last is not > 0 || size == 0 || header[6..dash].Trim().Length > 0) { throw Unsatisfiable("Invalid Range header.", size); }
            var length = Math.Min(last.Value, size);
            return new ByteRange(size - length, length);
        }
        if (last is null && header[(dash + 1)..].Trim().Length > 0 || last < first) { throw Unsatisfiable("Invalid Range header.", size); }
        if (first >= size)
        {
            throw Unsatisfiable($"Invalid start position in Range header. Start position MUST be in the inclusive range [0, {size - 1}].", size);
        }
        return new ByteRange(first.Value, Math.Min(last ?? (size - 1), size - 1) - first.Value + 1);
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static ApiError Unsatisfiable(string message, long size) => new(416, message)
    {
        Headers = new Dictionary<string, string> { ["Content-Range"] = string.Create(CultureInfo.InvariantCulture, $"bytes */{size}") },
    };
}
