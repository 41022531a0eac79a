using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Wire;

namespace Nephos.Kernel.Api;

/// <summary>An answer. Its status is the endpoint's declared one unless it says another.</summary>
public sealed class Reply
{
    private readonly Func<Call, HttpResponse, Task>? _write;
    private List<(string Name, string Value)>? _headers;

    private Reply(int? status, Func<Call, HttpResponse, Task>? write)
    {
        Status = status;
        _write = write;
    }

    public int? Status { get; }

    /// <summary>No body; the declared status.</summary>
    public static Reply Empty(int? status = null) => new(status, null);

    /// <summary>A view as the whole body.</summary>
    public static Reply Json(object view, int? status = null) => new(status, (call, response) =>
    {
        response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(response.Body, view, view.GetType(), WireJson.For(call.Version), call.Cancel);
    });

    /// <summary>An object with one member: <c>{"server": {...}}</c>.</summary>
    public static Reply Member(string name, object? view, int? status = null) => Members([(name, view)], status);

    /// <summary>An object with some members; those that are null are left out when their name ends with <c>?</c>.</summary>
    public static Reply Members(IReadOnlyList<(string Name, object? View)> members, int? status = null) => Written((call, writer) =>
    {
        foreach (var (name, view) in members) { WriteMember(writer, name, view, WireJson.For(call.Version)); }
    }, status);

    /// <summary>An object whose members are written by hand.</summary>
    public static Reply Written(Action<Call, Utf8JsonWriter> write, int? status = null) => new(status, async (call, response) =>
    {
        response.ContentType = "application/json";
        await using var writer = Writer(response);
        writer.WriteStartObject();
        write(call, writer);
        writer.WriteEndObject();
        await writer.FlushAsync(call.Cancel).ConfigureAwait(false);
    });

    /// <summary>
    /// <c>{"servers": [...]}</c>, one row after the other straight into the answer, with more members behind if there are any. The client gets the first rows while later ones are
    /// written; a slow client is waited for, so that no answer is in memory as a whole.
    /// </summary>
    public static Reply Rows<T>(string name, IReadOnlyList<T> rows, Action<Utf8JsonWriter, T> write, IReadOnlyList<(string Name, object? View)>? more = null, int? status = null) => new(status, async (call, response) =>
    {
        response.ContentType = "application/json";
        await using var writer = Writer(response);
        writer.WriteStartObject();
        writer.WriteStartArray(name);
        var sent = 0L;
        foreach (var row in rows)
        {
            write(writer, row);
            if (writer.BytesCommitted + writer.BytesPending - sent < RowsAtOnce) { continue; }
            await writer.FlushAsync(call.Cancel).ConfigureAwait(false);
            await response.BodyWriter.FlushAsync(call.Cancel).ConfigureAwait(false);
            sent = writer.BytesCommitted;
        }
        writer.WriteEndArray();
        foreach (var (other, view) in more ?? []) { WriteMember(writer, other, view, WireJson.For(call.Version)); }
        writer.WriteEndObject();
        await writer.FlushAsync(call.Cancel).ConfigureAwait(false);
    });

    /// <summary>Bytes of rows that are sent together: many, since each sending may wait for a turn of the machine; few beside the memory of the rows.</summary>
    private const int RowsAtOnce = 256 << 10;

    private static Utf8JsonWriter Writer(HttpResponse response) => new(response.BodyWriter, new JsonWriterOptions { Encoder = WireJson.Encoder, SkipValidation = true });

    private static void WriteMember(Utf8JsonWriter writer, string name, object? view, JsonSerializerOptions options)
    {
        if (name[^1] == '?' && view is null) { return; }
        writer.WritePropertyName(name[^1] == '?' ? name[..^1] : name);
        if (view is null) { writer.WriteNullValue(); } else { JsonSerializer.Serialize(writer, view, view.GetType(), options); }
    }

    /// <summary>Text or bytes of another media type.</summary>
    public static Reply Text(string text, string contentType = "text/plain; charset=utf-8", int? status = null) => new(status, (call, response) =>
    {
        response.ContentType = contentType;
        return response.WriteAsync(text, call.Cancel);
    });

    /// <summary>Bytes that are there already, in pieces.</summary>
    public static Reply Utf8(string contentType, params ReadOnlyMemory<byte>[] pieces) => new(null, async (call, response) =>
    {
        response.ContentType = contentType;
        var length = 0L;
        foreach (var piece in pieces) { length += piece.Length; }
        response.ContentLength = length;
        foreach (var piece in pieces) { System.Buffers.BuffersExtensions.Write(response.BodyWriter, piece.Span); }
        await response.BodyWriter.FlushAsync(call.Cancel).ConfigureAwait(false);
    });

    /// <summary>A stream, copied as it is read and closed at the end.</summary>
    public static Reply Stream(Stream stream, string contentType, long? length = null, int? status = null) => new(status, async (call, response) =>
    {
        response.ContentType = contentType;
        response.ContentLength = length;
        await using (stream) { await stream.CopyToAsync(response.Body, 1 << 18, call.Cancel).ConfigureAwait(false); }
    });

    /// <summary>The handler writes by itself (WebSocket, ranges).</summary>
    public static Reply Custom(Func<Call, HttpResponse, Task> write, int? status = null) => new(status, write);

    /// <summary>Adds a header.</summary>
    public Reply With(string header, string value)
    {
        (_headers ??= []).Add((header, value));
        return this;
    }

    internal async Task WriteAsync(Call call)
    {
        var response = call.Http.Response;
        response.StatusCode = Status ?? call.Endpoint.Status;
        if (_headers is not null)
        {
            foreach (var (name, value) in _headers) { response.Headers[name] = value; }
        }
        if (_write is null) { response.ContentLength = response.StatusCode is 204 or 304 ? null : 0; return; }
        if (HttpMethods.IsHead(call.Http.Request.Method))
        {
            var body = response.Body;
            response.Body = System.IO.Stream.Null;
            try { await _write(call, response).ConfigureAwait(false); }
            finally { response.Body = body; }
            return;
        }
        await _write(call, response).ConfigureAwait(false);
    }
}
