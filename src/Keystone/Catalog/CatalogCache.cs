using System.Collections.Concurrent;
using System.Text.Json;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Catalog;

/// <summary>
/// The catalog as JSON, by project: every token shows it, and it changes a few times a year. Whoever writes services, endpoints or who has which calls <see cref="ChangedAsync"/> in the same
/// transaction; all is forgotten after the commit, in this process at once and in others as cached tokens are.
/// <para>A catalog whose addresses name the user is made anew each time.</para>
/// </summary>
internal sealed class CatalogCache(CatalogReader reader)
{
    /// <summary>Projects; about 5 KiB each. When full it begins anew.</summary>
    private const int Size = 2048;
    private ConcurrentDictionary<string, ReadOnlyMemory<byte>> _byProject = new(StringComparer.Ordinal);

    public async ValueTask<ReadOnlyMemory<byte>> JsonAsync(string? projectId, string userId, CancellationToken cancel)
    {
        var cache = Volatile.Read(ref _byProject);
        if (cache.TryGetValue(projectId ?? "", out var known)) { return known; }
        var json = JsonSerializer.SerializeToUtf8Bytes(await reader.ReadAsync(projectId, userId, cancel).ConfigureAwait(false), WireJson.For(ApiVersion.None));
        // Into the table as it was before the read: one that was replaced meanwhile may have been so because of a change that we did not see.
        if (!json.AsSpan().ContainsText(userId) && cache.Count < Size) { cache[projectId ?? ""] = json; }
        else if (cache.Count >= Size) { Interlocked.CompareExchange(ref _byProject, new(StringComparer.Ordinal), cache); }
        return json;
    }

    /// <summary>For the transaction of a change.</summary>
    public Task ChangedAsync(KeystoneDb db)
    {
        db.AfterCommit(Clear);
        return TokenInvalidation.BumpAsync(db);
    }

    public void Clear() => Volatile.Write(ref _byProject, new(StringComparer.Ordinal));
}

internal static class Utf8Search
{
    public static bool ContainsText(this Span<byte> bytes, string text) => ((ReadOnlySpan<byte>)bytes).IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
}
