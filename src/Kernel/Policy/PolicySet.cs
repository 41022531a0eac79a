using System.Collections.Concurrent;

namespace Nephos.Kernel.Policy;

/// <summary>One policy engine a service, since services share rule names (<c>context_is_admin</c>) and each has a file of its own.</summary>
/// <param name="file">A service's file of overrides; null or missing: none.</param>
public sealed class PolicySet(Func<string, string?> file, TimeProvider clock, PolicyOptions? options = null)
{
    private readonly ConcurrentDictionary<string, PolicyEngine> _engines = new(StringComparer.Ordinal);

    public PolicyEngine Of(string service) => _engines.GetOrAdd(service, name => new PolicyEngine(file(name), clock, options));
}
