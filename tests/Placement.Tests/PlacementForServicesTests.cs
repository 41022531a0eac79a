using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests;

public sealed class PlacementForServicesTests(PlacementCloud cloud) : IClassFixture<PlacementCloud>
{
    private IPlacement Placement => cloud.Get<IPlacement>();

    private async Task<string> Provider(long vcpu = 4, long ram = 8192, double ratio = 1.0, params string[] traits)
    {
        var id = NewId.Uuid();
        await Placement.EnsureProviderAsync(Facts(id, vcpu, ram, ratio, traits), default);
        return id;
    }

    private static ProviderFacts Facts(string id, long vcpu, long ram, double ratio = 1.0, params string[] traits) =>
        new(id, "host-" + id, [new InventoryFacts("VCPU", vcpu, AllocationRatio: ratio), new InventoryFacts("MEMORY_MB", ram, Reserved: 512)], traits);

    private static Dictionary<string, long> Ask(long vcpu, long ram) => new() { ["VCPU"] = vcpu, ["MEMORY_MB"] = ram };

    private Task<bool> Claim(string consumer, string provider, long vcpu, long ram) =>
        Placement.ClaimAsync(consumer, "project", "user", "INSTANCE", provider, Ask(vcpu, ram), default);

    private Task<CandidateAnswer> Find(string[] providers, long vcpu, long ram, string[]? required = null, string[]? forbidden = null) =>
        Placement.FindCandidatesAsync(new CandidateRequest(Ask(vcpu, ram), required ?? [], forbidden ?? [], providers), default);

    private Task<long> Generation(string provider) =>
        cloud.Get<Store<PlacementDb>>().ReadAsync(db => db.Providers.Where(p => p.Id == provider).Select(p => p.Generation).SingleAsync());

    [Fact]
    public async Task Claim_UntilFull_ThenRefusedThenFreed()
    {
        var provider = await Provider(vcpu: 2);
        var (one, two, three) = (NewId.Uuid(), NewId.Uuid(), NewId.Uuid());
        (await Claim(one, provider, 1, 1024)).ShouldBeTrue();
        (await Claim(two, provider, 1, 1024)).ShouldBeTrue();
        (await Claim(three, provider, 1, 1024)).ShouldBeFalse();
        (await Placement.ConsumersAsync(provider, default)).ShouldBe(new[] { one, two }.Order(StringComparer.Ordinal));
        await Placement.ReleaseAsync(one, default);
        await Placement.ReleaseAsync(one, default);
        (await Claim(three, provider, 1, 1024)).ShouldBeTrue();
        (await Placement.ConsumersAsync(provider, default)).ShouldNotContain(one);
    }

    [Fact]
    public async Task Claim_Repeated_ChangesNothing()
    {
        var provider = await Provider();
        var consumer = NewId.Uuid();
        (await Claim(consumer, provider, 1, 1024)).ShouldBeTrue();
        var generation = await Generation(provider);
        (await Claim(consumer, provider, 1, 1024)).ShouldBeTrue();
        (await Generation(provider)).ShouldBe(generation);
        (await Find([provider], 1, 1024)).Candidates[0].Used["VCPU"].ShouldBe(1);
    }

    [Fact]
    public async Task Claim_OtherProvider_MovesTheUsage()
    {
        var (from, to) = (await Provider(), await Provider());
        var consumer = NewId.Uuid();
        (await Claim(consumer, from, 3, 1024)).ShouldBeTrue();
        (await Claim(consumer, to, 4, 1024)).ShouldBeTrue();
        (await Find([from], 4, 1024)).Candidates.Count.ShouldBe(1);
        (await Find([to], 1, 1024)).Refusals[0].Reasons.ShouldBe(["VCPU: 1 asked, 0 of 4 free"]);
    }

    [Fact]
    public async Task Claim_UnknownProvider_IsRefused() => (await Claim(NewId.Uuid(), NewId.Uuid(), 1, 1)).ShouldBeFalse();

    [Fact]
    public async Task Find_EachCause_IsNamed()
    {
        var small = await Provider(vcpu: 1, ram: 1024, ratio: 4.0, "CUSTOM_OLD");
        var good = await Provider(vcpu: 4, ram: 8192, ratio: 1.0, "HW_CPU_X86_AVX2");
        var answer = await Find([small, good], 2, 1024, ["HW_CPU_X86_AVX2"], ["CUSTOM_OLD"]);
        answer.Candidates.ShouldHaveSingleItem().ProviderId.ShouldBe(good);
        answer.Candidates[0].Capacity["MEMORY_MB"].ShouldBe(7680);
        answer.Refusals.ShouldHaveSingleItem().Reasons.ShouldBe(
            ["VCPU: 2 asked, at most 1 in one allocation", "MEMORY_MB: 1024 asked, 512 of 512 free", "trait HW_CPU_X86_AVX2 is missing", "trait CUSTOM_OLD is forbidden"]);
        var disk = await Placement.FindCandidatesAsync(new CandidateRequest(new Dictionary<string, long> { ["DISK_GB"] = 1 }, [], [], [good]), default);
        disk.Refusals[0].Reasons.ShouldBe(["DISK_GB: 1 asked, none here"]);
    }

    [Fact]
    public async Task Ensure_Repeated_ChangesNothing()
    {
        var id = await Provider(4, 8192, 1.0, "CUSTOM_A", "HW_CPU_X86_AVX2");
        var generation = await Generation(id);
        await Placement.EnsureProviderAsync(Facts(id, 4, 8192, 1.0, "HW_CPU_X86_AVX2", "CUSTOM_A"), default);
        (await Generation(id)).ShouldBe(generation);
        await Placement.EnsureProviderAsync(Facts(id, 8, 8192, 1.0, "CUSTOM_B"), default);
        (await Find([id], 8, 1, ["CUSTOM_B"], ["CUSTOM_A"])).Candidates.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Ensure_ClassInUseIsGone_StaysUntilItIsFree()
    {
        var id = await Provider();
        var consumer = NewId.Uuid();
        (await Claim(consumer, id, 4, 1024)).ShouldBeTrue();
        var without = new ProviderFacts(id, "host-" + id, [new InventoryFacts("MEMORY_MB", 8192, Reserved: 512)], []);
        await Placement.EnsureProviderAsync(without, default);
        (await Find([id], 1, 1)).Refusals[0].Reasons.ShouldBe(["VCPU: 1 asked, 0 of 4 free"]);
        await Placement.ReleaseAsync(consumer, default);
        await Placement.EnsureProviderAsync(without, default);
        (await Find([id], 1, 1)).Refusals[0].Reasons.ShouldBe(["VCPU: 1 asked, none here"]);
    }

    [Fact]
    public async Task Claim_HundredInParallel_NeverOversells()
    {
        var providers = new[] { await Provider(vcpu: 15), await Provider(vcpu: 15) };
        var won = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Claim(NewId.Uuid(), providers[i % 2], 1, 16)));
        won.Count(w => w).ShouldBe(30);
        var store = cloud.Get<Store<PlacementDb>>();
        foreach (var provider in providers)
        {
            var used = await store.ReadAsync(db => db.Inventories.Where(i => i.ProviderId == provider && i.ResourceClass == "VCPU").Select(i => i.Used).SingleAsync());
            var sum = await store.ReadAsync(db => db.Allocations.Where(a => a.ProviderId == provider && a.ResourceClass == "VCPU").SumAsync(a => a.Used));
            used.ShouldBe(15);
            sum.ShouldBe(15);
        }
    }

    [Fact]
    public async Task Find_AmongAThousand_IsAHandfulOfQueries_AndThenOne()
    {
        await cloud.Get<Store<PlacementDb>>().WriteAsync(db =>
        {
            foreach (var id in Enumerable.Range(0, 1000).Select(_ => NewId.Uuid()))
            {
                db.Providers.Add(new() { Id = id, Name = "many-" + id, RootId = id, CreatedAt = DateTime.UnixEpoch, UpdatedAt = DateTime.UnixEpoch });
                db.Inventories.Add(new() { ProviderId = id, ResourceClass = "PGPU", Total = 4, UpdatedAt = DateTime.UnixEpoch });
                db.ProviderTraits.Add(new() { ProviderId = id, Trait = id[0] < '8' ? "HW_CPU_X86_AVX2" : "HW_CPU_X86_SSE" });
            }
            return Task.CompletedTask;
        });
        using var queries = new QueryCount();
        var answer = await Placement.FindCandidatesAsync(new CandidateRequest(new Dictionary<string, long> { ["PGPU"] = 2 }, ["HW_CPU_X86_AVX2"], [], Limit: 10), default);
        // The comparison, and what changed: providers, inventories, traits, aggregates.
        queries.Count.ShouldBe(5);
        await Placement.FindCandidatesAsync(new CandidateRequest(new Dictionary<string, long> { ["PGPU"] = 2 }, [], [], Limit: 10), default);
        queries.Count.ShouldBe(6);
        answer.Candidates.Count.ShouldBe(10);
        answer.Refusals.Count(r => r.Reasons is ["trait HW_CPU_X86_AVX2 is missing"]).ShouldBeInRange(300, 700);
    }
}
