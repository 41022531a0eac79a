using System.Collections.Concurrent;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// Tokens that were found valid, by their text, so that a request costs a look into a table and no query. Who changes what a token is worth drops the tokens concerned after the commit
/// (<see cref="TokenInvalidation"/>), before the change is answered: a revocation holds from the next request on.
/// <para>A load that began before a change must not store what it read: it brings the number of changes it started with, and is only kept if that is still the number.</para>
/// <para>Bounded by two generations: when the young one is full it becomes the old one, and what nobody asked for since is gone with the one before. A hit in the old one moves it up.</para>
/// </summary>
internal sealed class TokenCache
{
    /// <summary>Tokens of a generation; about 2 KiB each.</summary>
    private const int GenerationSize = 8192;
    private readonly Lock _lock = new();
    private ConcurrentDictionary<string, TokenModel> _young = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, TokenModel> _old = new(StringComparer.Ordinal);
    private long _changes;

    /// <summary>How many times something was dropped; taken before reading the database.</summary>
    public long Changes => Volatile.Read(ref _changes);

    public TokenModel? Find(string token)
    {
        if (Volatile.Read(ref _young).TryGetValue(token, out var model)) { return model; }
        var changes = Changes;
        if (!Volatile.Read(ref _old).TryGetValue(token, out model)) { return null; }
        Keep(token, model, changes);
        return model;
    }

    public void Keep(string token, TokenModel model, long changes)
    {
        lock (_lock)
        {
            if (_changes != changes) { return; }
            if (_young.Count >= GenerationSize)
            {
                Volatile.Write(ref _old, _young);
                Volatile.Write(ref _young, new(StringComparer.Ordinal));
            }
            _young[token] = model;
        }
    }

    public void Drop(Func<TokenModel, bool> concerned)
    {
        lock (_lock)
        {
            _changes++;
            foreach (var generation in new[] { _young, _old })
            {
                foreach (var (token, model) in generation)
                {
                    if (concerned(model)) { generation.TryRemove(token, out _); }
                }
            }
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _changes++;
            _young.Clear();
            _old.Clear();
        }
    }
}
