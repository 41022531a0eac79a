using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.SecurityGroupRules;
using Shouldly;
using Xunit;

namespace Nephos.Neutron.Tests.SecurityGroupRules;

public sealed class RuleShapeTests
{
    private static RuleShape Shape(string members)
    {
        using var body = JsonDocument.Parse("""{"security_group_id":"g","direction":"ingress",""" + members + "}");
        var values = new Values { ProjectId = "p" };
        foreach (var member in SecurityGroupRuleTable.Table.Members)
        {
            if (member.Field is { } field && body.RootElement.TryGetProperty(field.Name, out var given)) { values.SetRaw(field, field.Read(given)); }
        }
        return RuleShape.Of(values);
    }

    [Theory]
    [InlineData("""  "protocol":"TCP","port_range_min":"22","port_range_max":22  """, "IPv4 tcp 22 22")]
    [InlineData("""  "protocol":6,"port_range_min":1,"port_range_max":65535  """, "IPv4 6  ")]
    [InlineData("""  "protocol":null  """, "IPv4   ")]
    [InlineData("""  "protocol":"any"  """, "IPv4   ")]
    [InlineData("""  "protocol":"icmp","ethertype":"ipv6","port_range_min":128  """, "IPv6 ipv6-icmp 128 ")]
    [InlineData("""  "protocol":"icmpv6","ethertype":"IPv6"  """, "IPv6 ipv6-icmp  ")]
    [InlineData("""  "protocol":1,"ethertype":"IPV6"  """, "IPv6 58  ")]
    [InlineData("""  "protocol":"icmp","port_range_min":0,"port_range_max":0  """, "IPv4 icmp 0 0")]
    [InlineData("""  "protocol":"255"  """, "IPv4 255  ")]
    public void Of_GoodRule_IsCanonical(string members, string wanted)
    {
        var shape = Shape(members);
        $"{shape.Ethertype} {shape.Protocol} {shape.PortRangeMin} {shape.PortRangeMax}".ShouldBe(wanted);
    }

    [Theory]
    [InlineData("""  "protocol":"bad"  """, "SecurityGroupRuleInvalidProtocol", "Security group rule protocol bad not supported. Only protocol values (None, 'any', 'ah', ")]
    [InlineData("""  "protocol":256  """, "SecurityGroupRuleInvalidProtocol", "integer representations [0 to 255] are supported.")]
    [InlineData("""  "protocol":-1  """, "SecurityGroupRuleInvalidProtocol", "protocol -1 not")]
    [InlineData("""  "protocol":["tcp"]  """, "SecurityGroupRuleInvalidProtocol", "['tcp']")]
    [InlineData("""  "protocol":"tcp","port_range_min":-16,"port_range_max":80  """, "SecurityGroupInvalidPortValue", "Invalid value for port -16")]
    [InlineData("""  "protocol":"tcp","port_range_min":80,"port_range_max":65536  """, "SecurityGroupInvalidPortValue", "Invalid value for port 65536")]
    [InlineData("""  "protocol":"tcp","port_range_min":"x","port_range_max":1  """, "SecurityGroupInvalidPortValue", "Invalid value for port x")]
    [InlineData("""  "protocol":"tcp","port_range_min":0,"port_range_max":1  """, "SecurityGroupInvalidPortValue", "Invalid value for port 0")]
    [InlineData("""  "protocol":"tcp","port_range_min":80,"port_range_max":79  """, "SecurityGroupInvalidPortRange", "port_range_min must be <= port_range_max")]
    [InlineData("""  "protocol":"udp","port_range_max":6  """, "SecurityGroupInvalidPortRange", "port_range_min must be <= port_range_max")]
    [InlineData("""  "protocol":"icmp","port_range_min":1,"port_range_max":256  """, "SecurityGroupInvalidIcmpValue", "Invalid value for ICMP code (port_range_max) 256. It must be 0 to 255.")]
    [InlineData("""  "protocol":"icmp","port_range_min":300,"port_range_max":1  """, "SecurityGroupInvalidIcmpValue", "Invalid value for ICMP type (port_range_min) 300. It must be 0 to 255.")]
    [InlineData("""  "protocol":"icmp","port_range_max":6  """, "SecurityGroupMissingIcmpType", "ICMP code (port-range-max) 6 is provided but ICMP type (port-range-min) is missing.")]
    [InlineData("""  "port_range_min":1,"port_range_max":2  """, "SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.")]
    [InlineData("""  "protocol":"gre","port_range_min":1,"port_range_max":2  """, "SecurityGroupInvalidProtocolForPort", "Ports cannot be specified for protocol 47. Ports are only supported for DCCP, SCTP, TCP, UDP, UDPLITE.")]
    [InlineData("""  "ethertype":"bad_ethertype"  """, "SecurityGroupRuleInvalidEtherType", "Security group rule for ethertype 'bad_ethertype' not supported. Allowed values are ['IPv4', 'IPv6'].")]
    [InlineData("""  "remote_ip_prefix":"192.168.1./24"  """, "InvalidCIDR", "Invalid CIDR 192.168.1./24 given as IP prefix.")]
    [InlineData("""  "remote_ip_prefix":"192.168.1.1/33"  """, "InvalidCIDR", "192.168.1.1/33")]
    [InlineData("""  "remote_ip_prefix":"256"  """, "InvalidCIDR", "256")]
    [InlineData("""  "remote_ip_prefix":"10.0.0.0/8","ethertype":"IPv6"  """, "SecurityGroupRuleParameterConflict", "Conflicting value ethertype IPv6 for CIDR 10.0.0.0/8")]
    [InlineData("""  "remote_ip_prefix":"2001:db8::/32"  """, "SecurityGroupRuleParameterConflict", "Conflicting value ethertype IPv4 for CIDR 2001:db8::/32")]
    [InlineData("""  "protocol":"ipv6-icmp"  """, "SecurityGroupEthertypeConflictWithProtocol", "Invalid ethertype IPv4 for protocol ipv6-icmp.")]
    [InlineData("""  "protocol":"58"  """, "SecurityGroupEthertypeConflictWithProtocol", "Invalid ethertype IPv4 for protocol 58.")]
    [InlineData("""  "remote_ip_prefix":"10.0.0.0/8","remote_group_id":"x"  """, "SecurityGroupMultipleRemoteEntites", "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.")]
    [InlineData("""  "remote_address_group_id":"y","remote_group_id":"x"  """, "SecurityGroupMultipleRemoteEntites", "Only one of")]
    public void Of_BadRule_Is400WithUpstreamsTypeAndWords(string members, string type, string words)
    {
        var error = Should.Throw<ApiError>(() => Shape(members));
        error.Status.ShouldBe(400);
        error.Type.ShouldBe(type);
        error.Message.ShouldContain(words);
    }

    [Theory]
    [InlineData("10.0.0.5", "10.0.0.5/32", "10.0.0.5/32")]
    [InlineData("10.0.0.5/24", "10.0.0.5/24", "10.0.0.0/24")]
    [InlineData("10.0.0.5/255.255.255.0", "10.0.0.5/24", "10.0.0.0/24")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:DB8:0::1/64", "2001:db8::1/64", "2001:db8::/64")]
    [InlineData("::/0", "::/0", "::/0")]
    public void Prefix_Good_KeepsHostBitsAndNormalizes(string text, string shown, string normalized)
    {
        var prefix = RemotePrefix.Parse(text)!;
        prefix.ToString().ShouldBe(shown);
        prefix.Normalized.ShouldBe(normalized);
    }

    [Theory]
    [InlineData("10.1")]
    [InlineData("0x0a000001")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/255.0.255.0")]
    [InlineData("fe80::1%eth0")]
    [InlineData("::/129")]
    [InlineData("bad_prefix")]
    public void Prefix_Bad_IsNone(string text) => RemotePrefix.Parse(text).ShouldBeNull();

    [Fact]
    public void Meaning_NameAndNumberAndAnyAddress_AreTheSame()
    {
        Shape("""  "protocol":"tcp","remote_ip_prefix":"0.0.0.0/0"  """).Meaning.ShouldBe(Shape("""  "protocol":6  """).Meaning);
        Shape("""  "protocol":"tcp","remote_ip_prefix":"10.0.0.0/8"  """).Meaning.ShouldNotBe(Shape("""  "protocol":6  """).Meaning);
    }
}
