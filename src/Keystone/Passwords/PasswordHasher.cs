using System.Collections.Concurrent;
using System.Text;
using Nephos.Kernel.Errors;

namespace Nephos.Keystone.Passwords;

/// <summary>
/// Makes and checks password hashes on threads of its own, one a core, since each takes a quarter of a second by design and would starve the requests. The threads are nicer than those that answer
/// (<see cref="ThreadNice"/>), so that a storm of logins leaves the validation of tokens alone. The queue is bounded: a flood of logins is answered 503 at once instead of growing a backlog
/// that nobody waits for.
/// </summary>
internal sealed class PasswordHasher(KeystoneSettings settings) : IDisposable
{
    /// <summary>Logins that wait; at 12 rounds the last of them waits half a minute on two cores.</summary>
    private const int MaxWaiting = 256;
    private readonly BlockingCollection<Action> _queue = new(MaxWaiting);
    private readonly Lock _lock = new();
    private bool _started;
    private string? _decoy;
    private long _checks;

    /// <summary>Hashes computed to check a password: what a login costs, whoever it is about.</summary>
    public long Checks => Interlocked.Read(ref _checks);

    public Task<string> HashAsync(string password) => Run(() => PasswordHash.Make(Counting(password), settings));

    /// <summary>True when the password fits the hash. Without a hash (no such user, no password) it takes as long and is false, so that nobody can tell by the time who exists.</summary>
    public Task<bool> VerifyAsync(string password, string? hash) => Run(() =>
    {
        Interlocked.Increment(ref _checks);
        if (hash is not null) { return PasswordHash.Verify(Counting(password), hash); }
        PasswordHash.Verify(Counting(password), Decoy());
        return false;
    });

    /// <summary>True when the password fits one of the hashes.</summary>
    public async Task<bool> FitsAnyAsync(string password, IEnumerable<string> hashes)
    {
        foreach (var hash in hashes)
        {
            if (await VerifyAsync(password, hash)) { return true; }
        }
        return false;
    }

    /// <summary>Most bytes of a password that count.</summary>
    public int MaxLength => settings.PasswordHashAlgorithm == PasswordHashAlgorithm.Bcrypt ? Math.Min(settings.MaxPasswordLength, PasswordHash.BcryptMax) : settings.MaxPasswordLength;

    private ReadOnlySpan<byte> Counting(string password) => Encoding.UTF8.GetBytes(password) is var bytes && bytes.Length > MaxLength ? bytes.AsSpan(0, MaxLength) : bytes;

    private string Decoy() => LazyInitializer.EnsureInitialized(ref _decoy, () => PasswordHash.Make("nobody has this password"u8, settings));

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
            for (var i = 0; i < Environment.ProcessorCount; i++) { new Thread(Work) { IsBackground = true, Name = $"password {i}" }.Start(); }
        }
    }

    private void Work()
    {
        ThreadNice.Lower();
        foreach (var work in _queue.GetConsumingEnumerable()) { work(); }
    }

    public void Dispose() => _queue.CompleteAdding();
}
