using System.Collections.Concurrent;

namespace Nephos.Glance.Imports;

/// <summary>Tokens of imports from another Glance, by task: in memory only, since a saga's parameters are stored. After a restart such an import fails, and its image can be imported anew.</summary>
internal sealed class ImportTokens
{
    private readonly ConcurrentDictionary<string, string> _tokens = new(StringComparer.Ordinal);

    public void Keep(string taskId, string token) => _tokens[taskId] = token;
    public string? Find(string taskId) => _tokens.GetValueOrDefault(taskId);
    public void Forget(string taskId) => _tokens.TryRemove(taskId, out _);
}
