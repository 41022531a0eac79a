using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;

namespace Nephos.Bench;

/// <summary>A thousand rows of a list as JSON, in the two ways that answers have: a record for each row, or members written one by one.</summary>
[MemoryDiagnoser]
public class WireBench
{
    public sealed record Row(string Id, string Name, string Project, string? Host, bool Locked, int Progress, DateTime CreatedAt, DateTime? LaunchedAt, IReadOnlyList<string> Tags);

    public sealed record RowView
    {
        public required string Id { get; init; }
        public required string Name { get; init; }
        public required string TenantId { get; init; }
        public Optional<int> Progress { get; init; }
        public required string Created { get; init; }
        public Optional<string?> LaunchedAt { get; init; }
        [WireName("OS-EXT-SRV-ATTR:host")] public Optional<string?> Host { get; init; }
        [Since("2.9")] public required bool Locked { get; init; }
        [Since("2.26")] public required IReadOnlyList<string> Tags { get; init; }
    }

    private static readonly WireView<Row> View = new WireView<Row>()
        .Text("id", r => r.Id)
        .Text("name", r => r.Name)
        .Text("tenant_id", r => r.Project)
        .Number("progress", r => r.Progress).When(r => r.Progress >= 0)
        .Seconds("created", r => r.CreatedAt)
        .Micros("launched_at", r => r.LaunchedAt)
        .Text("OS-EXT-SRV-ATTR:host", r => r.Host).When(r => r.Host is not null)
        .Flag("locked", r => r.Locked).Since("2.9")
        .Texts("tags", r => r.Tags).Since("2.26");

    private static readonly ApiVersion Version = new(2, 96);
    private readonly ArrayBufferWriter<byte> _buffer = new(1 << 20);
    private readonly Row[] _rows = [.. Enumerable.Range(0, 1000).Select(i => new Row(
        $"0b1e7b3a-7b8e-4a5c-9a56-{i:x12}", "server " + i, "3f1a6c2b9d4e4f0f8a7b6c5d4e3f2a1b", "compute1", false, 0, new DateTime(2026, 11, 22, 7, 9, 25, DateTimeKind.Utc), new DateTime(2026, 11, 22, 7, 9, 26, DateTimeKind.Utc), []))];

    [Benchmark(Baseline = true)]
    public int Records()
    {
        _buffer.ResetWrittenCount();
        using var writer = Writer();
        writer.WriteStartArray();
        foreach (var r in _rows)
        {
            JsonSerializer.Serialize(writer, new RowView
            {
                Id = r.Id, Name = r.Name, TenantId = r.Project, Progress = r.Progress, Created = WireTime.Seconds(r.CreatedAt), LaunchedAt = new(WireTime.Micros(r.LaunchedAt)), Host = new(r.Host), Locked = r.Locked, Tags = r.Tags,
            }, WireJson.For(Version));
        }
        writer.WriteEndArray();
        writer.Flush();
        return _buffer.WrittenCount;
    }

    [Benchmark]
    public int Members()
    {
        _buffer.ResetWrittenCount();
        using var writer = Writer();
        var write = View.In(Version);
        writer.WriteStartArray();
        foreach (var row in _rows) { write(writer, row); }
        writer.WriteEndArray();
        writer.Flush();
        return _buffer.WrittenCount;
    }

    private Utf8JsonWriter Writer() => new(_buffer, new JsonWriterOptions { Encoder = WireJson.Encoder, SkipValidation = true });
}
