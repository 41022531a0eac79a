using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Nephos.Keystone.Federation.Oidc;

/// <summary>Our own requests to OpenID providers. No redirects, a time limit, and answers of 1 MiB at most.</summary>
public sealed class OidcBackchannel : IDisposable
{
    private readonly Func<string?, HttpMessageHandler> _handlers;
    private readonly ConcurrentDictionary<string, HttpClient> _clients = new(StringComparer.Ordinal);

    public OidcBackchannel() => _handlers = Network;

    /// <summary>Through another way than the network, for a provider in this process.</summary>
    public OidcBackchannel(HttpMessageHandler handler) => _handlers = _ => handler;

    /// <summary>Certificates are those of the system's authorities, or of the file's alone.</summary>
    private static SocketsHttpHandler Network(string? caFile)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (caFile is null) { return handler; }
        // As without a file, nobody is asked whether a certificate was revoked.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        handler.SslOptions.CertificateChainPolicy = policy;
        return handler;
    }

    private HttpClient ClientFor(string? caFile) => _clients.GetOrAdd(caFile ?? "", static (_, self) => new HttpClient(self.Handlers(self.File)) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 1 << 20 }, (Handlers: _handlers, File: caFile));

    /// <summary>The answer's JSON object; null when there is none: the provider does not answer, says no, or says something else.</summary>
    internal async Task<JsonElement?> AskAsync(string? caFile, HttpMethod method, string url, IReadOnlyDictionary<string, string>? form, AuthenticationHeaderValue? authorization, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Authorization = authorization;
        if (form is not null) { request.Content = new FormUrlEncodedContent(form); }
        try
        {
            using var response = await ClientFor(caFile).SendAsync(request, cancel);
            if (!response.IsSuccessStatusCode) { return null; }
            var json = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync(cancel));
            return json.ValueKind == JsonValueKind.Object ? json : null;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException || (error is TaskCanceledException && !cancel.IsCancellationRequested)) { return null; }
    }

    /// <summary>RFC 6749 2.3.1: both parts are form-encoded first.</summary>
    internal static AuthenticationHeaderValue Basic(string id, string secret) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}")));

    public void Dispose()
    {
        foreach (var client in _clients.Values) { client.Dispose(); }
    }
}
