using System.Globalization;
using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Placement;

/// <summary>
/// Placement's envelope, <c>{"errors": [{status, title, detail, code, request_id}]}</c> (API guideline "Errors"), its stable codes, and its words.
/// <c>code</c> is shown in every microversion; upstream begins with 1.23, and clients of older ones pass over it.
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

    public void Write(Utf8JsonWriter writer, ApiError error, string requestId)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("errors");
        writer.WriteStartObject();
        writer.WriteNumber("status", error.Status);
        writer.WriteString("title", Title(error.Status));
        writer.WriteString("detail", error.Message);
        writer.WriteString("code", error.Type is { } type && type.StartsWith("placement.", StringComparison.Ordinal) ? type : Undefined);
        writer.WriteString("request_id", requestId);
        if (error.Status == 406)
        {
            writer.WriteString("max_version", Microversions.Scheme.Max.ToString());
            writer.WriteString("min_version", Microversions.Scheme.Min.ToString());
        }
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public ApiError Invalid(IReadOnlyList<WireFault> faults) => new BadRequestError($"JSON does not validate: {faults[0].Sentence}");
    public ApiError Malformed(string what) => new BadRequestError($"Malformed JSON: {what}");
    public ApiError Denied(string policy) => new ForbiddenError($"{policy} is not permitted.");

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
