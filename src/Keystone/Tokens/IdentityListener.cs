using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Store;
using Nephos.Keystone.Catalog;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// With several processes on one PostgreSQL: hears of every change of what tokens are worth (<see cref="TokenInvalidation"/>) as it commits, and forgets what is cached, so that a revocation takes
/// effect in every process at once and not when it next looks at the version. While it does not hear, the version is looked at (<see cref="TokenValidator"/>).
/// </summary>
internal sealed partial class IdentityListener(Store<KeystoneDb> store, TokenCache tokens, CatalogCache catalogs, ILogger<IdentityListener> log) : BackgroundService
{
    public const string Channel = "nephos_identity";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!store.Exclusive && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await store.ListenAsync(Channel, Forget, stoppingToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is System.Data.Common.DbException or IOException or TimeoutException)
            {
                LogLost(error, Pause);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
        }
    }

    private void Forget()
    {
        tokens.Clear();
        catalogs.Clear();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the database does not tell of changes of identities any more; trying again in {Pause}, until then its version is looked at every second")]
    private partial void LogLost(Exception error, TimeSpan pause);
}
