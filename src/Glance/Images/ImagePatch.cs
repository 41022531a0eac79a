using System.Text.Json;
using System.Text.RegularExpressions;
using Nephos.Glance.Locations;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Images;

internal enum PatchOp { Add, Replace, Remove }

/// <summary>One change: what to do with which member.</summary>
/// <param name="FailsIfPresent">Adding what is there already is an error (draft 4), rather than a replacement (draft 10).</param>
internal sealed record ImageChange(PatchOp Op, IReadOnlyList<string> Path, JsonElement Value, bool FailsIfPresent)
{
    public string Name => Path[0];

    /// <summary>For <c>locations</c>: what was read of the value; null while clients may not change them.</summary>
    public IReadOnlyList<WantedLocation>? Locations { get; init; }
}

/// <summary>
/// Reads a JSON patch in Glance's two dialects, told apart by media type: <c>v2.1</c> has <c>{"op": "replace", "path": "/name", "value": ...}</c>,
/// <c>v2.0</c> <c>{"replace": "/name", "value": ...}</c>.
/// </summary>
internal static partial class ImagePatch
{
    public const string MediaType = "application/openstack-images-v2.1-json-patch";
    private const string OlderMediaType = "application/openstack-images-v2.0-json-patch";
    private static readonly string[] Operations = ["add", "remove", "replace"];

    [GeneratedRegex(@"/\s*?/")]
    private static partial Regex AdjacentSlashes();

    [GeneratedRegex("~[^01]")]
    private static partial Regex BadEscape();

    public static IReadOnlyList<ImageChange> Read(string? contentType, JsonElement body)
    {
        var media = contentType?.Split(';')[0].Trim();
        if (media is not MediaType and not OlderMediaType)
        {
            throw new ApiError(415, $"Image PATCH expects Content-Type one of: {OlderMediaType}, {MediaType}")
            {
                Headers = new Dictionary<string, string> { ["Accept-Patch"] = $"{OlderMediaType}, {MediaType}" },
            };
        }
        if (body.ValueKind != JsonValueKind.Array) { throw new BadRequestError("Request body must be a JSON array of operation objects."); }
        return [.. body.EnumerateArray().Select(raw => Change(raw, media == MediaType))];
    }

    private static ImageChange Change(JsonElement raw, bool isNewer)
    {
        if (raw.ValueKind != JsonValueKind.Object) { throw new BadRequestError("Operations must be JSON objects."); }
        var (op, pointer) = isNewer ? Newer(raw) : Older(raw);
        var path = Decode(pointer);
        CheckPath(op, path);
        var value = default(JsonElement);
        if (op != "remove" && !raw.TryGetProperty("value", out value)) { throw new BadRequestError($"Operation \"{op}\" requires a member named \"value\"."); }
        CheckChange(op, path, value);
        return new ImageChange(op switch { "add" => PatchOp.Add, "replace" => PatchOp.Replace, _ => PatchOp.Remove }, path, value, !isNewer);
    }

    private static (string Op, string Path) Newer(JsonElement raw)
    {
        var available = "It must be one of the following: " + string.Join(", ", Operations) + ".";
        if (!raw.TryGetProperty("op", out var op)) { throw new BadRequestError("Unable to find `op` in JSON Schema change. " + available); }
        if (op.ValueKind != JsonValueKind.String || !Operations.Contains(op.GetString())) { throw new BadRequestError($"Invalid operation: `{op}`. {available}"); }
        if (!raw.TryGetProperty("path", out var path)) { throw new BadRequestError("Unable to find 'path' in JSON Schema change"); }
        return (op.GetString()!, Text(path));
    }

    private static (string Op, string Path) Older(JsonElement raw)
    {
        var found = Operations.Where(o => raw.TryGetProperty(o, out _)).ToList();
        return found.Count switch
        {
            1 => (found[0], Text(raw.GetProperty(found[0]))),
            0 => throw new BadRequestError("Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\"."),
            _ => throw new BadRequestError("Operation objects must contain only one member named \"add\", \"remove\", or \"replace\"."),
        };
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new BadRequestError($"Pointer `{value}` does not start with \"/\".");

    /// <summary>JSON pointer (RFC 6901) in upstream's narrower form.</summary>
    private static string[] Decode(string pointer)
    {
        if (!pointer.StartsWith('/')) { throw new BadRequestError($"Pointer `{pointer}` does not start with \"/\"."); }
        if (AdjacentSlashes().IsMatch(pointer[1..])) { throw new BadRequestError($"Pointer `{pointer}` contains adjacent \"/\"."); }
        if (pointer.Length > 1 && pointer.EndsWith('/')) { throw new BadRequestError($"Pointer `{pointer}` end with \"/\"."); }
        if (BadEscape().IsMatch(pointer) || pointer.EndsWith('~')) { throw new BadRequestError($"Pointer `{pointer}` contains \"~\" not part of a recognized escape sequence."); }
        return [.. pointer.TrimStart('/').Split('/').Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal).Trim())];
    }

    private static void CheckPath(string op, string[] path)
    {
        var depth = path[0] == "locations" && op is "add" or "remove" && path[0] == "locations" ? 2 : 1;
        if (path.Length != depth) { throw new BadRequestError($"Invalid JSON pointer for this resource: '/{string.Join('/', path)}'"); }
    }

    private static void CheckChange(string op, string[] path, JsonElement value)
    {
        var name = path[0];
        if (ImageSchema.ReadOnly.Contains(name)) { throw GlanceErrors.ReadOnly(name); }
        if (ImageSchema.IsReserved(name)) { throw GlanceErrors.Reserved(name); }
        if (op == "remove" || name == "locations") { return; }
        if (ImageSchema.Fault(name, value) is { } fault) { throw GlanceErrors.Schema(fault); }
    }
}
