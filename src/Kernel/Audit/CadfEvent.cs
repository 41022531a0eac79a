using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;

namespace Nephos.Kernel.Audit;

/// <summary>
/// One event in the form of pyCADF inside oslo.messaging's notification, as upstream sends it (<c>keystone/notifications.py</c>): <c>event_type</c>, <c>payload</c> with initiator, action, target,
/// observer, outcome and reason. Pure.
/// </summary>
internal sealed record CadfEvent
{
    public const string Success = "success", Failure = "failure";
    private const string AccountUser = "service/security/account/user";
    private static readonly Guid Namespace = new("4332ecab-770b-4288-a680-b9aca3b1b153");

    public required string EventType { get; init; }
    public required string Action { get; init; }
    public required string Outcome { get; init; }
    public required string TargetType { get; init; }
    public required string TargetId { get; init; }
    public required string Service { get; init; }
    public required string Observer { get; init; }
    public required RequestContext Context { get; init; }
    public Identity? Identity { get; init; }
    public string? UserId { get; init; }
    public string? UserName { get; init; }
    public string? DomainId { get; init; }
    public string? DomainName { get; init; }
    public string? Agent { get; init; }
    public int Status { get; init; }
    public string? Reason { get; init; }
    /// <summary>Further members of the payload: upstream's <c>role</c>, <c>project</c>, ...</summary>
    public IReadOnlyList<(string Name, string Value)> More { get; init; } = [];

    /// <summary>A line of the trail.</summary>
    public byte[] ToLine(string host)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("message_id", NewId.Uuid());
            json.WriteString("publisher_id", $"{Service}.{host}");
            json.WriteString("event_type", EventType);
            json.WriteString("priority", "INFO");
            json.WriteString("timestamp", Context.Now.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
            json.WritePropertyName("payload");
            Payload(json);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private void Payload(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("typeURI", "http://schemas.dmtf.org/cloud/audit/1.0/event");
        json.WriteString("eventType", "activity");
        json.WriteString("id", NewId.Uuid());
        json.WriteString("eventTime", Context.Now.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", CultureInfo.InvariantCulture));
        json.WriteString("action", Action);
        json.WriteString("outcome", Outcome);
        Initiator(json);
        json.WriteStartObject("target");
        json.WriteString("typeURI", TargetType);
        json.WriteString("id", TargetId);
        json.WriteEndObject();
        json.WriteStartObject("observer");
        json.WriteString("typeURI", Observer);
        json.WriteString("id", ResourceId(Service));
        json.WriteEndObject();
        if (Outcome == Failure)
        {
            json.WriteStartObject("reason");
            json.WriteString("reasonCode", Status.ToString(CultureInfo.InvariantCulture));
            json.WriteString("reasonType", Bounded(Reason) ?? "HTTP");
            json.WriteEndObject();
        }
        foreach (var (name, value) in More) { json.WriteString(name, value); }
        json.WriteEndObject();
    }

    private void Initiator(Utf8JsonWriter json)
    {
        json.WriteStartObject("initiator");
        json.WriteString("typeURI", AccountUser);
        var user = UserId ?? Identity?.UserId;
        json.WriteString("id", user is null ? "unknown" : ResourceId(user));
        Optional(json, "user_id", user);
        Optional(json, "name", UserName ?? Identity?.UserName);
        Optional(json, "username", UserName ?? Identity?.UserName);
        Optional(json, "project_id", Identity?.ProjectId);
        Optional(json, "domain_id", DomainId ?? Identity?.DomainId);
        Optional(json, "domain_name", DomainName);
        Optional(json, "request_id", Context.RequestId);
        Optional(json, "global_request_id", Context.GlobalRequestId);
        json.WriteStartObject("host");
        Optional(json, "address", Context.RemoteAddress);
        Optional(json, "agent", Agent);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) { json.WriteString(name, Bounded(value)); }
    }

    /// <summary>What clients say of themselves is not to fill the trail.</summary>
    private static string? Bounded(string? text) => text is { Length: > 255 } ? text[..255] : text;

    /// <summary>Upstream's <c>resource_uuid</c>: a UUID stays, anything else becomes one of version 5 (RFC 9562, 5.5).</summary>
    public static string ResourceId(string id)
    {
        if (Guid.TryParse(id, out var known)) { return known.ToString("N"); }
        Span<byte> hash = stackalloc byte[20];
        var bytes = new byte[16 + Encoding.UTF8.GetByteCount(id)];
        Namespace.TryWriteBytes(bytes, bigEndian: true, out _);
        Encoding.UTF8.GetBytes(id, bytes.AsSpan(16));
#pragma warning disable CA5350 // a name, no secret: the RFC says SHA-1
        SHA1.HashData(bytes, hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("N");
    }
}
