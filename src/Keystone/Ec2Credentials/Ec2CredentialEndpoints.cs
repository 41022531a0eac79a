using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Credentials;

namespace Nephos.Keystone.Ec2Credentials;

/// <summary>EC2 keys of a user: credentials of type <c>ec2</c> in an older form. Upstream: <c>keystone/api/users.py</c>, OS-EC2.</summary>
internal static class Ec2CredentialEndpoints
{
    private const string WriteOwn = Policies.Admin + " or (role:member and user_id:%(target.credential.user_id)s)";

    public static void Map(ResourceGroup users)
    {
        users.Get("/{user_id}/credentials/OS-EC2", List).PolicyOnRow("identity:ec2_list_credentials", Policies.AdminOrSystemReaderOrOwner).NotPaged("upstream does not; bounded by what one user made");
        users.Post("/{user_id}/credentials/OS-EC2", Create).PolicyOnRow("identity:ec2_create_credential", WriteOwn).Answers(201);
        users.Get("/{user_id}/credentials/OS-EC2/{credential_id}", Show).PolicyOnRow("identity:ec2_get_credential", Policies.AdminOrSystemReader + " or user_id:%(target.credential.user_id)s");
        users.Delete("/{user_id}/credentials/OS-EC2/{credential_id}", Delete).PolicyOnRow("identity:ec2_delete_credential", WriteOwn).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("user_id", call.Route("user_id"))));
        await EnsureUserAsync(call);
        var who = call.Context.Who;
        var rows = await call.Get<CredentialOperations>().OfUserAsync(call.Route("user_id"), CredentialOperations.Ec2);
        return call.List("credentials", rows.Where(row => !CredentialEndpoints.Narrowed(who) || row.Row.ProjectId == who.ProjectId).Select(row => Ec2CredentialView.Of(row, call.V3())).ToList());
    }

    private static async Task<Reply> Create(Call call)
    {
        var body = await call.JsonAsync();
        var user = call.Route("user_id");
        var who = call.Context.Who;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.credential.user_id", user)));
        CredentialEndpoints.RefuseRestricted(who);
        await EnsureUserAsync(call);
        var project = body.ValueKind == System.Text.Json.JsonValueKind.Object && body.TryGetProperty("tenant_id", out var tenant) && tenant.ValueKind == System.Text.Json.JsonValueKind.String ? tenant.GetString()! : "None";
        if (!await call.Get<Store<KeystoneDb>>().ReadAsync(db => db.Projects.AnyAsync(p => p.Id == project), call.Cancel)) { throw Faults.NotFound("project", project); }
        CredentialEndpoints.EnsureInScope(who, project);
        var (access, secret) = (NewId.Hex(), NewId.Hex());
        var blob = new JsonObject { ["access"] = access, ["secret"] = secret, ["trust_id"] = null };
        var made = await call.Get<CredentialOperations>().AddAsync(call.Context, CredentialOperations.IdOf(access), user, project, CredentialOperations.Ec2, CredentialOperations.Bind(blob, who, blob.ToJsonString()));
        return Reply.Member("credential", Ec2CredentialView.Of(made, call.V3()));
    }

    private static async Task<Reply> Show(Call call) => Reply.Member("credential", Ec2CredentialView.Of(await FindAsync(call), call.V3()));

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<CredentialOperations>().DeleteAsync(call.Context, (await FindAsync(call)).Row.Id);
        return Reply.Empty();
    }

    private static async Task<OpenCredential> FindAsync(Call call)
    {
        var id = CredentialOperations.IdOf(call.Route("credential_id"));
        var found = await call.Get<CredentialOperations>().FindAsync(id) ?? throw Faults.NotFound("credential", id);
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.credential.user_id", found.Row.UserId), ("user_id", call.Route("user_id"))));
        await EnsureUserAsync(call);
        if (!CredentialOperations.IsEc2(found.Row.Type)) { throw Faults.Unauthorized(); }
        CredentialEndpoints.EnsureInScope(call.Context.Who, found.Row.ProjectId);
        return found;
    }

    private static async Task EnsureUserAsync(Call call)
    {
        var id = call.Route("user_id");
        if (!await call.Get<Store<KeystoneDb>>().ReadAsync(db => db.Users.AnyAsync(u => u.Id == id), call.Cancel)) { throw Faults.NotFound("user", id); }
    }
}

/// <summary>EC2 keys as clients see them.</summary>
public sealed record Ec2CredentialView(string UserId, string? TenantId, string? Access, string? Secret, string? TrustId, SelfLink Links)
{
    internal static Ec2CredentialView Of(OpenCredential open, string v3)
    {
        var blob = CredentialOperations.ReadBlob(open.Blob);
        var access = blob["access"]!.ToString();
        return new(open.Row.UserId, open.Row.ProjectId, access, blob["secret"]?.ToString(), blob["trust_id"]?.ToString(), new SelfLink($"{v3}/users/{open.Row.UserId}/credentials/OS-EC2/{access}"));
    }
}
