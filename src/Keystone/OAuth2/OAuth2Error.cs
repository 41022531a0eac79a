using System.Text.Json;
using Nephos.Kernel.Errors;

namespace Nephos.Keystone.OAuth2;

/// <summary>An error in OAuth2's own form (RFC 6749 5.2).</summary>
internal sealed class OAuth2Error(int status, string error, string description) : ApiError(status, description)
{
    public static OAuth2Error Client() => new(401, "invalid_client", "Client authentication failed.");

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("error", error);
        writer.WriteString("error_description", Message);
        writer.WriteEndObject();
    }
}
