using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests;

public sealed class MemberEndpointsTests(GlanceCloud cloud) : IClassFixture<GlanceCloud>
{
    private const string Images = ImageTesting.Images;

    [Fact]
    public async Task Member_OfferedAcceptedRemoved_SeesItMeanwhile()
    {
        var (owner, other, third) = (cloud.NewUser(), cloud.NewUser(), cloud.NewUser());
        var id = await owner.NewImage();
        var members = $"{Images}/{id}/members";
        var made = (await owner.Post(members, new { member = other.ProjectId })).Is(200);
        made["status"].ToString().ShouldBe("pending");
        made["schema"].ToString().ShouldBe("/v2/schemas/member");
        (await owner.Post(members, new { member = other.ProjectId })).Is(409).Text.ShouldContain("is duplicated for image");
        (await owner.Post(members, new { member = third.ProjectId })).Is(200);
        (await other.Get($"{Images}/{id}")).Is(200);
        (await other.Get(Images)).Is(200).Text.ShouldNotContain(id);
        (await other.Get(Images + "?member_status=pending&visibility=shared")).Is(200).Text.ShouldContain(id);
        (await owner.Put($"{members}/{other.ProjectId}", new { status = "accepted" })).Is(403);
        (await other.Put($"{members}/{other.ProjectId}", new { status = "perhaps" })).Is(400);
        (await other.Put($"{members}/{third.ProjectId}", new { status = "accepted" })).Is(404);
        (await other.Put($"{members}/{other.ProjectId}", new { status = "accepted" })).Is(200)["status"].ToString().ShouldBe("accepted");
        (await other.Get(Images)).Is(200).Text.ShouldContain(id);
        (await owner.Get(members)).Is(200)["members"].AsArray().Count.ShouldBe(2);
        (await other.Get(members)).Is(200)["members"].AsArray().Count.ShouldBe(1);
        (await other.Get($"{members}/{other.ProjectId}")).Is(200)["member_id"].ToString().ShouldBe(other.ProjectId);
        (await other.Get($"{members}/{third.ProjectId}")).Is(404);
        (await other.Delete($"{members}/{other.ProjectId}")).Is(403);
        (await owner.Delete($"{members}/{other.ProjectId}")).Is(204);
        (await owner.Delete($"{members}/{other.ProjectId}")).Is(404);
        (await other.Get($"{Images}/{id}")).Is(404);
    }

    [Fact]
    public async Task Member_Bad_IsRefused()
    {
        var (owner, other) = (cloud.NewUser(), cloud.NewUser());
        var shared = await owner.NewImage();
        var isPrivate = await owner.NewImage(visibility: "private");
        var community = await owner.NewImage(visibility: "community");
        (await owner.Post($"{Images}/{shared}/members", "{}")).Is(400).Text.ShouldContain("Member to be added not specified");
        (await owner.Post($"{Images}/{shared}/members", new { member = "" })).Is(400);
        (await owner.Post($"{Images}/{isPrivate}/members", new { member = other.ProjectId })).Is(403);
        (await other.Post($"{Images}/{shared}/members", new { member = other.ProjectId })).Is(404);
        (await other.Post($"{Images}/{community}/members", new { member = other.ProjectId })).Is(403);
        (await owner.Get($"{Images}/{community}/members")).Is(403).Text.ShouldContain("Only shared images have members.");
        (await owner.Get($"{Images}/{shared}/members/nobody")).Is(404);
        (await owner.Get($"{Images}/11111111-1111-1111-1111-111111111111/members")).Is(404);
    }
}
