using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Glance;

/// <summary>
/// Glance answers errors as its web framework does: a small HTML page, JSON <c>{message, code, title}</c> when the client asks for JSON rather than
/// HTML, plain text when it wants neither. 401 comes from the token middleware and has its envelope.
/// </summary>
internal sealed class GlanceErrors : IErrorWriter
{
    public (string ContentType, string Text)? Render(HttpContext http, ApiError error, string requestId)
    {
        if (error.Status == 401) { return null; }
        var title = Title(error.Status);
        var status = string.Create(CultureInfo.InvariantCulture, $"{error.Status} {title}");
        var accept = http.Request.Headers.Accept.ToString();
        var html = accept.Length == 0 || Takes(accept, "text/html");
        if (!html && Takes(accept, "application/json"))
        {
            var json = new Dictionary<string, string> { ["message"] = error.Message + "<br /><br />\n\n\n", ["code"] = status, ["title"] = title };
            return ("application/json", JsonSerializer.Serialize(json, WireJson.For(default)));
        }
        return html && accept.Length > 0
            ? ("text/html; charset=UTF-8", $"<html>\n <head>\n  <title>{status}</title>\n </head>\n <body>\n  <h1>{status}</h1>\n  {WebUtility.HtmlEncode(error.Message)}<br /><br />\n\n\n </body>\n</html>")
            : ("text/plain; charset=UTF-8", $"{status}\n\n{error.Message}\n\n\n   ");
    }

    public void Write(Utf8JsonWriter writer, ApiError error, string requestId)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteNumber("code", error.Status);
        writer.WriteString("title", Title(error.Status));
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public ApiError Invalid(IReadOnlyList<WireFault> faults) => new BadRequestError($"Provided object does not match schema 'image': {faults[0].Sentence}");
    public ApiError Malformed(string what) => new BadRequestError("Malformed JSON in request body.");
    public ApiError Denied(string policy) => new ForbiddenError($"You are not authorized to complete {policy} action.");
    public ApiError NoMethod(string method) => new(405, "The method specified is not allowed for this resource.");

    public static ApiError NoImage(string id) => new NotFoundError($"No image found with ID {id}");
    public static ApiError Schema(string reason) => new BadRequestError($"Provided object does not match schema 'image': {reason}");
    public static ApiError ReadOnly(string attribute) => new ForbiddenError($"Attribute '{attribute}' is read-only.");
    public static ApiError Reserved(string attribute) => new ForbiddenError($"Attribute '{attribute}' is reserved.");
    public static ApiError Transition(string from, string to) => new ConflictError($"Image status transition from {from} to {to} is not allowed");
    public static ApiError TooLarge(string message) => new(413, message);
    public static ApiError BadData(string message) => new(415, message);

    private static bool Takes(string accept, string type)
    {
        foreach (var part in accept.Split(',', StringSplitOptions.TrimEntries))
        {
            var media = part.Split(';', 2)[0].Trim();
            var refused = part.Contains(";q=0", StringComparison.Ordinal) && !part.Contains(";q=0.", StringComparison.Ordinal);
            if (!refused && (media == "*/*" || media == type || media == type[..(type.IndexOf('/', StringComparison.Ordinal) + 1)] + "*")) { return true; }
        }
        return false;
    }

    private static string Title(int status) => status switch
    {
        413 => "Request Entity Too Large",
        416 => "Requested Range Not Satisfiable",
        _ => ReasonPhrases.GetReasonPhrase(status),
    };
}
