using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Neutron;

/// <summary>Neutron's envelope: <c>{"NeutronError": {"type", "message", "detail"}}</c>; the type is the name of upstream's exception.</summary>
internal sealed class NeutronErrors : IErrorWriter
{
    public void Write(Utf8JsonWriter writer, ApiError error, string requestId)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("NeutronError");
        writer.WriteString("type", error.Type ?? TypeOf(error.Status));
        writer.WriteString("message", error.Status == 500 ? "Request Failed: internal server error while processing your request." : error.Message);
        writer.WriteString("detail", error.Detail);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public ApiError Invalid(IReadOnlyList<WireFault> faults) => new BadRequestError($"Invalid input for {faults[0].Field}. Reason: {faults[0].Sentence}.", "HTTPBadRequest");

    public ApiError Malformed(string what) => new BadRequestError("Body contains invalid data", "HTTPBadRequest");

    public ApiError Denied(string policy) => Disallowed($"rule:{policy}");

    public ApiError NoRoute() => Gone();

    /// <summary>403 in oslo.policy's words; <paramref name="rule"/> is the rule as it was asked.</summary>
    public static ApiError Disallowed(string rule) => new ForbiddenError($"{rule} is disallowed by policy", "PolicyNotAuthorized");

    /// <summary>404 where upstream does not say what is missing.</summary>
    public static ApiError Gone() => new NotFoundError("The resource could not be found.", "HTTPNotFound");

    /// <summary>400 that has no exception of its own upstream.</summary>
    public static ApiError Bad(string message) => new BadRequestError(message, "HTTPBadRequest");

    /// <summary>400 <c>InvalidInput</c>: facts that do not fit each other.</summary>
    public static ApiError InvalidInput(string reason) => new BadRequestError($"Invalid input for operation: {reason}.", "InvalidInput");

    /// <summary>400 <c>BadRequest</c> about a resource.</summary>
    public static ApiError BadRequest(string resource, string reason) => new BadRequestError($"Bad {resource} request: {reason}.", "BadRequest");

    public static ApiError NetworkNotFound(string id) => new NotFoundError($"Network {id} could not be found.", "NetworkNotFound");
    public static ApiError SubnetNotFound(string id) => new NotFoundError($"Subnet {id} could not be found.", "SubnetNotFound");
    public static ApiError PortNotFound(string id) => new NotFoundError($"Port {id} could not be found.", "PortNotFound");

    private static string TypeOf(int status) => status switch
    {
        400 => "HTTPBadRequest",
        401 => "HTTPUnauthorized",
        403 => "HTTPForbidden",
        404 => "HTTPNotFound",
        405 => "HTTPMethodNotAllowed",
        409 => "HTTPConflict",
        412 => "HTTPPreconditionFailed",
        413 => "HTTPRequestEntityTooLarge",
        500 => "HTTPInternalServerError",
        503 => "HTTPServiceUnavailable",
        _ => "HTTPError",
    };
}
