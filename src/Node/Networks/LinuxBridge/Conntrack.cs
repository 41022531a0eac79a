using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>Connections that a change no longer allows.</summary>
/// <param name="Protocol">IANA number; null for any.</param>
/// <param name="Ingress">True: the port is where the connection goes to; false: where it comes from; null: either.</param>
/// <param name="Address">The port's address.</param>
/// <param name="Remote">The other end; null for any.</param>
internal sealed record ConnectionFilter(int? Protocol, bool? Ingress, IPNetwork Address, IPNetwork? Remote)
{
    /// <param name="translated">Where answers go to: the address a translated connection left with.</param>
    public bool Matches(int protocol, IPAddress source, IPAddress destination, IPAddress translated) =>
        (Ingress is null && Remote is null && Protocol is null && Address.Contains(translated)) || Matches(protocol, source, destination);

    private bool Matches(int protocol, IPAddress source, IPAddress destination) =>
        (Protocol is null || Protocol == protocol)
        && ((Ingress != true && Address.Contains(source) && (Remote is null || Remote.Value.Contains(destination)))
            || (Ingress != false && Address.Contains(destination) && (Remote is null || Remote.Value.Contains(source))));
}

/// <summary>
/// Decides which connections to forget after a change of a network's records, as upstream does (neutron/agent/linux/iptables_firewall.py,
/// <c>_remove_conntrack_entries_from_sg_updates</c>, and ip_conntrack.py): by protocol, family and address, not by port number. A forgotten connection that
/// is still allowed is picked up in its middle by the next packet.
/// </summary>
internal static class ForbiddenConnections
{
    public static IReadOnlyList<ConnectionFilter> Decide(NetworkState before, NetworkState after)
    {
        var filters = new List<ConnectionFilter>();
        var now = after.Ports.Where(static p => p.Local).ToDictionary(static p => p.Id, StringComparer.Ordinal);
        foreach (var old in before.Ports.Where(static p => p.Local))
        {
            var addresses = PortFirewall.AddressesOf(old).Distinct().ToList();
            if (!now.TryGetValue(old.Id, out var port) || (old.AdminStateUp && !port.AdminStateUp)
                || (port.PortSecurity && (!old.PortSecurity || old.SecurityGroupIds.Except(port.SecurityGroupIds, StringComparer.Ordinal).Any())))
            {
                filters.AddRange(addresses.Select(static a => new ConnectionFilter(null, null, a, null)));
                continue;
            }
            filters.AddRange(addresses.Except(PortFirewall.AddressesOf(port)).Select(static a => new ConnectionFilter(null, null, a, null)));
            if (port.PortSecurity)
            {
                foreach (var id in port.SecurityGroupIds)
                {
                    AddGroup(filters, id, addresses, before.Groups, after.Groups);
                }
            }
        }
        return filters.Distinct().ToList();
    }

    private static void AddGroup(List<ConnectionFilter> filters, string id, List<IPNetwork> addresses,
        IReadOnlyDictionary<string, SecurityGroupSpec> before, IReadOnlyDictionary<string, SecurityGroupSpec> after)
    {
        if (!before.TryGetValue(id, out var old))
        {
            return;
        }
        var rules = after.TryGetValue(id, out var group) ? group.Rules : [];
        var kept = rules.Select(SecurityRules.Compile).ToHashSet(StringComparer.Ordinal);
        foreach (var rule in old.Rules.Where(r => !kept.Contains(SecurityRules.Compile(r))))
        {
            filters.AddRange(addresses.Where(a => IpText.Version(a.BaseAddress) == rule.IpVersion)
                .Select(a => new ConnectionFilter(SecurityRules.ProtocolNumber(rule.Protocol, rule.IpVersion), rule.Ingress, a, null)));
        }
        foreach (var remote in rules.Select(static r => r.RemoteGroupId).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            var left = (before.TryGetValue(remote, out var then) ? then.Members : []).Except(after.TryGetValue(remote, out var there) ? there.Members : [], StringComparer.Ordinal);
            filters.AddRange(left.Select(IpText.Parse).SelectMany(m => addresses.Where(a => IpText.Version(a.BaseAddress) == IpText.Version(m.BaseAddress))
                .Select(a => new ConnectionFilter(null, null, a, m))));
        }
    }
}

/// <summary>
/// Deletes entries of the connection table over netlink (linux/netfilter/nfnetlink_conntrack.h): all are read, and each that matches is deleted by its tuple, because
/// the kernel's own filters know no addresses. To be called inside the namespace (<see cref="Netns.Run{T}"/>).
/// </summary>
internal static class Conntrack
{
    private const ushort MessageNew = (1 << 8) | 0;
    private const ushort MessageGet = (1 << 8) | 1;
    private const ushort MessageDelete = (1 << 8) | 2;
    private const ushort MessageError = 2;
    private const ushort MessageDone = 3;
    private const ushort FlagRequest = 1;
    private const ushort FlagAck = 4;
    private const ushort FlagDump = 0x300;
    private const int AttributeTupleOrig = 1;
    private const int AttributeTupleReply = 2;
    private const int AttributeTypeMask = 0x3fff;
    private const int NoEntry = 2;

    /// <summary>An entry: what identifies it for deletion, and what filters look at.</summary>
    internal sealed record Entry(byte Family, byte[] Tuple, int Protocol, IPAddress Source, IPAddress Destination, IPAddress AnswersTo);

    /// <summary>Deletes what matches any filter; answers how many.</summary>
    public static int Delete(IReadOnlyList<ConnectionFilter> filters)
    {
        var socket = Native.Socket(Native.AF_NETLINK, Native.SOCK_RAW | Native.SOCK_CLOEXEC, Native.NETLINK_NETFILTER);
        Check(socket);
        try
        {
            // A reply that never comes must not hold the caller: two seconds (struct timeval).
            Span<byte> limit = stackalloc byte[16];
            BinaryPrimitives.WriteInt64LittleEndian(limit, 2);
            Check(Native.SetSocketOption(socket, Native.SOL_SOCKET, Native.SO_RCVTIMEO, limit, limit.Length));
            var doomed = Dump(socket).Where(e => filters.Any(f => f.Matches(e.Protocol, e.Source, e.Destination, e.AnswersTo))).ToList();
            foreach (var entry in doomed)
            {
                Send(socket, MessageDelete, FlagRequest | FlagAck, entry.Family, entry.Tuple);
                ReadAck(socket);
            }
            return doomed.Count;
        }
        finally
        {
            _ = Native.Close(socket);
        }
    }

    private static List<Entry> Dump(int socket)
    {
        Send(socket, MessageGet, FlagRequest | FlagDump, 0, []);
        var entries = new List<Entry>();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var length = (int)Native.Receive(socket, buffer, buffer.Length, 0);
            Check(length);
            foreach (var (type, body) in Messages(buffer.AsMemory(0, length)))
            {
                if (type == MessageDone)
                {
                    return entries;
                }
                if (type == MessageError)
                {
                    throw new Win32Exception(-BinaryPrimitives.ReadInt32LittleEndian(body.Span));
                }
                if (type == MessageNew && Parse(body.Span) is { } entry)
                {
                    entries.Add(entry);
                }
            }
        }
    }

    private static IEnumerable<(ushort Type, ReadOnlyMemory<byte> Body)> Messages(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length >= 16)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
            if (length < 16 || length > bytes.Length)
            {
                yield break;
            }
            yield return (BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[4..]), bytes[16..length]);
            bytes = bytes[Math.Min(Align(length), bytes.Length)..];
        }
    }

    /// <summary>A message's body: nfgenmsg (family, version, resource id), then attributes.</summary>
    internal static Entry? Parse(ReadOnlySpan<byte> body)
    {
        var tuple = Attribute(body[4..], AttributeTupleOrig, out var raw);
        var ip = Attribute(tuple, 1, out _);
        var protocol = Attribute(Attribute(tuple, 2, out _), 1, out _);
        var six = body[0] == 10;
        var source = Attribute(ip, six ? 3 : 1, out _);
        var destination = Attribute(ip, six ? 4 : 2, out _);
        var width = six ? 16 : 4;
        var answers = Attribute(Attribute(Attribute(body[4..], AttributeTupleReply, out _), 1, out _), six ? 4 : 2, out _);
        return source.Length != width || destination.Length != width || answers.Length != width || protocol.Length != 1 ? null
            : new Entry(body[0], raw.ToArray(), protocol[0], new IPAddress(source), new IPAddress(destination), new IPAddress(answers));
    }

    private static ReadOnlySpan<byte> Attribute(ReadOnlySpan<byte> attributes, int wanted, out ReadOnlySpan<byte> whole)
    {
        while (attributes.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }
            if ((BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & AttributeTypeMask) == wanted)
            {
                whole = attributes[..length];
                return attributes[4..length];
            }
            attributes = attributes[Math.Min(Align(length), attributes.Length)..];
        }
        whole = [];
        return [];
    }

    private static void Send(int socket, ushort type, int flags, byte family, byte[] attributes)
    {
        var message = new byte[20 + Align(attributes.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), (ushort)flags);
        message[16] = family;
        attributes.CopyTo(message, 20);
        // struct sockaddr_nl of the kernel: family, padding, port 0, groups 0.
        Span<byte> kernel = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(kernel, Native.AF_NETLINK);
        Check((int)Native.SendTo(socket, message, message.Length, 0, kernel, kernel.Length));
    }

    private static void ReadAck(int socket)
    {
        var buffer = new byte[8 * 1024];
        var length = (int)Native.Receive(socket, buffer, buffer.Length, 0);
        Check(length);
        var error = Messages(buffer.AsMemory(0, length)).Where(static m => m.Type == MessageError).Select(static m => BinaryPrimitives.ReadInt32LittleEndian(m.Body.Span)).FirstOrDefault();
        if (error != 0 && error != -NoEntry)
        {
            throw new Win32Exception(-error);
        }
    }

    private static int Align(int length) => (length + 3) & ~3;

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }
}
