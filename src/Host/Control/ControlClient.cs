using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace Nephos.Host.Control;

/// <summary>Speaks to a running cloud through the socket in its state directory; whoever can open the socket may.</summary>
internal sealed class ControlClient : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="timeout">Five minutes unless said.</param>
    public ControlClient(string stateDirectory, TimeSpan? timeout = null)
    {
        var path = Path.Combine(stateDirectory, ControlServer.SocketName);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://control"), Timeout = timeout ?? TimeSpan.FromMinutes(5) };
    }

    /// <summary>Null when no cloud is running.</summary>
    public async Task<CloudStatus?> StatusAsync(CancellationToken cancel)
    {
        try { return await _http.GetFromJsonAsync("/status", ControlJson.Default.CloudStatus, cancel).ConfigureAwait(false); }
        catch (HttpRequestException) { return null; }
    }

    /// <summary>Stops the cloud and waits until its process has ended; false when none was running.</summary>
    public async Task<bool> StopAsync(CancellationToken cancel)
    {
        HttpResponseMessage answer;
        try { answer = await _http.PostAsync(new Uri("/stop", UriKind.Relative), null, cancel).ConfigureAwait(false); }
        catch (HttpRequestException) { return false; }
        using (answer)
        {
            if (!answer.IsSuccessStatusCode) { throw new InvalidOperationException(await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)); }
            var pid = int.Parse(await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false), System.Globalization.CultureInfo.InvariantCulture);
            while (Directory.Exists("/proc/" + pid)) { await Task.Delay(50, cancel).ConfigureAwait(false); }
            return true;
        }
    }

    public async Task<bool> ResumeAsync(string sagaId, CancellationToken cancel)
    {
        try
        {
            using var answer = await _http.PostAsync(new Uri("/sagas/" + Uri.EscapeDataString(sagaId) + "/resume", UriKind.Relative), null, cancel).ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException) { return false; }
    }

    /// <summary>Loads metadata definitions; a line per file, null when no cloud is running.</summary>
    public async Task<string?> LoadMetadefsAsync(string path, bool overwrite, CancellationToken cancel)
    {
        try
        {
            using var answer = await _http.PostAsync(new Uri($"/glance/metadefs?path={Uri.EscapeDataString(path)}&overwrite={(overwrite ? "true" : "false")}", UriKind.Relative), null, cancel).ConfigureAwait(false);
            return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException error) when (error.StatusCode is null) { return null; }
    }

    /// <summary>Runs a maintenance command of Keystone: whether it went well, and what it says; null when no cloud is running.</summary>
    public async Task<(bool Ok, string Text)?> MaintainKeystoneAsync(string command, IReadOnlyDictionary<string, string?> arguments, CancellationToken cancel)
    {
        try
        {
            using var form = new FormUrlEncodedContent(arguments.Where(a => a.Value is not null).Select(a => KeyValuePair.Create(a.Key, a.Value!)));
            using var answer = await _http.PostAsync(new Uri("/keystone/" + command, UriKind.Relative), form, cancel).ConfigureAwait(false);
            return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false));
        }
        catch (HttpRequestException error) when (error.StatusCode is null) { return null; }
    }

    public void Dispose() => _http.Dispose();
}
