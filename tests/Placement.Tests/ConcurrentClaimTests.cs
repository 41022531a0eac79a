using FsCheck;
using FsCheck.Fluent;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Placement.Allocations;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests;

/// <summary>Any number of claims on one provider, in any interleaving, never take more than there is, and what is taken is what the allocations say.</summary>
public sealed class ConcurrentClaimTests(PlacementCloud cloud) : IClassFixture<PlacementCloud>
{
    private const int Claims = 500;

    private Store<PlacementDb> Store => cloud.Get<Store<PlacementDb>>();
    private AllocationOperations Operations => cloud.Get<AllocationOperations>();
    private static RequestContext Context => RequestContext.ForService("placement", DateTime.UnixEpoch);

    [Fact]
    public void Claims_FiveHundredAtOnce_NeverOversubscribe() => FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(3), Prop.ForAll((int seed) => RunAsync(seed).GetAwaiter().GetResult()));

    private async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var (id, total) = (NewId.Uuid(), random.Next(50, 400));
        await Store.WriteAsync(db =>
        {
            db.Providers.Add(new() { Id = id, Name = id, RootId = id, CreatedAt = DateTime.UnixEpoch, UpdatedAt = DateTime.UnixEpoch });
            db.Inventories.Add(new() { ProviderId = id, ResourceClass = "VCPU", Total = total, Reserved = 3, AllocationRatio = 1.5, UpdatedAt = DateTime.UnixEpoch });
            return Task.CompletedTask;
        });
        var capacity = (long)((total - 3) * 1.5);
        // What each task does, and where it lets others go first, is drawn beforehand.
        var plans = Enumerable.Range(0, Claims).Select(_ => (Consumer: NewId.Uuid(), First: random.Next(1, 5), Second: random.Next(5), Yields: random.Next(4))).ToList();
        var highest = 0L;
        await Task.WhenAll(plans.Select(plan => Task.Run(async () =>
        {
            await ClaimAsync(plan.Consumer, plan.First);
            for (var i = 0; i < plan.Yields; i++) { await Task.Yield(); }
            var used = await Store.ReadAsync(db => db.Inventories.Where(i => i.ProviderId == id).Select(i => i.Used).SingleAsync());
            InterlockedMax(ref highest, used);
            // Zero: gives all back; anything else: another amount for the same consumer.
            if (plan.Second == 0) { await Operations.RemoveAsync(Context, plan.Consumer, default); }
            else { await ClaimAsync(plan.Consumer, plan.Second); }
        })));
        var (inUse, allocated) = await Store.ReadAsync(async db => (
            await db.Inventories.Where(i => i.ProviderId == id).Select(i => i.Used).SingleAsync(), await db.Allocations.Where(a => a.ProviderId == id).SumAsync(a => a.Used)));
        highest.ShouldBeLessThanOrEqualTo(capacity);
        inUse.ShouldBeLessThanOrEqualTo(capacity);
        inUse.ShouldBe(allocated);
        inUse.ShouldBeGreaterThan(0);

        async Task ClaimAsync(string consumer, long amount)
        {
            var wanted = new ConsumerAllocations(consumer, "p", "u", "INSTANCE", new Dictionary<string, IReadOnlyDictionary<string, long>> { [id] = new Dictionary<string, long> { ["VCPU"] = amount } });
            try { await Operations.ReplaceAsync(Context, [wanted], default); }
            catch (ConflictError refused) { refused.Message.ShouldContain("exceed the capacity"); }
        }
    }

    private static void InterlockedMax(ref long highest, long seen)
    {
        long had;
        while ((had = Interlocked.Read(ref highest)) < seen && Interlocked.CompareExchange(ref highest, seen, had) != had) { }
    }
}
