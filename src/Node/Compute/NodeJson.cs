using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nephos.Node.Compute;

/// <summary>The small files of a node. Their names and numbers are on disk: append only.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = false)]
[JsonSerializable(typeof(Guests.AppliedGuest))]
[JsonSerializable(typeof(Fake.FakeGuest))]
[JsonSerializable(typeof(Qemu.HypervisorRecord))]
[JsonSerializable(typeof(Qemu.QemuLaunch))]
[JsonSerializable(typeof(Qemu.RootRecord))]
internal sealed partial class NodeJson : JsonSerializerContext;
