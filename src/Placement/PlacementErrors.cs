using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Placement;

/// <summary>
/// Placement's envelope, <c>{"errors": [{status, title, detail, code, request_id}]}</c> (API guideline "Errors"), its stable codes, and its words.
/// </summary>
internal sealed class PlacementErrors : IErrorWriter
{
    public const string ConcurrentUpdate = "placement.concurrent_update";
    public const string InventoryInUse = "placement.inventory.inuse";
    public const string DuplicateName = "placement.duplicate_name";
    public const string ProviderInUse = "placement.resource_provider.inuse";
    public const string CannotDeleteParent = "placement.resource_provider.cannot_delete_parent";
    public const string ProviderNotFoundCode = "placement.resource_provider.not_found";
    public const string DuplicateKey = "placement.query.duplicate_key";
    public const string BadValue = "placement.query.bad_value";
    public const string MissingValue = "placement.query.missing_value";
    private const string Undefined = "placement.undefined_code";

    /// <summary>Marks the 406 that says which versions there are.</summary>
    public const string UnacceptableVersion = "microversion-unsupported";

    public void Write(Utf8JsonWriter writer, ApiError error, string requestId) => Write(writer, error, requestId, withCode: true);

    /// <summary>The code is shown from 1.23 on. Who does not take JSON gets the error as a page.</summary>
    public (string ContentType, string Text)? Render(HttpContext http, ApiError error, string requestId)
    {
        if (!PlacementReplies.AcceptsJson(http.Request) && http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            var title = $"{error.Status} {Title(error.Status)}";
            return ("text/html; charset=UTF-8", $"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n  {System.Net.WebUtility.HtmlEncode(error.Message)}\n </body>\n</html>");
        }
        var version = http.Response.Headers["OpenStack-API-Version"].ToString().Split(' ')[^1];
        if (!ApiVersion.TryParse(version, out var spoken) || spoken >= new ApiVersion(1, 23)) { return null; }
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = WireJson.For(ApiVersion.None).Encoder })) { Write(writer, error, requestId, withCode: false); }
        return ("application/json", System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static void Write(Utf8JsonWriter writer, ApiError error, string requestId, bool withCode)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("errors");
        writer.WriteStartObject();
        writer.WriteNumber("status", error.Status);
        writer.WriteString("title", Title(error.Status));
        writer.WriteString("detail", error.Message);
        if (withCode) { writer.WriteString("code", error.Type is { } type && type.StartsWith("placement.", StringComparison.Ordinal) ? type : Undefined); }
        writer.WriteString("request_id", requestId);
        if (error.Status == 406 && error.Type == UnacceptableVersion)
        {
            writer.WriteString("max_version", Microversions.Scheme.Max.ToString());
            writer.WriteString("min_version", Microversions.Scheme.Min.ToString());
        }
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public ApiError Invalid(IReadOnlyList<WireFault> faults) => Schema(faults[0].Sentence, Keyword(faults[0].Kind), faults[0].Path);

    /// <summary>As the schema library says it in full, without the schema's own text, which it repeats.</summary>
    public static BadRequestError Schema(string sentence, string keyword, IReadOnlyList<string> path)
    {
        var schema = string.Concat(path.Select(p => $"['properties']['{p}']"));
        var instance = string.Concat(path.Select(p => $"['{p}']"));
        return new($"JSON does not validate: {sentence}\n\nFailed validating '{keyword}' in schema{schema}\n\nOn instance{instance}");
    }

    /// <summary>The same for the query string.</summary>
    public static BadRequestError QueryString(string sentence, string? keyword = null, string? name = null) => new(
        "Invalid query string parameters: " + sentence + (keyword is null ? "" : $"\n\nFailed validating '{keyword}' in schema{(name is null ? "" : $"['properties']['{name}']")}"));

    private static string Keyword(WireFaultKind kind) => kind switch
    {
        WireFaultKind.Type => "type",
        WireFaultKind.Required => "required",
        WireFaultKind.TooShort => "minLength",
        WireFaultKind.TooLong => "maxLength",
        WireFaultKind.Pattern => "pattern",
        WireFaultKind.Format => "format",
        WireFaultKind.OneOf => "enum",
        WireFaultKind.TooSmall => "minimum",
        WireFaultKind.TooLarge => "maximum",
        WireFaultKind.TooFewItems => "minItems",
        WireFaultKind.TooManyItems => "maxItems",
        WireFaultKind.Unknown or WireFaultKind.Key => "additionalProperties",
        _ => "uniqueItems",
    };
    public ApiError Malformed(string what) => new BadRequestError($"Malformed JSON: {what}");
    public ApiError Denied(string policy) => new ForbiddenError($"Policy does not allow {policy} to be performed.");

    public static ApiError ProviderNotFound(string id) => new NotFoundError($"No resource provider with uuid {id} found");

    public static ApiError ConsumerGeneration(long? expected, long? got) => new ConflictError(
        $"consumer generation conflict - expected {Show(expected, "null")} but got {Show(got, "None")}", ConcurrentUpdate);

    public static ApiError NoInventory(string resourceClass, string providerId) =>
        new ConflictError($"Unable to allocate inventory: Inventory for '{resourceClass}' on resource provider '{providerId}' invalid.");

    public static ApiError CapacityExceeded(string resourceClass, string providerId) => new ConflictError(
        $"Unable to allocate inventory: Unable to create allocation for '{resourceClass}' on resource provider '{providerId}'. The requested amount would exceed the capacity.");

    public static ApiError ConstraintsViolated(string resourceClass, string providerId) => new ConflictError(
        $"Unable to allocate inventory: Unable to create allocation for '{resourceClass}' on resource provider '{providerId}'. The requested amount would violate inventory constraints.");

    public static ApiError GenerationConflict() => new ConflictError("resource provider generation conflict", ConcurrentUpdate);

    private static string Show(long? value, string none) => value?.ToString(CultureInfo.InvariantCulture) ?? none;

    private static string Title(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
}
