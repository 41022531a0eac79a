using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Images;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Members;

/// <summary>A member as clients see it.</summary>
internal sealed record MemberView(string MemberId, string ImageId, string Status, string CreatedAt, string UpdatedAt)
{
    public string Schema => "/v2/schemas/member";

    public static MemberView Of(ImageMember member) => new(member.MemberId, member.ImageId, member.Status, WireTime.Seconds(member.CreatedAt), WireTime.Seconds(member.UpdatedAt));
}

/// <summary>Members of shared images (image api-ref v2, "Sharing"). The owner adds and removes them, they themselves accept or reject.</summary>
internal static class MemberEndpoints
{
    public static void Map(ResourceGroup members)
    {
        members.Post("", Create).PolicyOnRow("add_member", ImagePolicy.Member);
        members.Get("", List).PolicyOnRow("get_members", ImagePolicy.ReaderOrMember).NotPaged("at most 128, as upstream");
        members.Get("/{member_id}", Show).PolicyOnRow("get_member", ImagePolicy.ReaderOrMember);
        members.Put("/{member_id}", Update).PolicyOnRow("modify_member", ImagePolicy.SharedMember);
        members.Delete("/{member_id}", Delete).PolicyOnRow("delete_member", ImagePolicy.Member).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != JsonValueKind.Object) { throw new BadRequestError("Expected a member in the form: {\"member\": \"image_id\"}"); }
        if (!body.TryGetProperty("member", out var member)) { throw new BadRequestError("Member to be added not specified"); }
        if (member.ValueKind != JsonValueKind.String || member.GetString() is not { Length: > 0 } memberId) { throw new BadRequestError("Member can't be empty"); }
        if (memberId.Length > Limits.MaxText) { throw new BadRequestError("Member must not be longer than 255 characters."); }
        var seen = await SeeAsync(call, "create").ConfigureAwait(false);
        var (id, now) = (seen.Image.Row.Id, call.Context.Now);
        var row = new ImageMember { ImageId = id, MemberId = memberId, CreatedAt = now, UpdatedAt = now };
        await call.Get<Store<GlanceDb>>().WriteAsync(async db =>
        {
            var count = await db.Members.CountAsync(m => m.ImageId == id, call.Cancel).ConfigureAwait(false);
            if (await db.Members.AnyAsync(m => m.ImageId == id && m.MemberId == memberId, call.Cancel).ConfigureAwait(false)) { throw new ConflictError($"Member {memberId} is duplicated for image {id}"); }
            if (count >= Limits.MaxMembers)
            {
                throw GlanceErrors.TooLarge($"Image member limit exceeded for image {id}: The limit has been exceeded on the number of allowed image members for this image. Attempted: {count + 1}, Maximum: {Limits.MaxMembers}:");
            }
            db.Members.Add(row);
            db.Record(call.Context, "create", "image_member", id);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Json(MemberView.Of(row));
    }

    private static async Task<Reply> List(Call call)
    {
        var seen = await SeeAsync(call, "list").ConfigureAwait(false);
        var (id, project) = (seen.Image.Row.Id, call.Context.Who.ProjectId);
        // Members see themselves only, as upstream's repository filters.
        var all = call.Context.IsAdmin || seen.Image.Row.Owner == project;
        var members = await call.Get<Store<GlanceDb>>().ReadAsync(db => db.Members.Where(m => m.ImageId == id && (all || m.MemberId == project)).OrderBy(m => m.CreatedAt).ThenBy(m => m.MemberId).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Members([("members", members.ConvertAll(MemberView.Of)), ("schema", "/v2/schemas/members")]);
    }

    private static async Task<Reply> Show(Call call) => Reply.Json(MemberView.Of((await FindAsync(call, "show").ConfigureAwait(false)).Member));

    private static async Task<Reply> Update(Call call)
    {
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != JsonValueKind.Object) { throw new BadRequestError("Expected a status in the form: {\"status\": \"status\"}"); }
        if (!body.TryGetProperty("status", out var status)) { throw new BadRequestError("Status not specified"); }
        var (seen, member) = await FindAsync(call, "update").ConfigureAwait(false);
        // The rule names the member: not the owner, only the project that the image is offered to may say what it thinks of it.
        if (!call.Allows("modify_member", ImagePolicy.Target(seen.Image.Row, member.MemberId))) { throw new ForbiddenError($"Not allowed to update members for image {seen.Image.Row.Id}."); }
        if (status.ValueKind != JsonValueKind.String || !ImageMember.Statuses.Contains(status.GetString())) { throw new BadRequestError("Incorrect request: Status must be \"pending\", \"accepted\" or \"rejected\"."); }
        (member.Status, member.UpdatedAt) = (status.GetString()!, call.Context.Now);
        await call.Get<Store<GlanceDb>>().WriteAsync(async db =>
        {
            await db.Members.Where(m => m.ImageId == member.ImageId && m.MemberId == member.MemberId)
                .ExecuteUpdateAsync(u => u.SetProperty(m => m.Status, member.Status).SetProperty(m => m.UpdatedAt, member.UpdatedAt), call.Cancel).ConfigureAwait(false);
            db.Record(call.Context, "update", "image_member", member.ImageId);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Json(MemberView.Of(member));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var (seen, member) = await FindAsync(call, "delete").ConfigureAwait(false);
        if (!call.Allows("delete_member", ImagePolicy.Target(seen.Image.Row, null))) { throw new ForbiddenError($"Not allowed to delete members for image {seen.Image.Row.Id}."); }
        await call.Get<Store<GlanceDb>>().WriteAsync(async db =>
        {
            await db.Members.Where(m => m.ImageId == member.ImageId && m.MemberId == member.MemberId).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false);
            db.Record(call.Context, "delete", "image_member", member.ImageId);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    /// <summary>The shared image of the path. What the caller may not know of a member's show is 404, of the rest 403.</summary>
    private static async Task<SeenImage> SeeAsync(Call call, string verb)
    {
        var id = call.Route("image_id");
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw new NotFoundError($"Image {id} not found.");
        if (seen.Image.Row.Visibility != ImageVisibility.Shared)
        {
            throw verb switch
            {
                "show" => new NotFoundError("Only shared images have members."),
                "list" => new ForbiddenError($"Not allowed to list members for image {id}: Only shared images have members."),
                _ => new ForbiddenError($"Not allowed to {verb} members for image {id}."),
            };
        }
        var target = ImagePolicy.Target(seen.Image.Row, seen.IsMember ? call.Context.Who.ProjectId : null);
        if (verb is "create" or "list" && !call.Allows(call.Endpoint.PolicyName!, target)) { throw new ForbiddenError($"Not allowed to {verb} members for image {id}."); }
        if (verb is "show" or "update" or "delete" && !call.Allows("get_member", target)) { throw new NotFoundError("The resource could not be found."); }
        return seen;
    }

    private static async Task<(SeenImage Image, ImageMember Member)> FindAsync(Call call, string verb)
    {
        var seen = await SeeAsync(call, verb).ConfigureAwait(false);
        var (id, memberId) = (seen.Image.Row.Id, call.Route("member_id"));
        var mayKnow = call.Context.IsAdmin || seen.Image.Row.Owner == call.Context.Who.ProjectId || memberId == call.Context.Who.ProjectId;
        var member = mayKnow ? await call.Get<Store<GlanceDb>>().ReadAsync(db => db.Members.FirstOrDefaultAsync(m => m.ImageId == id && m.MemberId == memberId, call.Cancel), call.Cancel).ConfigureAwait(false) : null;
        return (seen, member ?? throw new NotFoundError($"{memberId} not found in the member list of the image {id}."));
    }
}
