namespace Nephos.Kernel.Auth;

/// <summary>
/// A call that a token of an application credential may make; with rules, it may make no other. Upstream: <c>validate_allowed_request</c> in keystonemiddleware's <c>auth_token</c>. In the path,
/// <c>*</c> and <c>{name}</c> stand for one segment or a part of it, <c>**</c> for anything. Paths are taken as the service's own (<c>/v2.1/servers</c>) and with the prefix under which it is served
/// here (<c>/compute/v2.1/servers</c>).
/// </summary>
/// <param name="Service">The service's type in the catalog.</param>
public sealed record AccessRule(string Service, string Method, string Path)
{
    /// <summary>Whether one of the rules lets the call through. Everyone may look at tokens, since services do it on everyone's behalf.</summary>
    public static bool Allow(IReadOnlyList<AccessRule> rules, string service, string method, string prefix, string path) =>
        (service == "identity" && method == "GET" && path.EndsWith("/v3/auth/tokens", StringComparison.Ordinal))
        || rules.Any(rule => rule.Service == service && rule.Method == method && (Matches(rule.Path, path) || Matches(rule.Path, prefix + path)));

    /// <summary>True when the whole path fits. Takes steps in the product of the two lengths, whatever the pattern.</summary>
    public static bool Matches(string pattern, string path)
    {
        // at[i]: the pattern so far can end before the path's character i.
        var at = new bool[path.Length + 1];
        at[0] = true;
        for (var p = 0; p < pattern.Length; p++)
        {
            var c = pattern[p];
            var next = new bool[path.Length + 1];
            if (c == '*' && p + 1 < pattern.Length && pattern[p + 1] == '*')
            {
                p++;
                for (int i = 0, seen = 0; i <= path.Length; i++) { next[i] = (seen |= at[i] ? 1 : 0) != 0; }
            }
            else if (c == '*' || (c == '{' && pattern.IndexOf('}', p) > 0))
            {
                if (c == '{') { p = pattern.IndexOf('}', p); }
                // At least one character, none of them a slash.
                for (var i = 1; i <= path.Length; i++) { next[i] = path[i - 1] != '/' && (at[i - 1] || next[i - 1]); }
            }
            else if (c is '{' or '}') { continue; } // a brace without its fellow counts for nothing, as upstream has it
            else
            {
                for (var i = 1; i <= path.Length; i++) { next[i] = at[i - 1] && path[i - 1] == c; }
            }
            at = next;
        }
        return at[path.Length];
    }
}
