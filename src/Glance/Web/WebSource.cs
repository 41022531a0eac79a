using System.Net;
using System.Net.Sockets;

namespace Nephos.Glance.Web;

/// <summary>Why something could not be read from the web, for users.</summary>
public sealed class WebSourceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>An answer that is being read; its body must be disposed of.</summary>
/// <param name="Length">What the server says it sends; null when it does not.</param>
public sealed record WebContent(Stream Body, long? Length, IDisposable Answer) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Body.DisposeAsync().ConfigureAwait(false);
        Answer.Dispose();
    }
}

/// <summary>
/// Reads from web servers for users, within <see cref="WebGuard"/>. The address that was looked at is the one that is connected to, so that a name cannot change its mind in between; no proxy, no cookies,
/// no credentials but those the caller gives. Each redirect is judged as the first address was.
/// </summary>
public sealed class WebSource : IDisposable
{
    /// <summary>As urllib, which upstream uses.</summary>
    private const int MaxRedirects = 10;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(20);

    private readonly GlanceSettings _settings;
    private readonly TimeProvider _clock;
    private readonly HttpClient _guarded;
    private readonly HttpClient _trusted;

    public WebSource(GlanceSettings settings, TimeProvider clock)
    {
        (_settings, _clock) = (settings, clock);
        _guarded = new HttpClient(Handler(guarded: true)) { Timeout = Timeout.InfiniteTimeSpan };
        _trusted = new HttpClient(Handler(guarded: false)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What a host's name stands for; the system's resolver, but in tests.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    public void Dispose()
    {
        _guarded.Dispose();
        _trusted.Dispose();
    }

    /// <summary>Begins to read an address that a user gave.</summary>
    /// <param name="from">First byte that is wanted.</param>
    /// <exception cref="WebSourceException">It cannot be read.</exception>
    public Task<WebContent> OpenAsync(Uri uri, CancellationToken cancel, long from = 0) => OpenAsync(_guarded, uri, null, from, cancel);

    /// <summary>Begins to read an address of the catalog, which is the operator's word, with a token.</summary>
    public Task<WebContent> OpenTrustedAsync(Uri uri, string token, CancellationToken cancel) => OpenAsync(_trusted, uri, token, 0, cancel);

    private async Task<WebContent> OpenAsync(HttpClient client, Uri uri, string? token, long from, CancellationToken cancel)
    {
        try
        {
            for (var hops = 0; ; hops++)
            {
                if (token is null && !WebGuard.Allows(_settings, uri)) { throw new WebSourceException($"URI does not pass filtering: {uri}"); }
                using var request = new HttpRequestMessage(HttpMethod.Get, uri);
                if (token is not null) { request.Headers.Add("X-Auth-Token", token); }
                if (from > 0) { request.Headers.Range = new(from, null); }
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(_settings.ImportIdleLimit);
                var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
                if ((int)answer.StatusCode is 301 or 302 or 303 or 307 or 308 && answer.Headers.Location is { } next && token is null && hops < MaxRedirects)
                {
                    answer.Dispose();
                    uri = new Uri(uri, next);
                    continue;
                }
                if (!answer.IsSuccessStatusCode || (from > 0 && answer.StatusCode != HttpStatusCode.PartialContent))
                {
                    var status = (int)answer.StatusCode;
                    answer.Dispose();
                    throw new WebSourceException($"HTTP Error {status}: {(HttpStatusCode)status}");
                }
                return new WebContent(new IdleStream(await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false), _settings.ImportIdleLimit, _settings.ImportLeastRate, _clock), answer.Content.Headers.ContentLength, answer);
            }
        }
        catch (HttpRequestException error)
        {
            throw new WebSourceException(error.InnerException is WebSourceException refused ? refused.Message : error.Message, error);
        }
        catch (OperationCanceledException error) when (!cancel.IsCancellationRequested)
        {
            throw new WebSourceException("the server did not answer in time", error);
        }
    }

    private SocketsHttpHandler Handler(bool guarded)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = ConnectLimit, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5), AutomaticDecompression = DecompressionMethods.None };
        if (guarded) { handler.ConnectCallback = ConnectAsync; }
        return handler;
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel)
    {
        try { return await Resolve(host, cancel).ConfigureAwait(false); }
        catch (SocketException error) { throw new WebSourceException($"Host {host} is not known", error); }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        // The resolver does not take 0.0.0.0.
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await ResolveAsync(host, cancel).ConfigureAwait(false);
        // One closed address among open ones is an attempt, or a mistake that must be seen.
        if (addresses.Length == 0 || addresses.Any(a => WebGuard.IsClosed(_settings, a))) { throw new WebSourceException($"Host {host} is not allowed: its address is an internal one"); }
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A stream that gives up when nothing comes for too long, or so little that it would never end. Only the time counts in which it is waited for.</summary>
/// <param name="limit">Longest wait for anything; and how long a bad rate is borne.</param>
/// <param name="leastRate">Bytes per second.</param>
internal sealed class IdleStream(Stream inner, TimeSpan limit, long leastRate, TimeProvider clock) : Stream
{
    private TimeSpan _waited;
    private long _came;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(limit);
        var start = clock.GetTimestamp();
        try
        {
            var count = await inner.ReadAsync(buffer, stop.Token).ConfigureAwait(false);
            (_waited, _came) = (_waited + clock.GetElapsedTime(start), _came + count);
            if (_waited < limit) { return count; }
            if (_came < leastRate * _waited.TotalSeconds) { throw new WebSourceException("the server sends too slowly"); }
            (_waited, _came) = (TimeSpan.Zero, 0);
            return count;
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WebSourceException("the server stopped sending", error);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new WebSourceException("the connection broke: " + error.Message, error);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    protected override void Dispose(bool disposing)
    {
        if (disposing) { inner.Dispose(); }
        base.Dispose(disposing);
    }
}
