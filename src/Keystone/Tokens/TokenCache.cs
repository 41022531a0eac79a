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
    private ConcurrentDictionary<(string User, string Scope), TokenModel> _byScope = new();
    private long _changes;
    private long _revokedBefore = long.MaxValue;
    private long _revokedSince;

    /// <summary>How many times something was dropped; taken before reading the database.</summary>
    public long Changes => Volatile.Read(ref _changes);

    /// <summary>True when no revocation reaches up to this second: those before the start, told once by <see cref="StartCounting"/>, and those of this process since.</summary>
    public bool IsAfterRevocations(DateTime second) => second.Ticks > Volatile.Read(ref _revokedBefore) && second.Ticks > Volatile.Read(ref _revokedSince);

    /// <summary>Tells the newest revocation in the database.</summary>
    public void StartCounting(DateTime newest) => Volatile.Write(ref _revokedBefore, newest.Ticks);

    /// <summary>A revocation is about to be written.</summary>
    public void Revoking(DateTime second)
    {
        lock (_lock) { _revokedSince = Math.Max(_revokedSince, second.Ticks); }
    }

    /// <summary>A token of the same user and scope that was found valid: who that is, and which roles, is the same for another.</summary>
    public TokenModel? Alike(TokenPayload payload) => payload.IsPlain && Volatile.Read(ref _byScope).TryGetValue(KeyOf(payload), out var model) ? model : null;

    /// <summary>True when a token of this user for this project is known to be good.</summary>
    public bool Knows(string userId, string projectId) => Volatile.Read(ref _byScope).ContainsKey((userId, projectId));

    private static (string User, string Scope) KeyOf(TokenPayload payload) =>
        (payload.UserId, payload.ProjectId ?? (payload.DomainId is { } domain ? "domain " + domain : payload.System is { } system ? "system " + system : ""));

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
            if (!model.Payload.IsPlain) { return; }
            if (_byScope.Count >= GenerationSize) { Volatile.Write(ref _byScope, new()); }
            _byScope[KeyOf(model.Payload)] = model;
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
            foreach (var (key, model) in _byScope)
            {
                if (concerned(model)) { _byScope.TryRemove(key, out _); }
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
            _byScope.Clear();
        }
    }
}
