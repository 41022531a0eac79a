using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Kernel.Auth;
using Shouldly;

namespace Nephos.Testing;

/// <summary>Someone who talks to the cloud over HTTP.</summary>
public sealed class TestUser(HttpClient client, string? token, Identity? identity)
{
    public string UserId => identity!.UserId;
    public string ProjectId => identity!.ProjectId!;
    public Identity Identity => identity!;
    public string? Token => token;

    /// <summary>Microversion sent with each request: <c>compute 2.79</c>; null sends none.</summary>
    public string? Version { get; init; }

    /// <summary>The same user speaking a microversion: <c>user.At("compute 2.79")</c>.</summary>
    public TestUser At(string? version) => new(client, token, identity) { Version = version };

    /// <summary>Who an answer of <c>POST /v3/auth/tokens</c> logged in.</summary>
    public static TestUser LoggedIn(HttpClient client, TestReply reply)
    {
        var token = reply["token"];
        return new TestUser(client, reply.Header("X-Subject-Token"), new Identity
        {
            UserId = token["user"]!["id"]!.ToString(),
            UserName = token["user"]!["name"]!.ToString(),
            UserDomainId = token["user"]!["domain"]!["id"]!.ToString(),
            ProjectId = token["project"]?["id"]?.ToString(),
            ProjectName = token["project"]?["name"]?.ToString(),
            DomainId = token["domain"]?["id"]?.ToString(),
            SystemScope = token["system"] is null ? null : "all",
            Roles = [.. (token["roles"] as JsonArray ?? []).Select(r => r!["name"]!.ToString())],
            ExpiresAt = DateTime.Parse(token["expires_at"]!.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal),
        });
    }

    public Task<TestReply> Get(string path) => Send(HttpMethod.Get, path);
    public Task<TestReply> Head(string path) => Send(HttpMethod.Head, path);
    public Task<TestReply> Delete(string path, object? body = null) => Send(HttpMethod.Delete, path, body);
    /// <param name="body">An object to serialize, a JSON text, or HttpContent as it is.</param>
    public Task<TestReply> Post(string path, object? body = null) => Send(HttpMethod.Post, path, body);
    public Task<TestReply> Put(string path, object? body = null) => Send(HttpMethod.Put, path, body);
    public Task<TestReply> Patch(string path, object? body = null) => Send(HttpMethod.Patch, path, body);

    public async Task<TestReply> Send(HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (token is not null) { request.Headers.Add("X-Auth-Token", token); }
        if (Version is not null) { request.Headers.Add("OpenStack-API-Version", Version); }
        foreach (var (name, value) in headers) { request.Headers.TryAddWithoutValidation(name, value); }
        request.Content = body switch
        {
            null => null,
            HttpContent content => content,
            string json => new StringContent(json, Encoding.UTF8, "application/json"),
            _ => new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
        using var response = await client.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return new TestReply(method, path, response.StatusCode, bytes, response.Headers, response.Content.Headers);
    }
}

/// <summary>An answer.</summary>
public sealed class TestReply(HttpMethod method, string path, HttpStatusCode status, byte[] bytes, HttpResponseHeaders headers, HttpContentHeaders contentHeaders)
{
    public int Status => (int)status;
    public byte[] Bytes => bytes;
    public string Text => Encoding.UTF8.GetString(bytes);
    public JsonNode Json => field ??= JsonNode.Parse(bytes)!;
    /// <summary>A member of the body's object.</summary>
    public JsonNode this[string name] => Json[name] ?? throw new KeyNotFoundException($"no {name} in {Text}");
    public string? Header(string name) =>
        headers.TryGetValues(name, out var values) || contentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    /// <summary>Fails with the whole answer unless it has the status.</summary>
    public TestReply Is(int wanted)
    {
        Status.ShouldBe(wanted, $"{method} {path} answered: {Text}");
        return this;
    }

    public override string ToString() => $"{Status} {Text}";
}
