using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Wire;

namespace Nephos.Kernel.Errors;

/// <summary>The envelope in which one service wraps its errors, and its words for what the shared parts find.</summary>
public interface IErrorWriter
{
    /// <summary>Writes the body of an error: <c>{"itemNotFound": {...}}</c>, <c>{"NeutronError": {...}}</c>, <c>{"error": {...}}</c>, ...</summary>
    void Write(Utf8JsonWriter writer, ApiError error, string requestId);

    /// <summary>The whole body where it depends on the request (what it accepts, its microversion) or is no JSON; null: <see cref="Write"/> makes it.</summary>
    (string ContentType, string Text)? Render(HttpContext http, ApiError error, string requestId) => null;

    /// <summary>Media type of the error body.</summary>
    string ContentType => "application/json";

    /// <summary>The body could be read but breaks the request's shape; all faults found are given, upstream names the first.</summary>
    ApiError Invalid(IReadOnlyList<WireFault> faults);

    /// <summary>The body is not JSON, or not an object with the wanted member.</summary>
    ApiError Malformed(string what);

    /// <summary>Policy said no.</summary>
    ApiError Denied(string policy) => new ForbiddenError($"Policy doesn't allow {policy} to be performed.");

    /// <summary>No route of the service matches.</summary>
    ApiError NoRoute() => new NotFoundError("The resource could not be found.");

    /// <summary>The path is known, the method is not.</summary>
    ApiError NoMethod(string method) => new(405, $"The method {method} is not allowed for this resource.");
}
