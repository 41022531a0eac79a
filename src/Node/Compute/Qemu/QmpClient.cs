using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nephos.Node.Compute.Qemu;

/// <summary>
/// A connection to one QEMU. Commands may be sent concurrently; answers are matched by number. QEMU serves one client at a time per socket, so a second
/// connection waits until the first is closed. A command that is not answered in time throws <see cref="TimeoutException"/>: whether it was done is unknown.
/// </summary>
internal sealed class QmpClient : IAsyncDisposable
{
    /// <summary>QEMU answers within milliseconds unless its main loop waits for a disk.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(10);

    private readonly NetworkStream _stream;
    private readonly ConcurrentDictionary<long, (string Command, TaskCompletionSource<JsonElement> Answer)> _pending = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _time;
    private long _last;

    private QmpClient(Socket socket, TimeProvider time)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _time = time;
    }

    /// <summary>Ends when the connection does, for whatever reason.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Events, on the reading thread: handlers must return at once.</summary>
    public event Action<QmpMessage>? Event;

    /// <summary>Connects and negotiates. Throws <see cref="TimeoutException"/> when nobody answers in time, <see cref="SocketException"/> when nobody listens.</summary>
    public static async Task<QmpClient> ConnectAsync(string path, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        QmpClient client;
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel).ConfigureAwait(false);
            client = new QmpClient(socket, time);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        try
        {
            _ = client.ReadAsync();
            await client._greeted.Task.WaitAsync(limit, time, cancel).ConfigureAwait(false);
            await client.ExecuteAsync("qmp_capabilities", null, limit, cancel).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends a command and answers what it returns. Throws <see cref="QmpException"/>, <see cref="QmpClosedException"/> or <see cref="TimeoutException"/>.</summary>
    public async Task<JsonElement> ExecuteAsync(string command, JsonObject? arguments = null, TimeSpan? limit = null, CancellationToken cancel = default)
    {
        var id = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = (command, answer);
        try
        {
            var line = new StringBuilder("{\"execute\":\"").Append(command).Append('"');
            if (arguments is not null)
            {
                line.Append(",\"arguments\":").Append(arguments.ToJsonString());
            }
            line.Append(CultureInfo.InvariantCulture, $",\"id\":{id}}}\n");
            await _writing.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                // Not cancellable: half a line would spoil the connection.
                await _stream.WriteAsync(Encoding.UTF8.GetBytes(line.ToString()), CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                throw new QmpClosedException();
            }
            finally
            {
                _writing.Release();
            }
            if (_closed.Task.IsCompleted)
            {
                // Closed between registering and writing: the reader did not see this command.
                answer.TrySetException(new QmpClosedException());
            }
            return await answer.Task.WaitAsync(limit ?? DefaultLimit, _time, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"QEMU did not answer {command} within {(limit ?? DefaultLimit).TotalSeconds:0} s");
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <summary>A task that ends at the first event that is wanted, or fails when the connection ends. Take it before the command that causes the event.</summary>
    public Task<QmpMessage> NextAsync(Func<QmpMessage, bool> wanted)
    {
        var found = new TaskCompletionSource<QmpMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnEvent(QmpMessage message)
        {
            if (wanted(message))
            {
                Event -= OnEvent;
                found.TrySetResult(message);
            }
        }
        Event += OnEvent;
        _ = _closed.Task.ContinueWith(_ => found.TrySetException(new QmpClosedException()), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return found.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _closed.Task.ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        try
        {
            using var reader = new StreamReader(_stream, Encoding.UTF8, leaveOpen: true);
            while (await reader.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
            {
                Take(QmpMessage.Parse(Encoding.UTF8.GetBytes(line)));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or FormatException or SocketException)
        {
            // The end of the connection, whatever its reason: who waits is told below, and the process is looked at by its id.
        }
        finally
        {
            _closed.TrySetResult();
            _greeted.TrySetException(new QmpClosedException());
            foreach (var (_, answer) in _pending.Values)
            {
                answer.TrySetException(new QmpClosedException());
            }
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Take(QmpMessage message)
    {
        switch (message.Kind)
        {
            case QmpKind.Greeting:
                _greeted.TrySetResult();
                break;
            case QmpKind.Event:
                Event?.Invoke(message);
                break;
            case QmpKind.Return when _pending.TryGetValue(message.Id, out var pending):
                pending.Answer.TrySetResult(message.Body);
                break;
            case QmpKind.Error when _pending.TryGetValue(message.Id, out var pending):
                pending.Answer.TrySetException(new QmpException(pending.Command, message.Name, message.Text));
                break;
        }
    }
}
