namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>One device of a namespace as it shall be.</summary>
/// <param name="Create">iproute2's words after <c>link add name NAME</c> when it is missing; null when somebody else makes it.</param>
/// <param name="Mac">Null: the kernel's choice is kept.</param>
/// <param name="Master">The bridge it is attached to; null is not looked at.</param>
/// <param name="Addresses">Addresses with prefix length. Those of the link scope which the kernel adds are left alone.</param>
internal sealed record LinkPlan(string Name, string? Create, string? Mac, int Mtu, string? Master, IReadOnlyList<string> Addresses, bool Up = true);

/// <summary>A route: destination prefix (<c>default</c>, <c>10.0.0.0/8</c>) and iproute2's words after it.</summary>
internal sealed record RoutePlan(int Version, string Destination, string Via, string? Device)
{
    public string Words => Device is null ? $"{Destination} via {Via}" : $"{Destination} via {Via} dev {Device} onlink";
}

/// <summary>The devices, addresses and static routes of a namespace as they shall be.</summary>
/// <param name="Routes">Null: this namespace has no routes of ours, and none are looked for.</param>
/// <param name="OwnedPrefixes">Devices whose name begins so and which are not in the plan are removed.</param>
internal sealed record NamespacePlan(IReadOnlyList<LinkPlan> Links, IReadOnlyList<RoutePlan>? Routes, IReadOnlyList<string> OwnedPrefixes)
{
    /// <summary>Text by which two plans are compared (records compare lists by reference).</summary>
    public string Fingerprint() => string.Join('\n',
        Links.Select(l => $"{l.Name}|{l.Create}|{l.Mac}|{l.Mtu}|{l.Master}|{string.Join(',', l.Addresses)}|{l.Up}").Concat((Routes ?? []).Select(r => r.Version + r.Words)));
}
