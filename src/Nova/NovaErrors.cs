using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Nova;

/// <summary>Nova's envelope, <c>{"itemNotFound": {"code": 404, "message": "..."}}</c>, and its words for faults of a body (<c>nova/api/openstack/wsgi.py</c>, <c>api/validation/validators.py</c>).</summary>
internal sealed class NovaErrors : IErrorWriter
{
    public void Write(Utf8JsonWriter writer, ApiError error, string requestId)
    {
        writer.WriteStartObject();
        writer.WriteStartObject(error.Status switch
        {
            400 => "badRequest",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "itemNotFound",
            405 => "badMethod",
            409 => "conflictingRequest",
            413 or 429 => "overLimit",
            415 => "badMediaType",
            501 => "notImplemented",
            503 => "serviceUnavailable",
            _ => "computeFault",
        });
        writer.WriteNumber("code", error.Status);
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public ApiError Invalid(IReadOnlyList<WireFault> faults)
    {
        var fault = faults[0];
        if (fault.Kind == WireFaultKind.Pattern && fault.Wanted is NovaLimits.NamePattern)
        {
            return new BadRequestError("An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.");
        }
        if (fault.Kind == WireFaultKind.Pattern && fault.Wanted is NovaLimits.ZonePattern)
        {
            return new BadRequestError("An invalid 'name' value was provided. The name must be: printable characters except :.Can not start or end with whitespace.");
        }
        // Upstream prints the value bare here and quoted in the sentence.
        var value = fault.Value is ['\'', .., '\''] quoted ? quoted[1..^1] : fault.Value;
        return new BadRequestError(fault.Path.Count > 0 ? $"Invalid input for field/attribute {fault.Field}. Value: {value}. {fault.Sentence}" : fault.Sentence);
    }

    public ApiError Malformed(string what) => new BadRequestError("Malformed request body");
    public ApiError NoRoute() => new NotFoundError("The resource could not be found.");
}
