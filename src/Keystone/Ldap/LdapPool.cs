using System.Collections.Concurrent;
using System.DirectoryServices.Protocols;
using System.Net;
using Nephos.Kernel.Errors;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// Connections to a directory, each on a thread of its own, since libldap's calls block: requests wait for them without holding a thread of theirs. Threads come with the work, up to the pool's
/// size, and go when there has been none for a lifetime. The queue is bounded as that of password hashes is.
/// </summary>
internal sealed class LdapPool(LdapSettings ldap, string name, int size, TimeSpan lifetime, bool keep, TimeProvider clock) : IDisposable
{
    private const int MaxWaiting = 256;
    /// <summary>LDAP's own codes (RFC 4511) and libldap's (ldap.h) of a connection that is of no more use.</summary>
    private const int ServerDown = 81, TimedOut = 85, ConnectError = 91, Busy = 51, Unavailable = 52;
    /// <summary>The package's enumeration lacks it.</summary>
    public const int InvalidCredentials = 49;
    private readonly BlockingCollection<Action<Worker>> _queue = new(MaxWaiting);
    private readonly Lock _lock = new();
    private int _threads, _idle;

    private sealed class Worker
    {
        public LdapConnection? Connection;
        public DateTimeOffset MadeAt;
    }

    /// <summary>How long a connection or an answer may take.</summary>
    public TimeSpan Timeout { get; } = TimeSpan.FromSeconds(ldap.PoolConnectionTimeout > 0 ? ldap.PoolConnectionTimeout : ldap.ConnectionTimeout > 0 ? ldap.ConnectionTimeout : 30);

    /// <summary>Runs the work on a connection of the pool; a connection that turns out to be dead is made anew once.</summary>
    public Task<T> RunAsync<T>(Func<LdapConnection, T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Job(Worker worker)
        {
            try { done.SetResult(Run(worker, work)); }
            catch (Exception error) { done.SetException(error); }
        }
        lock (_lock)
        {
            if (_idle <= _queue.Count && _threads < size)
            {
                _threads++;
                new Thread(Loop) { IsBackground = true, Name = name }.Start();
            }
        }
        return !_queue.IsAddingCompleted && _queue.TryAdd(Job) ? done.Task : throw new UnavailableError("Too many requests for one directory at once, please try again.") { Headers = new Dictionary<string, string> { ["Retry-After"] = "5" } };
    }

    private T Run<T>(Worker worker, Func<LdapConnection, T> work)
    {
        var reused = worker.Connection is not null && clock.GetUtcNow() - worker.MadeAt < lifetime;
        if (!reused) { Drop(worker); }
        try
        {
            worker.Connection ??= Connect();
            if (!reused) { worker.MadeAt = clock.GetUtcNow(); }
            return work(worker.Connection);
        }
        catch (Exception error) when (IsDead(error))
        {
            Drop(worker);
            if (!reused) { throw; }
            worker.Connection = Connect();
            worker.MadeAt = clock.GetUtcNow();
            return work(worker.Connection);
        }
        finally
        {
            if (!keep) { Drop(worker); }
        }
    }

    private void Loop()
    {
        var worker = new Worker();
        while (true)
        {
            lock (_lock) { _idle++; }
            var got = _queue.TryTake(out var job, keep ? lifetime : TimeSpan.FromSeconds(10));
            lock (_lock)
            {
                _idle--;
                // Nobody may be left waiting by the last thread that goes.
                if (!got && (_queue.Count == 0 || _queue.IsAddingCompleted)) { _threads--; break; }
            }
            job?.Invoke(worker);
        }
        Drop(worker);
    }

    /// <summary>To the first server that answers, with TLS when asked for; not yet bound.</summary>
    private LdapConnection Connect()
    {
        LdapException? last = null;
        for (var attempt = 0; attempt < ldap.PoolRetryMax; attempt++)
        {
            if (attempt > 0) { Thread.CurrentThread.Join(TimeSpan.FromSeconds(ldap.PoolRetryDelay)); }
            foreach (var url in LdapUrl.Of(ldap))
            {
                var connection = Open(url);
                try
                {
                    if (ldap.UseTls) { connection.SessionOptions.StartTransportLayerSecurity(null); }
                    Bind(connection, ldap.User, ldap.Password);
                    return connection;
                }
                catch (Exception error) when (error is LdapException or DirectoryOperationException)
                {
                    connection.Dispose();
                    last = error as LdapException ?? new LdapException(ConnectError, error.Message, error);
                    // Who is refused here is refused by all.
                    if (last.ErrorCode == InvalidCredentials) { throw last; }
                }
            }
        }
        throw last ?? new LdapException(ConnectError, "no URL is configured");
    }

    private LdapConnection Open(LdapUrl url)
    {
        var connection = new LdapConnection(new LdapDirectoryIdentifier(url.Host, url.Port)) { AuthType = AuthType.Anonymous, AutoBind = false, Timeout = Timeout };
        connection.SessionOptions.SecureSocketLayer = url.Scheme == LdapScheme.Ldaps;
        LdapNative.Configure(connection, url, ldap, Timeout);
        return connection;
    }

    /// <summary>Upstream binds anonymously unless there is a name and a password.</summary>
    public static void Bind(LdapConnection connection, string? user, string? password)
    {
        if (string.IsNullOrEmpty(user) || string.IsNullOrEmpty(password))
        {
            connection.AuthType = AuthType.Anonymous;
            connection.Bind();
            return;
        }
        connection.AuthType = AuthType.Basic;
        connection.Bind(new NetworkCredential(user, password));
    }

    private static bool IsDead(Exception error) => error is LdapException { ErrorCode: -1 or ServerDown or TimedOut or ConnectError or Busy or Unavailable }
        or DirectoryOperationException { Response: { ResultCode: ResultCode.Busy or ResultCode.Unavailable } } or ObjectDisposedException;

    private static void Drop(Worker worker)
    {
        worker.Connection?.Dispose();
        worker.Connection = null;
    }

    public void Dispose() => _queue.CompleteAdding();
}
