using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests;

public sealed class ReshaperEndpointsTests(PlacementCloud cloud) : IClassFixture<PlacementCloud>
{
    private TestUser Admin => cloud.Admin.At("placement 1.39");
    private TestUser Service => field ??= cloud.NewUser(["service"]).At("placement 1.39");
    private static string New() => Kernel.Ids.NewId.Uuid();

    private async Task<string> Provider(string? parent = null)
    {
        var id = New();
        (await Admin.Post("/placement/resource_providers", new { name = id, uuid = id, parent_provider_uuid = parent })).Is(200);
        return id;
    }

    private static object Want(object allocations, int? generation) => new { allocations, project_id = "p", user_id = "u", consumer_generation = generation, consumer_type = "INSTANCE" };

    private async Task<(string Root, string Child, string Consumer)> Host()
    {
        var root = await Provider();
        var child = await Provider(root);
        (await Admin.Put($"/placement/resource_providers/{root}/inventories", new { resource_provider_generation = 0, inventories = new { VCPU = new { total = 8 }, DISK_GB = new { total = 100 } } })).Is(200);
        var consumer = New();
        (await Admin.Put("/placement/allocations/" + consumer, Want(new Dictionary<string, object> { [root] = new { resources = new { VCPU = 2, DISK_GB = 10 } } }, null))).Is(204);
        return (root, child, consumer);
    }

    [Fact]
    public async Task Reshape_InventoryInUse_MovesToTheChildWithItsAllocations()
    {
        var (root, child, consumer) = await Host();
        object Body(int rootGeneration, int consumerGeneration) => new
        {
            inventories = new Dictionary<string, object>
            {
                [root] = new { resource_provider_generation = rootGeneration, inventories = new { DISK_GB = new { total = 100 } } },
                [child] = new { resource_provider_generation = 0, inventories = new { VCPU = new { total = 8 } } },
            },
            allocations = new Dictionary<string, object>
            {
                [consumer] = Want(new Dictionary<string, object> { [root] = new { resources = new { DISK_GB = 10 } }, [child] = new { resources = new { VCPU = 2 } } }, consumerGeneration),
            },
        };
        (await Admin.Post("/placement/reshaper", Body(2, 1))).Is(403);
        (await cloud.NewUser(["service"]).At("placement 1.29").Post("/placement/reshaper", Body(2, 1))).Is(404);
        (await Service.Post("/placement/reshaper", Body(1, 1))).Is(409)["errors"][0]!["detail"]!.ToString().ShouldContain("actual: 2, given: 1");
        (await Service.Post("/placement/reshaper", Body(2, 5))).Is(409)["errors"][0]!["detail"]!.ToString().ShouldContain("consumer generation conflict");
        (await Service.Post("/placement/reshaper", Body(2, 1))).Is(204);
        var ofRoot = (await Admin.Get($"/placement/resource_providers/{root}/usages")).Is(200);
        ofRoot["usages"].ToJsonString().ShouldBe("""{"DISK_GB":10}""");
        ofRoot["resource_provider_generation"].GetValue<int>().ShouldBe(5);
        var ofChild = (await Admin.Get($"/placement/resource_providers/{child}/usages")).Is(200);
        ofChild["usages"].ToJsonString().ShouldBe("""{"VCPU":2}""");
        ofChild["resource_provider_generation"].GetValue<int>().ShouldBe(3);
        (await Admin.Get("/placement/allocations/" + consumer)).Is(200)["consumer_generation"].GetValue<int>().ShouldBe(2);
    }

    [Fact]
    public async Task Reshape_Refused_ChangesNothing()
    {
        var (root, child, consumer) = await Host();
        async Task<string> State() => (await Admin.Get($"/placement/resource_providers/{root}/inventories")).Text + (await Admin.Get($"/placement/resource_providers/{root}/usages")).Text + (await Admin.Get($"/placement/resource_providers/{child}/inventories")).Text;
        var before = await State();
        object OnlyDisk(object allocations) => new { inventories = new Dictionary<string, object> { [root] = new { resource_provider_generation = 2, inventories = new { DISK_GB = new { total = 100 } } } }, allocations };
        var inUse = (await Service.Post("/placement/reshaper", OnlyDisk(new { }))).Is(409)["errors"][0]!;
        inUse["code"]!.ToString().ShouldBe("placement.inventory.inuse");
        inUse["detail"]!.ToString().ShouldContain($"Inventory for 'VCPU' on resource provider '{root}' in use.");
        (await Service.Post("/placement/reshaper", OnlyDisk(new Dictionary<string, object> { [consumer] = Want(new Dictionary<string, object> { [root] = new { resources = new { DISK_GB = 101 } } }, 1) })))
            .Is(409)["errors"][0]!["detail"]!.ToString().ShouldContain("Unable to allocate inventory");
        (await Service.Post("/placement/reshaper", new { inventories = new Dictionary<string, object> { [New()] = new { resource_provider_generation = 0, inventories = new { } } }, allocations = new { } }))
            .Is(400)["errors"][0]!["code"]!.ToString().ShouldBe("placement.resource_provider.not_found");
        (await Service.Post("/placement/reshaper", new { inventories = new Dictionary<string, object> { [root] = new { resource_provider_generation = 2, inventories = new { CUSTOM_NONE = new { total = 1 } } } }, allocations = new { } }))
            .Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("malformed reshaper data: No such resource class CUSTOM_NONE.");
        (await State()).ShouldBe(before);
    }

    [Theory]
    [InlineData("{}", "'inventories' is a required property")]
    [InlineData("""{"inventories": {}, "allocations": {}}""", "{} does not have enough properties")]
    [InlineData("""{"inventories": {"x": {}}, "allocations": {}}""", "'x' does not match any of the regexes")]
    [InlineData("""{"inventories": {"3b1d2b5e-7d5b-4c4a-a5e3-6d9a3d1f6a11": {"inventories": {}}}, "allocations": {}}""", "'resource_provider_generation' is a required property")]
    [InlineData("""{"inventories": {"3b1d2b5e-7d5b-4c4a-a5e3-6d9a3d1f6a11": {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 1, "bad_field": 1}}}}, "allocations": {}}""", "'bad_field' was unexpected")]
    [InlineData("""{"inventories": {"3b1d2b5e-7d5b-4c4a-a5e3-6d9a3d1f6a11": {"resource_provider_generation": 0, "inventories": {}}}, "allocations": {"3b1d2b5e-7d5b-4c4a-a5e3-6d9a3d1f6a11": {}}}""", "'allocations' is a required property")]
    [InlineData("[]", "[] is not of type 'object'")]
    public async Task Reshape_BadBody_Is400(string body, string message) => (await Service.Post("/placement/reshaper", body)).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain(message);
}
