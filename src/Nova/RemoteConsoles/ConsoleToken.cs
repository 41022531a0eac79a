using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.RemoteConsoles;

/// <summary>
/// The right to look at one server's screen for a while, whoever holds the token. Only its hash is kept, so that who reads the database sees no screen. Good for nothing
/// once the server is deleted or has moved to another host.
/// </summary>
internal sealed class ConsoleToken
{
    /// <summary><c>[consoleauth] token_ttl</c>. Connections that are open stay open after it.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(600);

    public required string TokenHash { get; set; }
    public required string ServerId { get; set; }
    public required string Host { get; set; }
    /// <summary>novnc.</summary>
    public required string ConsoleType { get; set; }
    public required DateTime ExpiresAt { get; set; }

    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public static void Map(ModelBuilder model) => model.Entity<ConsoleToken>(token =>
    {
        token.ToTable("console_tokens");
        token.HasKey(t => t.TokenHash);
        token.HasIndex(t => t.ExpiresAt).HasDatabaseName("console_tokens_by_expiry");
    });
}
