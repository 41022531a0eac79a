using System.Text.Json;
using System.Text.RegularExpressions;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone;

/// <summary>Keystone's envelope <c>{"error": {"code", "message", "title"}}</c> and its words; upstream: <c>keystone/exception.py</c>.</summary>
internal sealed partial class KeystoneErrors : IErrorWriter
{
    /// <summary>Secrets inside of an object that is shown whole.</summary>
    [GeneratedRegex("('(?:password|original_password|secret|token|blob)': )'(?:[^'\\\\]|\\\\.)*'?")]
    private static partial Regex Secrets();

    public void Write(Utf8JsonWriter writer, ApiError error, string requestId)
    {
        if (error is OAuth2.OAuth2Error oauth)
        {
            oauth.Write(writer);
            return;
        }
        if (error is Receipts.ReceiptError receipt)
        {
            receipt.Write(writer);
            return;
        }
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteNumber("code", error.Status);
        writer.WriteString("message", error.Message);
        writer.WriteString("title", Title(error.Status));
        if (error is AuthPluginError plugin)
        {
            writer.WritePropertyName("identity");
            JsonSerializer.Serialize(writer, plugin.Identity);
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public ApiError Invalid(IReadOnlyList<WireFault> faults) => faults[0] is { Path.Count: > 0 } fault
        ? new BadRequestError($"Invalid input for field/attribute {fault.Field}. Value: {(IsSecret(fault) ? "***" : Plain(fault.Value))}. {Sentence(fault)}")
        : new BadRequestError(faults[0].Sentence);

    /// <summary>Python quotes a text inside of others, but not one by itself.</summary>
    private static string Plain(string value) => value is ['\'', .. var text, '\''] ? text : Secrets().Replace(value, "$1'***'");

    /// <summary>What a secret holds is not repeated to whom reads over a shoulder, nor to a proxy's log.</summary>
    private static string Sentence(WireFault fault) => IsSecret(fault)
        ? fault with { Value = "the value" } is var hidden ? hidden.Sentence : "" : Secrets().Replace(fault.Sentence, "$1'***'");

    private static bool IsSecret(WireFault fault) => fault.Path.Any(p => p is "password" or "original_password" or "secret" or "token");

    public ApiError Malformed(string what) => new BadRequestError("The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.");
    public ApiError Denied(string policy) => new ForbiddenError($"You are not authorized to perform the requested action: {policy}.");
    public ApiError NoRoute() => new NotFoundError("The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.");
    public ApiError NoMethod(string method) => new(405, "The method is not allowed for the requested URL.");

    /// <summary>Python's <c>http.client.responses</c>.</summary>
    private static string Title(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        413 => "Request Entity Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
}

/// <summary>401 of which upstream tells the reason (<c>AuthPluginException</c>), with what a client may try instead.</summary>
internal sealed class AuthPluginError(string message) : ApiError(401, message)
{
    public IReadOnlyDictionary<string, object> Identity { get; init; } = new Dictionary<string, object>();
}

/// <summary>Errors in upstream's words.</summary>
internal static class Faults
{
    public static NotFoundError NotFound(string what, string id) => new($"Could not find {what}: {id}.");
    public static ConflictError Conflict(string type, string details) => new($"Conflict occurred attempting to store {type} - {details}.");
    public static ConflictError Duplicate(string type, string field, string value) => Conflict(type, $"Duplicate entry found with {field} {value}");
    /// <summary>Upstream's <c>ValidationError</c>.</summary>
    public static BadRequestError Expecting(string attribute, string target) =>
        new($"Expecting to find {attribute} in {target}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.");
    /// <summary>All failures to log in look alike.</summary>
    public static UnauthorizedError Unauthorized() => new();
    /// <summary>Upstream's <c>Forbidden</c>, which keeps its reason to itself.</summary>
    public static ForbiddenError Forbidden() => new("You are not authorized to perform the requested action.");
    /// <summary>Upstream's <c>ForbiddenAction</c>, which tells what is not allowed.</summary>
    public static ForbiddenError Forbidden(string action) => new($"You are not authorized to perform the requested action: {action}.");
}
