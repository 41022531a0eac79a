using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nephos.Node.Compute;

/// <summary>The small files of a node. Their names and numbers are on disk: append only.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = false)]
[JsonSerializable(typeof(Guests.AppliedGuest))]
[JsonSerializable(typeof(Fake.FakeGuest))]
internal sealed partial class NodeJson : JsonSerializerContext;
