using System.Collections.Concurrent;
using Nephos.Kernel.Errors;

namespace Nephos.Keystone.Passwords;

/// <summary>
/// Makes and checks password hashes on threads of its own, one a core, since each takes a quarter of a second by design and would starve the requests. The queue is bounded: a flood of logins
/// is answered 503 at once instead of growing a backlog that nobody waits for.
/// </summary>
internal sealed class PasswordHasher(KeystoneSettings settings) : IDisposable
{
    /// <summary>Logins that wait; at 12 rounds the last of them waits half a minute on two cores.</summary>
    private const int MaxWaiting = 256;
    private readonly BlockingCollection<Action> _queue = new(MaxWaiting);
    private readonly Lock _lock = new();
    private bool _started;
    private string? _decoy;

    public Task<string> HashAsync(string password) => Run(() => PasswordHash.Make(password, settings.PasswordHashRounds));

    /// <summary>True when the password fits the hash. Without a hash (no such user, no password) it takes as long and is false, so that nobody can tell by the time who exists.</summary>
    public Task<bool> VerifyAsync(string password, string? hash) => Run(() =>
    {
        if (hash is not null) { return PasswordHash.Verify(password, hash); }
        PasswordHash.Verify(password, Decoy());
        return false;
    });

    private string Decoy() => LazyInitializer.EnsureInitialized(ref _decoy, () => PasswordHash.Make("nobody has this password", settings.PasswordHashRounds));

    private Task<T> Run<T>(Func<T> work)
    {
        Start();
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = _queue.TryAdd(() =>
        {
            try { done.SetResult(work()); }
            catch (Exception error) { done.SetException(error); }
        });
        return taken ? done.Task : throw new UnavailableError("Too many logins at once, please try again.") { Headers = new Dictionary<string, string> { ["Retry-After"] = "5" } };
    }

    private void Start()
    {
        lock (_lock)
        {
            if (_started) { return; }
            _started = true;
            for (var i = 0; i < Environment.ProcessorCount; i++)
            {
                new Thread(() => { foreach (var work in _queue.GetConsumingEnumerable()) { work(); } }) { IsBackground = true, Name = $"password {i}" }.Start();
            }
        }
    }

    public void Dispose() => _queue.CompleteAdding();
}
