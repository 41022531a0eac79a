using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.RemoteConsoles;

/// <summary>Gives out console tokens and knows them again.</summary>
internal sealed class ConsoleOperations(Store<NovaDb> store, TimeProvider clock)
{
    /// <summary>A token for the server's screen. Expired ones go with the same write.</summary>
    public async Task<string> GrantAsync(RequestContext context, Server server, string type)
    {
        if (server.Host is not { } host || server.VmState == VmStates.Building) { throw ServerErrors.NotReady(server.Id); }
        if (server.TaskState == TaskStates.Deleting) { throw ServerErrors.InvalidState("get_vnc_console", server.Id, "task_state", server.TaskState); }
        var token = NewId.Uuid();
        await store.WriteAsync(async db =>
        {
            await db.ConsoleTokens.Where(t => t.ExpiresAt <= context.Now).ExecuteDeleteAsync();
            db.ConsoleTokens.Add(new ConsoleToken { TokenHash = ConsoleToken.HashOf(token), ServerId = server.Id, Host = host, ConsoleType = type, ExpiresAt = context.Now + ConsoleToken.Lifetime });
            db.Record(context, "open_console", "server", server.Id, server.ProjectId);
        });
        return token;
    }

    /// <summary>What the token is for; null when it is unknown, expired, or its server is not there any more.</summary>
    public Task<ConsoleToken?> FindAsync(string token, CancellationToken cancel)
    {
        var (hash, now) = (ConsoleToken.HashOf(token), clock.Now());
        return store.ReadAsync(db => db.ConsoleTokens.FirstOrDefaultAsync(
            t => t.TokenHash == hash && t.ExpiresAt > now && db.Servers.Any(s => s.Id == t.ServerId && s.Host == t.Host && !s.Deleted), cancel), cancel);
    }
}
