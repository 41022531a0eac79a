using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Keystone;
using Nephos.Glance.Images;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;

namespace Nephos.Glance.Quotas;

/// <summary>What a project may take, and what it has, by the names of upstream's quotas.</summary>
public sealed record ImageUsage(string Name, long Usage, long Limit);

/// <summary>
/// Holds projects to Keystone's unified limits (upstream's glance/quota/keystone.py). The limit is asked before a transaction, the usage is counted: by row, under the lock of the write where the row is
/// made. Sizes are MiB, rounded down. Upstream counts sizes before a write only, so that a project goes over its limit by at most what it sends at once; so do we. Off unless configured.
/// </summary>
public sealed class ImageQuotas(GlanceSettings settings, Store<GlanceDb> store, IServiceProvider services)
{
    public const string Size = "image_size_total";
    public const string Staging = "image_stage_total";
    public const string Count = "image_count_total";
    public const string Uploading = "image_count_uploading";
    public static readonly IReadOnlyList<string> Names = [Size, Staging, Count, Uploading];
    private const long Mib = 1 << 20;
    private static readonly string[] Writing = [ImageStatus.Saving, ImageStatus.Uploading, ImageStatus.Importing];

    /// <summary>Null when quotas are off, or the project is nobody's.</summary>
    public async Task<ProjectLimits?> AskAsync(string? projectId, CancellationToken cancel) => settings.UseKeystoneLimits && projectId is not null
        ? await services.GetRequiredService<IUnifiedLimits>().AskAsync("image", projectId, Names, cancel).ConfigureAwait(false) : null;

    /// <summary>Makes the registered limits, without bounds, so that the operator has something to set.</summary>
    public Task RegisterAsync(CancellationToken cancel) => settings.UseKeystoneLimits
        ? services.GetRequiredService<IUnifiedLimits>().RegisterAsync("image", [.. Names.Select(n => new LimitDefault(n, -1))], cancel) : Task.CompletedTask;

    /// <summary>413 when the project would have more than it may.</summary>
    public async Task EnforceAsync(string? projectId, string name, long delta, CancellationToken cancel)
    {
        if (await AskAsync(projectId, cancel).ConfigureAwait(false) is { } limits) { Check(limits, name, await store.ReadAsync(db => UsageAsync(db, limits.ProjectId, name, cancel), cancel).ConfigureAwait(false), delta); }
    }

    /// <inheritdoc cref="EnforceAsync"/>
    /// <param name="limits">Of <see cref="AskAsync"/>, from before the transaction.</param>
    internal static async Task EnforceInAsync(GlanceDb db, ProjectLimits? limits, string name, long delta, CancellationToken cancel)
    {
        if (limits is null) { return; }
        await db.HoldAsync("glance.quota:" + limits.ProjectId, cancel).ConfigureAwait(false);
        Check(limits, name, await UsageAsync(db, limits.ProjectId, name, cancel).ConfigureAwait(false), delta);
    }

    /// <summary>Everything, for <c>GET /v2/info/usage</c>; nothing when quotas are off, as upstream.</summary>
    public async Task<IReadOnlyList<ImageUsage>> ListAsync(string? projectId, CancellationToken cancel)
    {
        if (await AskAsync(projectId, cancel).ConfigureAwait(false) is not { } limits) { return []; }
        return await store.ReadAsync(async db =>
        {
            var usages = new List<ImageUsage>();
            foreach (var name in Names) { usages.Add(new ImageUsage(name, await UsageAsync(db, limits.ProjectId, name, cancel).ConfigureAwait(false), limits.Limits[name])); }
            return usages;
        }, cancel).ConfigureAwait(false);
    }

    public static long MibOf(long? bytes) => (bytes ?? 0) / Mib;

    private static void Check(ProjectLimits limits, string name, long usage, long delta)
    {
        var limit = limits.Limits[name];
        if (limit < 0 || usage + delta <= limit) { return; }
        var over = new ProjectOverLimitException(limits.ProjectId, [new OverLimit(name, limit, usage, delta)]);
        throw new OverQuotaError("The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold was breached.\n\nThe response body:\n" + over.Message, status: 413);
    }

    private static async Task<long> UsageAsync(GlanceDb db, string project, string name, CancellationToken cancel)
    {
        var images = db.Images.Where(i => i.Owner == project);
        // An import to more stores takes staging space and counts as uploading also while the image is active.
        return name switch
        {
            Size => await images.Where(i => i.Size > 0).SumAsync(i => (i.Size ?? 0) * db.Locations.Count(l => l.ImageId == i.Id), cancel).ConfigureAwait(false) / Mib,
            Staging => await images.Where(i => i.Size > 0 && (i.Status == ImageStatus.Uploading || i.Status == ImageStatus.Importing || (i.ImportingTo != null && i.ImportingTo != ""))).SumAsync(i => i.Size ?? 0, cancel).ConfigureAwait(false) / Mib,
            Count => await images.LongCountAsync(cancel).ConfigureAwait(false),
            _ => await images.LongCountAsync(i => Writing.Contains(i.Status) || (i.ImportingTo != null && i.ImportingTo != ""), cancel).ConfigureAwait(false),
        };
    }
}
