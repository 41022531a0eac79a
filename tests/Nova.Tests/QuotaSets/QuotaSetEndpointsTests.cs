using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.QuotaSets;

public sealed class QuotaSetEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Sets = "/compute/v2.1/os-quota-sets/";

    [Fact]
    public async Task Show_ByVersion_HasItsMembers()
    {
        var user = cloud.NewUser();
        var oldest = (await user.Get(Sets + user.ProjectId)).Is(200)["quota_set"].AsObject();
        oldest["id"]!.ToString().ShouldBe(user.ProjectId);
        oldest["cores"]!.GetValue<int>().ShouldBe(20);
        oldest["floating_ips"]!.GetValue<int>().ShouldBe(-1);
        oldest["injected_files"]!.GetValue<int>().ShouldBe(5);
        (await user.At("compute 2.36").Get(Sets + user.ProjectId)).Is(200)["quota_set"].AsObject().ContainsKey("floating_ips").ShouldBeFalse();
        var newest = (await user.At("compute 2.57").Get(Sets + user.ProjectId)).Is(200)["quota_set"].AsObject();
        newest.Select(m => m.Key).Order().ShouldBe(["cores", "id", "instances", "key_pairs", "metadata_items", "ram", "server_group_members", "server_groups"]);
        (await user.Get(Sets + cloud.NewUser().ProjectId)).Is(403);
        (await user.At("compute 2.75").Get(Sets + user.ProjectId + "?nope=1")).Is(400);
        (await user.Get(Sets + user.ProjectId + "/defaults")).Is(200)["quota_set"]["ram"]!.GetValue<int>().ShouldBe(51200);
    }

    [Fact]
    public async Task Update_Life()
    {
        var project = cloud.NewUser().ProjectId;
        (await cloud.NewUser().Put(Sets + project, """{"quota_set":{"cores":5}}""")).Is(403);
        var set = (await cloud.Admin.Put(Sets + project, """{"quota_set":{"force":true,"cores":"5","floating_ips":20,"ram":-1}}""")).Is(200)["quota_set"].AsObject();
        set["cores"]!.GetValue<int>().ShouldBe(5);
        set["floating_ips"]!.GetValue<int>().ShouldBe(20);
        set.ContainsKey("id").ShouldBeFalse();
        (await cloud.Admin.Get(Sets + project + "/detail")).Is(200)["quota_set"]["ram"]!.ToJsonString().ShouldBe("""{"in_use":0,"limit":-1,"reserved":0}""");
        (await cloud.Admin.Delete(Sets + project)).Is(202);
        (await cloud.Admin.Get(Sets + project)).Is(200)["quota_set"]["cores"]!.GetValue<int>().ShouldBe(20);
    }

    [Theory]
    [InlineData("""{"quota_set":{"cores":-2}}""", "less than the minimum of -1")]
    [InlineData("""{"quota_set":{"cores":"many"}}""", "does not match '^-?[0-9]+$'")]
    [InlineData("""{"quota_set":{"cores":99999999999}}""", "is greater than the maximum of 2147483647")]
    [InlineData("""{"quota_set":{"color":1}}""", "Additional properties are not allowed ('color' was unexpected)")]
    [InlineData("""{"quota":{}}""", "'quota_set' is a required property")]
    public async Task Update_BadBody_Is400(string body, string words) =>
        (await cloud.Admin.Put(Sets + "p", body)).Is(400)["badRequest"]["message"]!.ToString().ShouldContain(words);

    [Fact]
    public async Task Update_BelowUse_Is400_AndLimitsHold()
    {
        var user = cloud.NewUser();
        await cloud.CreateAsync(user);
        (await cloud.Admin.Put(Sets + user.ProjectId, """{"quota_set":{"instances":0}}""")).Is(400)["badRequest"]["message"]!.ToString()
            .ShouldBe("Quota limit 0 for instances must be greater than or equal to already used and reserved 1.");
        (await cloud.Admin.Put(Sets + user.ProjectId, """{"quota_set":{"instances":1}}""")).Is(200);
        (await user.At("compute 2.37").Post("/compute/v2.1/servers", new { server = new { name = "two", imageRef = cloud.Image, flavorRef = "42", networks = "none" } })).Is(403)["forbidden"]["message"]!.ToString()
            .ShouldBe("Quota exceeded for instances: Requested 1, but already used 1 of 1 instances");
    }

    [Fact]
    public async Task UserLimit_HoldsForThatUserOnly()
    {
        var (one, two) = (cloud.NewUser(), (TestUser?)null);
        two = cloud.NewUser("member", one.ProjectId);
        (await cloud.Admin.Put($"{Sets}{one.ProjectId}?user_id={one.UserId}", """{"quota_set":{"instances":11}}""")).Is(400)["badRequest"]["message"]!.ToString()
            .ShouldBe("Quota limit 11 for instances must be less than or equal to 10.");
        (await cloud.Admin.Put($"{Sets}{one.ProjectId}?user_id={one.UserId}", """{"quota_set":{"instances":0}}""")).Is(200)["quota_set"]["instances"]!.GetValue<int>().ShouldBe(0);
        (await cloud.Admin.Get($"{Sets}{one.ProjectId}")).Is(200)["quota_set"]["instances"]!.GetValue<int>().ShouldBe(10);
        (await one.At("compute 2.37").Post("/compute/v2.1/servers", new { server = new { name = "x", imageRef = cloud.Image, flavorRef = "42", networks = "none" } })).Is(403);
        await cloud.CreateAsync(two);
    }

    [Fact]
    public async Task Limits_ShowUse()
    {
        var user = cloud.NewUser();
        await cloud.CreateAsync(user);
        var absolute = (await user.Get("/compute/v2.1/limits")).Is(200)["limits"]["absolute"]!.AsObject();
        absolute["totalInstancesUsed"]!.GetValue<int>().ShouldBe(1);
        absolute["maxTotalCores"]!.GetValue<int>().ShouldBe(20);
        absolute["maxImageMeta"]!.GetValue<int>().ShouldBe(128);
        absolute.Count.ShouldBe(19);
        (await user.At("compute 2.57").Get("/compute/v2.1/limits")).Is(200)["limits"]["absolute"]!.AsObject().Count.ShouldBe(11);
        (await user.Get("/compute/v2.1/limits?tenant_id=" + user.ProjectId)).Is(403);
        (await cloud.Admin.Get("/compute/v2.1/limits?tenant_id=" + user.ProjectId)).Is(200)["limits"]["absolute"]!["totalInstancesUsed"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public async Task ClassSets_ByVersion()
    {
        const string classes = "/compute/v2.1/os-quota-class-sets/";
        (await cloud.Admin.Get(classes + "other")).Is(200)["quota_class_set"].AsObject().ContainsKey("server_groups").ShouldBeFalse();
        var set = (await cloud.Admin.At("compute 2.50").Put(classes + "other", """{"quota_class_set":{"key_pairs":7,"server_groups":3}}""")).Is(200)["quota_class_set"].AsObject();
        set["key_pairs"]!.GetValue<int>().ShouldBe(7);
        set["server_groups"]!.GetValue<int>().ShouldBe(3);
        (await cloud.NewUser().Get(classes + "default")).Is(403);
        (await cloud.Admin.At("compute 2.57").Put(classes + "other", """{"quota_class_set":{"injected_files":7}}""")).Is(400);
    }
}
