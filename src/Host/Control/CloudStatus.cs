using System.Text.Json.Serialization;

namespace Nephos.Host.Control;

/// <summary>What <c>nephos status</c> shows.</summary>
public sealed record CloudStatus(
    string Url, DateTime UpSince, int ProcessId, string Drivers, long MemoryMib, IReadOnlyList<ServiceStatus> Services, IReadOnlyList<NodeStatus> Nodes,
    IReadOnlyList<HaltedStatus> Halted, IReadOnlyList<SagaStatus> Sagas, IReadOnlyList<ReconcilerLine> Reconcilers);

public sealed record ServiceStatus(string Name, string Type, bool Ready, string Remark);

public sealed record NodeStatus(string Host, string Binary, bool Up, string Seen);

public sealed record HaltedStatus(string Server, string Host, DateTime Since, string Reason);

public sealed record SagaStatus(string Service, string Id, string Name, string Resource, string State, DateTime Since, string? Error);

public sealed record ReconcilerLine(string Name, string LastRun, string Took, string Report, bool Failed);

/// <summary>Source-generated, so that <c>status</c> answers without warming reflection up.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(CloudStatus))]
[JsonSerializable(typeof(IReadOnlyList<ServiceStatus>))]
internal sealed partial class ControlJson : JsonSerializerContext;
