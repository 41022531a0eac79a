using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Receipts;

/// <summary>401 of a login that lacks a method: a body of its own with the methods that are wanted, and the receipt in a header. Upstream: <c>keystone/receipt/handlers.py</c>.</summary>
internal sealed class ReceiptError(string receipt, ReceiptView view, IReadOnlyList<IReadOnlyList<string>> required) : ApiError(401, "Insufficient auth methods received.")
{
    public const string Header = "Openstack-Auth-Receipt";

    public static ReceiptError Of(string receipt, ReceiptView view, IReadOnlyList<IReadOnlyList<string>> required) => new(receipt, view, required) { Headers = new Dictionary<string, string> { [Header] = receipt } };

    public string Receipt => receipt;

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("receipt");
        JsonSerializer.Serialize(writer, view, WireJson.For(Kernel.Versions.ApiVersion.None));
        writer.WritePropertyName("required_auth_methods");
        JsonSerializer.Serialize(writer, required);
        writer.WriteEndObject();
    }
}

/// <summary>A receipt as clients see it.</summary>
public sealed record ReceiptView(IReadOnlyList<string> Methods, NameInDomainView User, string ExpiresAt, string IssuedAt);
