using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests;

/// <summary>Candidates as clients ask for them: what counts in which version, what is refused, and that a search sees every write before it.</summary>
public sealed class AllocationCandidateEndpointsTests(PlacementCloud cloud) : IClassFixture<PlacementCloud>
{
    private TestUser Admin => At("1.39");
    private TestUser At(string version) => cloud.Admin.At("placement " + version);
    private static string New() => Kernel.Ids.NewId.Uuid();

    private async Task<string> Provider(string? parent = null, string? id = null, object? inventories = null, string[]? traits = null, string[]? aggregates = null)
    {
        id ??= New();
        (await Admin.Post("/placement/resource_providers", new { name = "c-" + New(), uuid = id, parent_provider_uuid = parent })).Is(200);
        if (inventories is not null) { (await Admin.Put($"/placement/resource_providers/{id}/inventories", new { resource_provider_generation = await Generation(id), inventories })).Is(200); }
        if (traits is not null) { await SetTraits(id, traits); }
        if (aggregates is not null) { (await Admin.Put($"/placement/resource_providers/{id}/aggregates", new { resource_provider_generation = await Generation(id), aggregates })).Is(200); }
        return id;
    }

    private async Task<int> Generation(string id) => (await Admin.Get("/placement/resource_providers/" + id)).Is(200)["generation"].GetValue<int>();

    private async Task SetTraits(string id, params string[] traits)
    {
        foreach (var trait in traits.Where(t => t.StartsWith("CUSTOM_", StringComparison.Ordinal))) { await Admin.Put("/placement/traits/" + trait); }
        (await Admin.Put($"/placement/resource_providers/{id}/traits", new { resource_provider_generation = await Generation(id), traits })).Is(200);
    }

    private async Task<string> Class()
    {
        var name = "CUSTOM_C" + Kernel.Ids.NewId.Hex().ToUpperInvariant();
        (await Admin.Put("/placement/resource_classes/" + name)).Is(201);
        return name;
    }

    private static Dictionary<string, object> Of(string resourceClass, int total) => new() { [resourceClass] = new { total } };

    private static async Task<JsonArray> Requests(TestUser user, string query) => (await user.Get("/placement/allocation_candidates?" + query)).Is(200)["allocation_requests"].AsArray();

    [Fact]
    public async Task Search_AfterEachKindOfWrite_SeesIt()
    {
        var thing = await Class();
        var aggregate = New();
        async Task<int> Count(string more = "") => (await Requests(Admin, $"resources={thing}:2{more}")).Count;
        (await Count()).ShouldBe(0);
        var id = await Provider(inventories: Of(thing, 4));
        (await Count()).ShouldBe(1);
        (await Admin.Put($"/placement/resource_providers/{id}/inventories/{thing}", new { resource_provider_generation = 1, total = 1 })).Is(200);
        (await Count()).ShouldBe(0);
        (await Admin.Put($"/placement/resource_providers/{id}/inventories/{thing}", new { resource_provider_generation = 2, total = 4 })).Is(200);
        var consumer = New();
        (await Admin.Put("/placement/allocations/" + consumer, new { allocations = new Dictionary<string, object> { [id] = new { resources = new Dictionary<string, int> { [thing] = 3 } } }, project_id = "p", user_id = "u", consumer_generation = (int?)null, consumer_type = "INSTANCE" })).Is(204);
        (await Count()).ShouldBe(0);
        (await Admin.Delete("/placement/allocations/" + consumer)).Is(204);
        (await Count()).ShouldBe(1);
        (await Count("&required=HW_CPU_X86_AVX2")).ShouldBe(0);
        await SetTraits(id, "HW_CPU_X86_AVX2");
        (await Count("&required=HW_CPU_X86_AVX2")).ShouldBe(1);
        // Before 1.19 aggregates leave the generation as it is.
        (await At("1.18").Put($"/placement/resource_providers/{id}/aggregates", new[] { aggregate })).Is(200);
        (await Count("&member_of=" + aggregate)).ShouldBe(1);
        var parent = await Provider();
        (await Admin.Put("/placement/resource_providers/" + id, new { name = "moved-" + id, parent_provider_uuid = parent })).Is(200);
        (await Admin.Get($"/placement/allocation_candidates?resources={thing}:2")).Is(200)["provider_summaries"][id]!["root_provider_uuid"]!.ToString().ShouldBe(parent);
        (await Admin.Delete("/placement/resource_providers/" + id)).Is(204);
        (await Count()).ShouldBe(0);
        // The same id again is another provider, whatever its counters say.
        await Provider(id: id, inventories: Of(thing, 2));
        (await Count()).ShouldBe(1);
        (await Count("&required=HW_CPU_X86_AVX2")).ShouldBe(0);
    }

    [Fact]
    public async Task Nested_OldVersion_ShowsOneProviderOfATree()
    {
        var (a, b) = (await Class(), await Class());
        var root = await Provider(inventories: Of(a, 4));
        var child = await Provider(root, inventories: Of(b, 4));
        (await Requests(At("1.28"), $"resources={b}:1")).Count.ShouldBe(1);
        (await Requests(At("1.28"), $"resources={a}:1,{b}:1")).Count.ShouldBe(0);
        (await At("1.28").Get($"/placement/allocation_candidates?resources={b}:1")).Is(200)["provider_summaries"].AsObject().Select(p => p.Key).ShouldBe([child]);
        (await Requests(At("1.29"), $"resources={a}:1,{b}:1")).Count.ShouldBe(1);
        var answer = (await Admin.Get($"/placement/allocation_candidates?resources={b}:1")).Is(200);
        answer["provider_summaries"].AsObject().Select(p => p.Key).Order().ShouldBe(new[] { root, child }.Order());
        answer["allocation_requests"][0]!["mappings"]![""]![0]!.ToString().ShouldBe(child);
    }

    [Fact]
    public async Task Sharing_MemberOf_IsOfTheSharerItself_ForbiddenAlsoOfTheRoot()
    {
        var (a, b) = (await Class(), await Class());
        var (shared, of, bad) = (New(), New(), New());
        var host = await Provider(inventories: Of(a, 4), aggregates: [shared, of]);
        var disk = await Provider(inventories: Of(b, 4), traits: ["MISC_SHARES_VIA_AGGREGATE"], aggregates: [shared]);
        var ask = $"resources={a}:1,{b}:1";
        var found = (await Requests(Admin, ask)).ShouldHaveSingleItem()!["allocations"]!.AsObject().Select(p => p.Key);
        found.Order().ShouldBe(new[] { host, disk }.Order());
        (await Requests(Admin, $"{ask}&member_of={shared}")).Count.ShouldBe(1);
        (await Requests(Admin, $"{ask}&member_of={of}")).Count.ShouldBe(0);
        (await Requests(Admin, $"{ask}&member_of=!{of}")).Count.ShouldBe(0);
        (await Requests(Admin, $"{ask}&member_of=!in:{bad},{New()}")).Count.ShouldBe(1);
        // All of it shared: found under its own root and under the host's, shown once.
        (await Requests(Admin, $"resources={b}:1")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Limit_SeveralTimes_TheFirstCounts()
    {
        var thing = await Class();
        foreach (var _ in Enumerable.Range(0, 3)) { await Provider(inventories: Of(thing, 4)); }
        (await Requests(Admin, $"resources={thing}:1&limit=2&limit=1")).Count.ShouldBe(2);
        (await Requests(Admin, $"resources={thing}:1&limit=99999999999999")).Count.ShouldBe(3);
        (await Requests(Admin, $"resources={thing}:1&limit=1")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Groups_IsolateAndSubtree()
    {
        var thing = await Class();
        await SetTraits(await Provider(), "CUSTOM_NUMA");
        var root = await Provider();
        var left = await Provider(root, traits: ["CUSTOM_NUMA"]);
        var right = await Provider(root, traits: ["CUSTOM_NUMA"]);
        var one = await Provider(left, inventories: Of(thing, 2));
        var two = await Provider(left, inventories: Of(thing, 2));
        await Provider(right, inventories: Of(thing, 2));
        var ask = $"resources_A={thing}:1&resources_B={thing}:1";
        (await Requests(Admin, ask + "&group_policy=none")).Count.ShouldBe(9);
        (await Requests(Admin, ask + "&group_policy=isolate")).Count.ShouldBe(6);
        var near = await Requests(Admin, ask + "&group_policy=isolate&required_N=CUSTOM_NUMA&same_subtree=_N,_A,_B");
        near.Count.ShouldBe(2);
        near.ShouldAllBe(n => n!["mappings"]!["_N"]![0]!.ToString() == left);
        near.SelectMany(n => n!["allocations"]!.AsObject().Select(p => p.Key)).Distinct().Order().ShouldBe(new[] { one, two }.Order());
        (await Requests(Admin, $"resources_A={thing}:2&resources_B={thing}:1&group_policy=none")).Count.ShouldBe(6);
    }

    [Theory]
    [InlineData("1.39", "", "There must be at least one resources or resources[$S] parameter.", "placement.query.missing_value")]
    [InlineData("1.10", "", "'resources' is a required property", null)]
    [InlineData("1.25", "", "At least one request group (`resources` or `resources{$S}`) is required.", "placement.undefined_code")]
    [InlineData("1.35", "resources=VCPU:1&required2=HW_CPU_X86_AVX", "Found the following orphaned traits keys: required2", "placement.undefined_code")]
    [InlineData("1.35", "resources=VCPU:1&member_of2=5a3a9b7a-33c0-4d51-9d68-3b2b4a9bd2e6", "orphaned member_of keys: member_of2", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&required_x=HW_CPU_X86_AVX", "bad group(s) - ['_x'].", "placement.query.bad_value")]
    [InlineData("1.39", "resources=VCPU:1&same_subtree=_x", "['_x'] not found in [''].", "placement.query.bad_value")]
    [InlineData("1.39", "resources=VCPU:1&same_subtree=_x,", "Empty string (unsuffixed group) can not be specified", "placement.query.bad_value")]
    [InlineData("1.39", "resources1=VCPU:1&resources2=VCPU:1", "The \"group_policy\" parameter is required", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&group_policy=some", "'some' is not one of ['none', 'isolate']", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&root_required=HW_CPU_X86_AVX,!HW_CPU_X86_AVX", "found in root_required: HW_CPU_X86_AVX", "placement.query.bad_value")]
    [InlineData("1.39", "resources=VCPU:1&root_required=HW_CPU_X86_AVX&root_required=HW_CPU_X86_AVX2", "may be specified only once.", "placement.query.duplicate_key")]
    [InlineData("1.39", "resources=VCPU:1&root_required=in:HW_CPU_X86_AVX,HW_CPU_X86_AVX2", "only supported since microversion 1.39", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&required=in:HW_CPU_X86_AVX&required=!HW_CPU_X86_AVX", "traits keys: required: (HW_CPU_X86_AVX)", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&required=in:HW_CPU_X86_AVX,!HW_CPU_X86_AVX2", "does not support forbidden traits", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&required=CUSTOM_NOBODY", "No such trait(s): CUSTOM_NOBODY.", "placement.undefined_code")]
    [InlineData("1.39", "resources=CUSTOM_NOTHING:1", "No such resource class CUSTOM_NOTHING.", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:0", "requires amount >= 1. Got: 0.", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:x", "expected positive integer amount. Got: x.", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU", "Badly formed resources parameter", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&limit=0", "'0' does not match '^[1-9][0-9]*$'", "placement.undefined_code")]
    [InlineData("1.15", "resources=VCPU:1&limit=1", "'limit' was unexpected", null)]
    [InlineData("1.31", "resources=VCPU:1&member_of=!5a3a9b7a-33c0-4d51-9d68-3b2b4a9bd2e6", "Forbidden member_of parameters are not supported", "placement.undefined_code")]
    [InlineData("1.39", "resources=VCPU:1&in_tree=x", "Expected 'in_tree' parameter to be a format of uuid", "placement.undefined_code")]
    [InlineData("1.32", "resources_x=VCPU:1", "does not match any of the regexes", "placement.undefined_code")]
    public async Task Question_Bad_Is400(string version, string query, string message, string? code)
    {
        var error = (await At(version).Get("/placement/allocation_candidates?" + query)).Is(400)["errors"][0]!;
        error["detail"]!.ToString().ShouldContain(message);
        // Codes are shown from 1.23 on.
        error["code"]?.ToString().ShouldBe(code);
    }
}
