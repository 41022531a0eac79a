using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests;

/// <summary>Conversations with Placement as its clients have them.</summary>
public sealed class PlacementApiTests(PlacementCloud cloud) : IClassFixture<PlacementCloud>
{
    private TestUser Admin => cloud.Admin.At("placement 1.39");

    private async Task<string> Provider(string? parent = null, object? inventories = null, string[]? traits = null, string[]? aggregates = null)
    {
        var made = (await Admin.Post("/placement/resource_providers", new { name = "p-" + Kernel.Ids.NewId.Hex(), parent_provider_uuid = parent })).Is(200);
        var id = made["uuid"].ToString();
        var path = "/placement/resource_providers/" + id;
        var generation = 0;
        if (inventories is not null) { (await Admin.Put(path + "/inventories", new { resource_provider_generation = generation++, inventories })).Is(200); }
        if (traits is not null) { (await Admin.Put(path + "/traits", new { resource_provider_generation = generation++, traits })).Is(200); }
        if (aggregates is not null) { (await Admin.Put(path + "/aggregates", new { resource_provider_generation = generation, aggregates })).Is(200); }
        return id;
    }

    private static string Consumer() => Kernel.Ids.NewId.Uuid();

    private Task<TestReply> Allocate(string consumer, string provider, object resources, object? generation = null) => Admin.Put("/placement/allocations/" + consumer,
        new { allocations = new Dictionary<string, object> { [provider] = new { resources } }, project_id = "p1", user_id = "u1", consumer_generation = generation, consumer_type = "INSTANCE" });

    [Fact]
    public async Task Versions_AreNegotiated()
    {
        var root = (await cloud.Anonymous.Get("/placement/")).Is(200);
        root["versions"][0]!["max_version"]!.ToString().ShouldBe("1.39");
        (await cloud.Admin.At("placement 1.40").Get("/placement/resource_providers")).Is(406)["errors"][0]!["max_version"]!.ToString().ShouldBe("1.39");
        (await cloud.Admin.Get("/placement/resource_providers")).Is(200).Header("OpenStack-API-Version").ShouldBe("placement 1.0");
        (await cloud.Admin.At("placement 1.9").Get("/placement/allocation_candidates?resources=VCPU:1")).Is(404);
        (await cloud.NewUser().At("placement 1.39").Get("/placement/resource_providers")).Is(403)["errors"][0]!["title"]!.ToString().ShouldBe("Forbidden");
        (await cloud.NewUser(["service"]).Get("/placement/resource_providers")).Is(200);
        (await cloud.Anonymous.Get("/placement/resource_providers")).Is(401);
    }

    [Fact]
    public async Task Provider_LifeOfOne()
    {
        var id = await Provider();
        var path = "/placement/resource_providers/" + id;
        var shown = (await Admin.Get(path)).Is(200);
        shown["root_provider_uuid"].ToString().ShouldBe(id);
        shown["links"].AsArray().Count.ShouldBe(6);
        shown.Header("Cache-Control").ShouldBe("no-cache");
        (await cloud.Admin.Get(path)).Is(200).Json["root_provider_uuid"].ShouldBeNull();
        (await Admin.Put(path, new { name = "renamed-" + id })).Is(200)["name"].ToString().ShouldBe("renamed-" + id);
        (await Admin.Get("/placement/resource_providers?name=renamed-" + id)).Is(200)["resource_providers"].AsArray().Count.ShouldBe(1);
        var again = (await Admin.Post("/placement/resource_providers", new { name = "renamed-" + id, uuid = id })).Is(409);
        again["errors"][0]!["code"]!.ToString().ShouldBe("placement.duplicate_name");
        again["errors"][0]!["detail"]!.ToString().ShouldContain($"uuid: {id}, name: renamed-{id}");
        (await cloud.Admin.Post("/placement/resource_providers", new { name = "old-" + id })).Is(201).Header("Location")!.ShouldContain("/placement/resource_providers/");
        (await Admin.Delete(path)).Is(204);
        (await Admin.Delete(path)).Is(404);
        (await Admin.Get(path)).Is(404)["errors"][0]!["detail"]!.ToString().ShouldBe($"No resource provider with uuid {id} found");
    }

    [Theory]
    [InlineData("{}", 400)]
    [InlineData("""{"name": 7}""", 400)]
    [InlineData("""{"name": "x", "uuid": "y"}""", 400)]
    [InlineData("""{"name": "x", "color": "y"}""", 400)]
    [InlineData("""{"name": "x", "parent_provider_uuid": "11111111-1111-1111-1111-111111111111"}""", 400)]
    [InlineData("{", 400)]
    public async Task Provider_BadBody_Is400(string body, int status) => (await Admin.Post("/placement/resource_providers", body)).Is(status)["errors"][0]!["status"]!.GetValue<int>().ShouldBe(status);

    [Fact]
    public async Task Provider_Trees_AreGuarded()
    {
        var root = await Provider();
        var child = await Provider(root);
        var grandchild = await Provider(child);
        (await Admin.Delete("/placement/resource_providers/" + root)).Is(409)["errors"][0]!["code"]!.ToString().ShouldBe("placement.resource_provider.cannot_delete_parent");
        (await Admin.Get("/placement/resource_providers?in_tree=" + grandchild)).Is(200)["resource_providers"].AsArray().Count.ShouldBe(3);
        (await Admin.Put("/placement/resource_providers/" + root, new { name = "r" + root, parent_provider_uuid = grandchild })).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("creating loop");
        (await cloud.Admin.At("placement 1.36").Put("/placement/resource_providers/" + child, """{"name":"x","parent_provider_uuid":null}""")).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("un-parenting");
        (await Admin.Put("/placement/resource_providers/" + child, $$"""{"name":"c{{child}}","parent_provider_uuid":null}""")).Is(200)["root_provider_uuid"].ToString().ShouldBe(child);
        (await Admin.Get("/placement/resource_providers/" + grandchild)).Is(200)["root_provider_uuid"].ToString().ShouldBe(child);
    }

    [Fact]
    public async Task Inventories_GenerationsAndUse_AreGuarded()
    {
        var id = await Provider();
        var path = $"/placement/resource_providers/{id}/inventories";
        (await Admin.Post(path, new { resource_class = "VCPU", total = 8 })).Is(201)["resource_provider_generation"].GetValue<int>().ShouldBe(1);
        (await Admin.Post(path, new { resource_class = "VCPU", total = 8 })).Is(409);
        (await Admin.Put(path + "/VCPU", new { resource_provider_generation = 0, total = 4 })).Is(409)["errors"][0]!["code"]!.ToString().ShouldBe("placement.concurrent_update");
        (await Admin.Put(path + "/VCPU", new { resource_provider_generation = 1, total = 4, allocation_ratio = 2.0 })).Is(200)["allocation_ratio"].GetValue<double>().ShouldBe(2.0);
        (await Admin.Put(path + "/DISK_GB", new { resource_provider_generation = 2, total = 4 })).Is(400);
        (await Admin.Put(path + "/VCPU", new { resource_provider_generation = 2, total = 4, reserved = 5 })).Is(400);
        (await Admin.Put(path, new { resource_provider_generation = 2, inventories = new { CUSTOM_NONE = new { total = 1 } } })).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("No such resource class CUSTOM_NONE.");
        (await Admin.Put(path, """{"resource_provider_generation": 2, "inventories": {"VCPU": {"total": 0}}}""")).Is(400);
        (await Admin.Put(path, """{"resource_provider_generation": 2, "inventories": {"vcpu": {"total": 1}}}""")).Is(400);
        (await Allocate(Consumer(), id, new { VCPU = 8 })).Is(204);
        (await Admin.Delete(path)).Is(409)["errors"][0]!["code"]!.ToString().ShouldBe("placement.inventory.inuse");
        (await Admin.Delete(path + "/VCPU")).Is(409);
        (await Admin.Delete(path + "/DISK_GB")).Is(404);
        (await Admin.Get(path + "/DISK_GB")).Is(404);
        (await Admin.Get(path)).Is(200)["inventories"]["VCPU"]!["total"]!.GetValue<int>().ShouldBe(4);
        (await cloud.Admin.At("placement 1.4").Delete(path)).Is(405);
        (await Admin.Get($"/placement/resource_providers/{id}/usages")).Is(200)["usages"]["VCPU"]!.GetValue<int>().ShouldBe(8);
    }

    [Fact]
    public async Task Allocations_LifeOfAConsumer()
    {
        var id = await Provider(inventories: new { VCPU = new { total = 4, max_unit = 3 }, MEMORY_MB = new { total = 4096, step_size = 512 } });
        var consumer = Consumer();
        (await Allocate(consumer, id, new { VCPU = 2, MEMORY_MB = 1024 }, generation: 0)).Is(409)["errors"][0]!["detail"]!.ToString().ShouldContain("consumer generation conflict - expected null but got 0");
        (await Allocate(consumer, id, new { VCPU = 2, MEMORY_MB = 1024 })).Is(204);
        var shown = (await Admin.Get("/placement/allocations/" + consumer)).Is(200);
        shown["allocations"][id]!["resources"]!["VCPU"]!.GetValue<int>().ShouldBe(2);
        shown["consumer_generation"].GetValue<int>().ShouldBe(1);
        shown["consumer_type"].ToString().ShouldBe("INSTANCE");
        (await Allocate(consumer, id, new { VCPU = 1 })).Is(409);
        (await Allocate(consumer, id, new { VCPU = 3, MEMORY_MB = 512 }, generation: 1)).Is(204);
        (await Allocate(Consumer(), id, new { VCPU = 2 })).Is(409)["errors"][0]!["detail"]!.ToString().ShouldContain("would exceed the capacity");
        (await Allocate(Consumer(), id, new { MEMORY_MB = 100 })).Is(409)["errors"][0]!["detail"]!.ToString().ShouldContain("would violate inventory constraints");
        (await Allocate(Consumer(), id, new { DISK_GB = 1 })).Is(409)["errors"][0]!["detail"]!.ToString().ShouldContain("invalid");
        (await Allocate(Consumer(), Consumer(), new { VCPU = 1 })).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("that does not exist.");
        (await Allocate(Consumer(), id, new { CUSTOM_NONE = 1 })).Is(400);
        (await Allocate("x", id, new { VCPU = 1 })).Is(400);
        (await Admin.Get($"/placement/resource_providers/{id}/allocations")).Is(200)["allocations"][consumer]!["consumer_generation"]!.GetValue<int>().ShouldBe(2);
        (await Admin.Delete("/placement/allocations/" + consumer)).Is(204);
        (await Admin.Delete("/placement/allocations/" + consumer)).Is(404);
        (await Admin.Get("/placement/allocations/" + consumer)).Is(200)["allocations"].AsObject().Count.ShouldBe(0);
    }

    [Fact]
    public async Task Allocations_OldShapes_AreTaken()
    {
        var id = await Provider(inventories: new { VCPU = new { total = 4 } });
        var (one, two) = (Consumer(), Consumer());
        (await cloud.Admin.Put("/placement/allocations/" + one, $$$"""{"allocations":[{"resource_provider":{"uuid":"{{{id}}}"},"resources":{"VCPU":1}}]}""")).Is(204);
        (await cloud.Admin.At("placement 1.12").Put("/placement/allocations/" + two, new { allocations = new Dictionary<string, object> { [id] = new { resources = new { VCPU = 1 } } }, project_id = "p", user_id = "u" })).Is(204);
        (await cloud.Admin.At("placement 1.12").Put("/placement/allocations/" + two, """{"allocations":{},"project_id":"p","user_id":"u"}""")).Is(400);
        (await cloud.Admin.At("placement 1.12").Put("/placement/allocations/" + two, """{"allocations":[],"project_id":"p","user_id":"u"}""")).Is(400);
        (await cloud.Admin.At("placement 1.13").Post("/placement/allocations", $$$"""{"{{{two}}}":{"allocations":{},"project_id":"p","user_id":"u"}}""")).Is(204);
        (await Admin.Get($"/placement/resource_providers/{id}/usages")).Is(200)["usages"]["VCPU"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public async Task Allocations_SeveralConsumers_AllOrNothing()
    {
        var id = await Provider(inventories: new { VCPU = new { total = 4 } });
        var (one, two) = (Consumer(), Consumer());
        object Want(int vcpu) => new { allocations = new Dictionary<string, object> { [id] = new { resources = new { VCPU = vcpu } } }, project_id = "p", user_id = "u", consumer_generation = (int?)null, consumer_type = "INSTANCE" };
        (await Admin.Post("/placement/allocations", new Dictionary<string, object> { [one] = Want(2), [two] = Want(3) })).Is(409);
        (await Admin.Get("/placement/allocations/" + one)).Is(200)["allocations"].AsObject().Count.ShouldBe(0);
        (await Admin.Post("/placement/allocations", new Dictionary<string, object> { [one] = Want(2), [two] = Want(2) })).Is(204);
    }

    [Fact]
    public async Task Allocations_ManyInParallel_NeverOversell()
    {
        var id = await Provider(inventories: new { VCPU = new { total = 20 } });
        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Allocate(Consumer(), id, new { VCPU = 1 })));
        replies.Count(r => r.Status == 204).ShouldBe(20);
        replies.Count(r => r.Status == 409).ShouldBe(80);
        (await Admin.Get($"/placement/resource_providers/{id}/usages")).Is(200)["usages"]["VCPU"]!.GetValue<int>().ShouldBe(20);
        (await Admin.Get($"/placement/resource_providers/{id}/allocations")).Is(200)["allocations"].AsObject().Count.ShouldBe(20);
    }

    [Fact]
    public async Task Usages_OfAProject_AreSummedByType()
    {
        var id = await Provider(inventories: new { VCPU = new { total = 8 } });
        var user = cloud.NewUser("reader");
        foreach (var vcpu in new[] { 1, 2 })
        {
            (await Admin.Put("/placement/allocations/" + Consumer(), new { allocations = new Dictionary<string, object> { [id] = new { resources = new { VCPU = vcpu } } }, project_id = user.ProjectId, user_id = "u", consumer_generation = (int?)null, consumer_type = "INSTANCE" })).Is(204);
        }
        var usages = (await user.At("placement 1.38").Get("/placement/usages?project_id=" + user.ProjectId)).Is(200)["usages"]["INSTANCE"]!;
        usages["VCPU"]!.GetValue<int>().ShouldBe(3);
        usages["consumer_count"]!.GetValue<int>().ShouldBe(2);
        (await user.At("placement 1.9").Get("/placement/usages?project_id=" + user.ProjectId)).Is(200)["usages"]["VCPU"]!.GetValue<int>().ShouldBe(3);
        (await user.At("placement 1.9").Get("/placement/usages?project_id=other")).Is(403);
        (await Admin.Get("/placement/usages")).Is(400);
    }

    [Fact]
    public async Task TraitsAndClasses_StandardAndCustom()
    {
        var id = await Provider();
        (await Admin.Put("/placement/traits/CUSTOM_GOLD")).Is(201);
        (await Admin.Put("/placement/traits/CUSTOM_GOLD")).Is(204);
        (await Admin.Put("/placement/traits/GOLD")).Is(400);
        (await Admin.Get("/placement/traits/HW_CPU_X86_AVX2")).Is(204);
        (await Admin.Get("/placement/traits/CUSTOM_LEAD")).Is(404);
        (await Admin.Get("/placement/traits?name=startswith:CUSTOM_GOLD")).Is(200)["traits"].AsArray().Count.ShouldBe(1);
        (await Admin.Get("/placement/traits?name=in:HW_CPU_X86_AVX2,CUSTOM_GOLD")).Is(200)["traits"].AsArray().Count.ShouldBe(2);
        (await Admin.Get("/placement/traits?name=x")).Is(400);
        (await Admin.Get("/placement/traits?associated=perhaps")).Is(400);
        var path = $"/placement/resource_providers/{id}/traits";
        (await Admin.Put(path, new { resource_provider_generation = 0, traits = new[] { "CUSTOM_GOLD", "CUSTOM_LEAD" } })).Is(400)["errors"][0]!["detail"]!.ToString().ShouldBe("No such trait CUSTOM_LEAD");
        (await Admin.Put(path, new { resource_provider_generation = 0, traits = new[] { "CUSTOM_GOLD" } })).Is(200)["resource_provider_generation"].GetValue<int>().ShouldBe(1);
        (await Admin.Put(path, new { resource_provider_generation = 0, traits = Array.Empty<string>() })).Is(409);
        (await Admin.Delete("/placement/traits/CUSTOM_GOLD")).Is(409);
        (await Admin.Delete("/placement/traits/HW_CPU_X86_AVX2")).Is(400);
        (await Admin.Delete(path)).Is(204);
        (await Admin.Delete("/placement/traits/CUSTOM_GOLD")).Is(204);
        (await Admin.Put("/placement/resource_classes/CUSTOM_FPGA")).Is(201);
        (await Admin.Put("/placement/resource_classes/CUSTOM_FPGA")).Is(204);
        (await Admin.Put("/placement/resource_classes/FPGA")).Is(400);
        (await Admin.Post("/placement/resource_classes", new { name = "CUSTOM_FPGA" })).Is(409);
        (await Admin.Get("/placement/resource_classes")).Is(200)["resource_classes"].AsArray().Count.ShouldBeGreaterThan(21);
        (await Admin.Get("/placement/resource_classes/VCPU")).Is(200)["name"].ToString().ShouldBe("VCPU");
        (await Admin.Delete("/placement/resource_classes/VCPU")).Is(400);
        (await Admin.Delete("/placement/resource_classes/CUSTOM_FPGA")).Is(204);
        (await Admin.Get("/placement/resource_classes/CUSTOM_FPGA")).Is(404);
    }

    [Fact]
    public async Task List_ByResourcesTraitsAggregates_NarrowsIt()
    {
        var (a, b) = (Consumer(), Consumer());
        var big = await Provider(inventories: new { VCPU = new { total = 700 } }, traits: ["HW_CPU_X86_AVX2"], aggregates: [a]);
        var small = await Provider(inventories: new { VCPU = new { total = 600 } }, traits: ["HW_CPU_X86_SSE"], aggregates: [b]);
        async Task<string[]> Find(string query) => [.. (await Admin.Get("/placement/resource_providers?" + query)).Is(200)["resource_providers"].AsArray().Select(p => p!["uuid"]!.ToString())];
        (await Find("resources=VCPU:650")).ShouldBe([big]);
        (await Find("resources=VCPU:550")).ShouldBe([big, small]);
        (await Find("resources=VCPU:550&required=HW_CPU_X86_SSE")).ShouldBe([small]);
        (await Find("resources=VCPU:550&required=!HW_CPU_X86_SSE")).ShouldBe([big]);
        (await Find("resources=VCPU:550&required=in:HW_CPU_X86_SSE,HW_CPU_X86_AVX2")).ShouldBe([big, small]);
        (await Find($"member_of={a}")).ShouldBe([big]);
        (await Find($"member_of=in:{a},{b}&uuid={small}")).ShouldBe([small]);
        (await Find($"member_of=in:{a},{b}&member_of=!{a}")).ShouldBe([small]);
        foreach (var bad in new[] { "resources=VCPU", "resources=VCPU:0", "resources=VCPU:x", "resources=", "resources=CUSTOM_NONE:1", "required=,", "required=CUSTOM_NONE", "member_of=x", $"member_of={a},{b}", "uuid=x", "color=red" })
        {
            (await Admin.Get("/placement/resource_providers?" + bad)).Is(400);
        }
        (await cloud.Admin.At("placement 1.38").Get("/placement/resource_providers?required=in:HW_CPU_X86_SSE")).Is(400);
    }

    [Fact]
    public async Task Candidates_OfOneProvider_AreOfferedAndFit()
    {
        var aggregate = Consumer();
        var id = await Provider(inventories: new { VCPU = new { total = 901, max_unit = 901 }, MEMORY_MB = new { total = 4096 } }, traits: ["HW_CPU_X86_AVX2"], aggregates: [aggregate]);
        var answer = (await Admin.Get($"/placement/allocation_candidates?resources=VCPU:900,MEMORY_MB:512&required=HW_CPU_X86_AVX2&member_of={aggregate}")).Is(200);
        var request = answer["allocation_requests"].AsArray().ShouldHaveSingleItem()!;
        request["allocations"]![id]!["resources"]!["VCPU"]!.GetValue<int>().ShouldBe(900);
        request["mappings"]![""]![0]!.ToString().ShouldBe(id);
        answer["provider_summaries"][id]!["resources"]!["MEMORY_MB"]!["capacity"]!.GetValue<int>().ShouldBe(4096);
        answer["provider_summaries"][id]!["traits"]![0]!.ToString().ShouldBe("HW_CPU_X86_AVX2");
        async Task<int> Count(string query) => (await Admin.Get("/placement/allocation_candidates?resources=VCPU:900&" + query)).Is(200)["allocation_requests"].AsArray().Count;
        (await Count("required=!HW_CPU_X86_AVX2")).ShouldBe(0);
        (await Count("required=HW_CPU_X86_SSE")).ShouldBe(0);
        (await Count("root_required=HW_CPU_X86_AVX2&in_tree=" + id)).ShouldBe(1);
        (await Count("limit=1")).ShouldBe(1);
        var old = (await cloud.Admin.At("placement 1.10").Get("/placement/allocation_candidates?resources=VCPU:900")).Is(200);
        old["allocation_requests"][0]!["allocations"]![0]!["resource_provider"]!["uuid"]!.ToString().ShouldBe(id);
        old["provider_summaries"][id]!["resources"]!.AsObject().Count.ShouldBe(1);
        foreach (var bad in new[] { "", "resources=VCPU:x", "limit=0&resources=VCPU:1", "required=HW_CPU_X86_SSE", "resources1=VCPU:1&resources2=VCPU:1", "resources=VCPU:1&group_policy=maybe", "resources=CUSTOM_NONE:1", "resources=VCPU:1&colour=red" })
        {
            (await Admin.Get("/placement/allocation_candidates?" + bad)).Is(400);
        }
    }

    [Fact]
    public async Task Candidates_OfTreesGroupsAndShares_AreCombined()
    {
        (await Admin.Put("/placement/resource_classes/CUSTOM_NIC")).Status.ShouldBeOneOf(201, 204);
        var aggregate = Consumer();
        var root = await Provider(inventories: new { PCPU = new { total = 8 } }, aggregates: [aggregate]);
        var nics = new[] { await Provider(root, new { CUSTOM_NIC = new { total = 2 } }, ["HW_NIC_SRIOV"]), await Provider(root, new { CUSTOM_NIC = new { total = 2 } }) };
        var disk = await Provider(inventories: new { DISK_GB = new { total = 7777 } }, traits: ["MISC_SHARES_VIA_AGGREGATE"], aggregates: [aggregate]);
        async Task<System.Text.Json.Nodes.JsonArray> Find(string query) => (await Admin.Get("/placement/allocation_candidates?" + query)).Is(200)["allocation_requests"].AsArray();
        (await Find("resources=PCPU:1,CUSTOM_NIC:1")).Count.ShouldBe(2);
        (await Find("resources=PCPU:1&resources_n=CUSTOM_NIC:1&required_n=HW_NIC_SRIOV"))[0]!["mappings"]!["_n"]![0]!.ToString().ShouldBe(nics[0]);
        (await Find("resources1=CUSTOM_NIC:1&resources2=CUSTOM_NIC:1&group_policy=isolate")).Count.ShouldBe(2);
        (await Find("resources1=CUSTOM_NIC:1&resources2=CUSTOM_NIC:1&group_policy=none")).Count.ShouldBe(4);
        (await Find("resources1=CUSTOM_NIC:2&resources2=CUSTOM_NIC:2&group_policy=none")).Count.ShouldBe(2);
        (await Find("resources1=PCPU:1&resources2=CUSTOM_NIC:1&group_policy=none&same_subtree=1,2")).Count.ShouldBe(2);
        (await Find("resources1=CUSTOM_NIC:1&resources2=CUSTOM_NIC:1&group_policy=isolate&same_subtree=1,2")).Count.ShouldBe(0);
        var shared = (await Find("resources=PCPU:1,DISK_GB:7000")).ShouldHaveSingleItem()!;
        shared["allocations"]![disk]!["resources"]!["DISK_GB"]!.GetValue<int>().ShouldBe(7000);
        (await cloud.Admin.At("placement 1.28").Get("/placement/allocation_candidates?resources=PCPU:1,CUSTOM_NIC:1")).Is(200)["allocation_requests"].AsArray().Count.ShouldBe(0);
    }
}
