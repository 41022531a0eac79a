using System.Text.Json;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.SecurityGroupRules;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>Attributes of a group: neutron/extensions/securitygroup.py with stateful-security-group and rbac-security-groups.</summary>
internal static class SecurityGroupTable
{
    public static readonly Field<string> Name = new("name", (value, name) => CheckedName(value, name), "");
    public static readonly Field<bool> Stateful = Field.Boolean("stateful", true);

    public static readonly ResourceTable<SecurityGroup, SecurityGroupView> Table = new ResourceTable<SecurityGroup, SecurityGroupView>("security_group", "security_groups", SecurityGroupErrors.NotFound)
        .Standard()
        .Text("name", v => v.Row.Name, g => g.Name).Takes(Name)
        .Flag("stateful", v => v.Row.Stateful, g => g.Stateful).Takes(Stateful)
        .Flag("shared", _ => false).FilteredBy((_, query, values) => values.Any(v => Field.ConvertedFlag(v) == false) ? query : query.Where(g => false))
        .Json("security_group_rules", WriteRules);

    /// <summary>Upstream's <c>name_not_default</c>: nobody makes a second group of that name, in any case.</summary>
    private static string CheckedName(JsonElement value, string name)
    {
        var text = Field.CheckedText(value, name, Limits.NameLength);
        return text.Equals(SecurityGroup.DefaultName, StringComparison.OrdinalIgnoreCase) ? throw SecurityGroupErrors.DefaultExists() : text;
    }

    private static void WriteRules(Utf8JsonWriter writer, SecurityGroupView view)
    {
        writer.WriteStartArray();
        foreach (var rule in view.Rules)
        {
            writer.WriteStartObject();
            foreach (var member in SecurityGroupRuleTable.Table.Members)
            {
                if (member.Write is null) { continue; }
                writer.WritePropertyName(member.Name);
                member.Write(writer, rule);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
