using System.Reflection;

namespace Nephos.Kernel.Policy;

/// <summary>
/// A service's former rules: upstream's <c>deprecated_rule</c> entries (<c>keystone/common/policies</c>, <c>nova/policies</c>, <c>neutron/conf/policies</c>, <c>glance/policies</c>,
/// <c>placement/policies</c>), in the service's <c>former-rules.tsv</c>: the rule's name, its former name, its former default. Read only when a policy file changes rules, or new defaults are not
/// enforced. Rules of calls that do not exist here may be in it; they wait for their call.
/// </summary>
public static class FormerRules
{
    public static IReadOnlyList<PolicyDeprecation> Of(Assembly service)
    {
        using var table = new StreamReader(service.GetManifestResourceStream("former-rules.tsv") ?? throw new InvalidOperationException($"{service.GetName().Name} has no former-rules.tsv"));
        var rules = new List<PolicyDeprecation>();
        while (table.ReadLine() is { } line)
        {
            if (line.Split('\t') is not [var name, var formerName, var formerText]) { throw new InvalidDataException($"former-rules.tsv of {service.GetName().Name}: '{line}' is not a name, a former name and a former rule"); }
            rules.Add(new PolicyDeprecation(name, formerName, formerText));
        }
        return rules;
    }
}
