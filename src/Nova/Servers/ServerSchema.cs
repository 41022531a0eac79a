using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Servers;

/// <summary><c>POST /servers</c> (<c>schemas/servers.py</c>, create and its successors).</summary>
internal sealed record CreateServer
{
    [RequiredField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public required string Name { get; init; }
    /// <summary>Empty when it boots from a volume.</summary>
    [WireName("imageRef"), Text(Pattern = ImagePattern)] public string? ImageRef { get; init; }
    [RequiredField, WireName("flavorRef"), Text(Min = 1, AllowNumber = true)] public required string FlavorRef { get; init; }
    [WireName("adminPass"), Text] public string? AdminPass { get; init; }
    [Text(Max = 255, KeyPattern = NovaLimits.MetadataKeyPattern)] public Dictionary<string, string>? Metadata { get; init; }
    /// <summary>A list of <see cref="NetworkWanted"/>, or since 2.37 <c>auto</c> or <c>none</c>.</summary>
    [RequiredField("2.37")] public JsonElement Networks { get; init; }
    [WireName("OS-DCF:diskConfig"), Text(OneOf = ["AUTO", "MANUAL"])] public string? DiskConfig { get; init; }
    [WireName("accessIPv4"), Text(Format = "ipv4")] public string? AccessIpV4 { get; init; }
    [WireName("accessIPv6"), Text(Format = "ipv6")] public string? AccessIpV6 { get; init; }
    [Until("2.56")] public List<PersonalityFile>? Personality { get; init; }
    [Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public string? AvailabilityZone { get; init; }
    public List<JsonElement>? BlockDeviceMapping { get; init; }
    [WireName("block_device_mapping_v2")] public List<BlockDeviceWanted>? BlockDeviceMappingV2 { get; init; }
    [LooseBoolean] public bool? ConfigDrive { get; init; }
    [Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public string? KeyName { get; init; }
    [Number(Min = 1, AllowText = true)] public int? MinCount { get; init; }
    [Number(Min = 1, AllowText = true)] public int? MaxCount { get; init; }
    [LooseBoolean] public bool? ReturnReservationId { get; init; }
    public List<SecurityGroupWanted>? SecurityGroups { get; init; }
    [Text(Max = NovaLimits.UserData)] public string? UserData { get; init; }
    [Since("2.19"), NullableField, Text(Max = 255, Pattern = NovaLimits.DescriptionPattern)] public Optional<string?> Description { get; init; }
    [Since("2.52"), Items(Max = NovaLimits.Tags), Text(Min = 1, Max = NovaLimits.Tag, Pattern = "^[^,/]*$")] public List<string>? Tags { get; init; }
    [Since("2.63"), NullableField, Items(Min = 1, Max = 50, Unique = true), Text(Min = 1)] public List<string>? TrustedImageCertificates { get; init; }
    [Since("2.74"), Text(Min = 1, Max = 255, Pattern = "^[a-zA-Z0-9-._]*$")] public string? Host { get; init; }
    [Since("2.74"), Text(Min = 1, Max = 255, Pattern = "^[a-zA-Z0-9-._]*$")] public string? HypervisorHostname { get; init; }
    /// <summary>A label of 2 to 63 characters until 2.93, then a full name too; see <see cref="Create.ServerNames"/>.</summary>
    [Since("2.90"), Text(Min = 1, Max = 255, Pattern = "^[a-zA-Z0-9-._]*$")] public string? Hostname { get; init; }

    /// <summary>A UUID, or empty.</summary>
    public const string ImagePattern = "^(|[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12})$";
}

/// <summary>An entry of <c>networks</c>.</summary>
internal sealed record NetworkWanted
{
    [Text] public string? FixedIp { get; init; }
    [NullableField, Text(Format = "uuid")] public string? Port { get; init; }
    [Text] public string? Uuid { get; init; }
    [Since("2.32"), Text(Min = 1, Max = NovaLimits.Tag, Pattern = "^[^,/]*$")] public string? Tag { get; init; }
}

internal sealed record SecurityGroupWanted
{
    [Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public string? Name { get; init; }
}

/// <summary>A file to put into the guest's disk: taken until 2.56. This cloud passes it on by the config drive and metadata.</summary>
internal sealed record PersonalityFile
{
    [RequiredField, Text] public required string Path { get; init; }
    [RequiredField, Text] public required string Contents { get; init; }
}

/// <summary>An entry of <c>block_device_mapping_v2</c>.</summary>
internal sealed record BlockDeviceWanted
{
    [Text(OneOf = ["volume", "image", "snapshot", "blank"])] public string? SourceType { get; init; }
    [Text(OneOf = ["local", "volume"])] public string? DestinationType { get; init; }
    [Text(Min = 1, Max = 255, Pattern = "^[a-zA-Z0-9._-]*$")] public string? Uuid { get; init; }
    [Text(Format = "uuid")] public string? ImageId { get; init; }
    [Text(Format = "uuid")] public string? VolumeId { get; init; }
    [Text(Format = "uuid")] public string? SnapshotId { get; init; }
    [NullableField, Number(AllowText = true)] public int? BootIndex { get; init; }
    [Number(Min = 1, Max = NovaLimits.MaxInt, AllowText = true)] public int? VolumeSize { get; init; }
    [LooseBoolean] public bool? DeleteOnTermination { get; init; }
    [Text(Min = 1, Max = 255, Pattern = "^[a-zA-Z0-9._/-]*$")] public string? DeviceName { get; init; }
    [Text(Max = 255)] public string? GuestFormat { get; init; }
    [Text(Max = 255)] public string? DeviceType { get; init; }
    [Text(Max = 255)] public string? DiskBus { get; init; }
    [Text(Max = 255)] public string? VirtualName { get; init; }
    [Text] public string? ConnectionInfo { get; init; }
    [NullableField] public JsonElement NoDevice { get; init; }
    [Since("2.32"), Text(Min = 1, Max = NovaLimits.Tag, Pattern = "^[^,/]*$")] public string? Tag { get; init; }
    [Since("2.67"), NullableField, Text(Max = 255)] public string? VolumeType { get; init; }
}

/// <summary><c>PUT /servers/{id}</c>.</summary>
internal sealed record UpdateServer
{
    [Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public string? Name { get; init; }
    [WireName("OS-DCF:diskConfig"), Text(OneOf = ["AUTO", "MANUAL"])] public string? DiskConfig { get; init; }
    [WireName("accessIPv4"), NullableField, Text(Format = "ipv4")] public Optional<string?> AccessIpV4 { get; init; }
    [WireName("accessIPv6"), NullableField, Text(Format = "ipv6")] public Optional<string?> AccessIpV6 { get; init; }
    [Since("2.19"), NullableField, Text(Max = 255, Pattern = NovaLimits.DescriptionPattern)] public Optional<string?> Description { get; init; }
    [Since("2.90"), Text(Min = 1, Max = 255, Pattern = "^[a-zA-Z0-9-._]*$")] public string? Hostname { get; init; }
    [Since("2.104"), NullableField, Text(Min = 1, Max = 255)] public Optional<string?> PinnedAvailabilityZone { get; init; }
}
