#pragma warning disable RS0030 // It measures time.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nephos.Bench;

/// <summary>What a load of requests came to.</summary>
internal sealed record LoadResult(int Requests, int Failed, TimeSpan Took, double[] Micros)
{
    public double PerSecond => Requests / Took.TotalSeconds;

    /// <summary>A percentile of the latencies, in milliseconds.</summary>
    public double Ms(double share) => Micros.Length == 0 ? 0 : Micros[Math.Min(Micros.Length - 1, (int)(Micros.Length * share))] / 1000;
}

/// <summary>
/// A client that costs as little as can be, since it shares the processors with what it measures: a thread and a connection each, the same prepared bytes again and again, an answer read to its end.
/// </summary>
internal static class RawLoad
{
    public static LoadResult Run(Uri server, int connections, TimeSpan duration, byte[] request, int status, Func<int, byte[]>? vary = null)
    {
        var results = new (List<double> Micros, int Failed)[connections];
        var watch = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, connections).Select(i => new Thread(() => results[i] = One(server, duration, vary?.Invoke(i) ?? request, status))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        var micros = results.SelectMany(r => r.Micros).Order().ToArray();
        return new LoadResult(micros.Length, results.Sum(r => r.Failed), watch.Elapsed, micros);
    }

    /// <summary>The request's bytes.</summary>
    public static byte[] Request(string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        var text = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: bench\r\n");
        foreach (var (name, value) in headers) { text.Append($"{name}: {value}\r\n"); }
        if (body is not null) { text.Append($"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"); }
        return Encoding.UTF8.GetBytes(text.Append("\r\n").Append(body).ToString());
    }

    private static (List<double> Micros, int Failed) One(Uri server, TimeSpan duration, byte[] request, int status)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(new IPEndPoint(IPAddress.Parse(server.Host), server.Port));
        var micros = new List<double>(1 << 17);
        var failed = 0;
        var wanted = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}");
        var buffer = new byte[1 << 20];
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() is var start && start < end)
        {
            socket.Send(request);
            if (!Read(socket, buffer).StartsWith(wanted)) { failed++; }
            micros.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
        return (micros, failed);
    }

    private static ReadOnlySpan<byte> Read(Socket socket, byte[] buffer)
    {
        var (have, head, length) = (0, -1, -1L);
        while (true)
        {
            if (have == buffer.Length) { throw new InvalidOperationException("the answer is longer than 1 MiB"); }
            var got = socket.Receive(buffer, have, buffer.Length - have, SocketFlags.None);
            if (got == 0) { throw new InvalidOperationException("the server closed the connection"); }
            have += got;
            var bytes = buffer.AsSpan(0, have);
            if (head < 0)
            {
                head = bytes.IndexOf("\r\n\r\n"u8);
                if (head < 0) { continue; }
                head += 4;
                var at = bytes[..head].IndexOf("Content-Length: "u8);
                if (at >= 0 && !System.Buffers.Text.Utf8Parser.TryParse(bytes[(at + 16)..], out length, out _)) { throw new InvalidOperationException("the answer's length is no number"); }
            }
            if (length >= 0 ? have >= head + length : bytes.EndsWith("\r\n0\r\n\r\n"u8)) { return bytes; }
        }
    }
}
