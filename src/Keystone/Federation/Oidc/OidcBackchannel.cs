using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Nephos.Keystone.Federation.Oidc;

/// <summary>Our own requests to OpenID providers. No redirects, a time limit, and answers of 1 MiB at most.</summary>
public sealed class OidcBackchannel : IDisposable
{
    private readonly HttpClient _http;

    public OidcBackchannel() : this(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
    }

    /// <summary>Through another way than the network, for a provider in this process.</summary>
    public OidcBackchannel(HttpMessageHandler handler) => _http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 1 << 20 };

    /// <summary>The answer's JSON object; null when there is none: the provider does not answer, says no, or says something else.</summary>
    internal async Task<JsonElement?> AskAsync(HttpMethod method, string url, IReadOnlyDictionary<string, string>? form, AuthenticationHeaderValue? authorization, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Authorization = authorization;
        if (form is not null) { request.Content = new FormUrlEncodedContent(form); }
        try
        {
            using var response = await _http.SendAsync(request, cancel);
            if (!response.IsSuccessStatusCode) { return null; }
            var json = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync(cancel));
            return json.ValueKind == JsonValueKind.Object ? json : null;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException || (error is TaskCanceledException && !cancel.IsCancellationRequested)) { return null; }
    }

    /// <summary>RFC 6749 2.3.1: both parts are form-encoded first.</summary>
    internal static AuthenticationHeaderValue Basic(string id, string secret) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}")));

    public void Dispose() => _http.Dispose();
}
