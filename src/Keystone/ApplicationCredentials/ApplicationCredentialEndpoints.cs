using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;

namespace Nephos.Keystone.ApplicationCredentials;

/// <summary>Application credentials. Upstream: identity api-ref, "Application credentials".</summary>
internal static class ApplicationCredentialEndpoints
{
    public static void Map(ResourceGroup users)
    {
        users.Get("/{user_id}/application_credentials", List).PolicyOnRow("identity:list_application_credentials", Policies.AdminOrSystemReaderOrOwner).NotPaged("upstream does not; bounded by what one user made");
        users.Post("/{user_id}/application_credentials", Create).PolicyOnRow("identity:create_application_credential", Policies.Owner).Answers(201);
        users.Get("/{user_id}/application_credentials/{application_credential_id}", Show).PolicyOnRow("identity:get_application_credential", Policies.AdminOrSystemReaderOrOwner);
        users.Delete("/{user_id}/application_credentials/{application_credential_id}", Delete).PolicyOnRow("identity:delete_application_credential", Policies.AdminOrOwner).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("user_id", call.Route("user_id"))));
        RefuseDelegated(call.Context.Who);
        var rows = await call.Get<ApplicationCredentialOperations>().ListAsync(call.Route("user_id"), call.Query);
        return call.List("application_credentials", rows.ConvertAll(row => ApplicationCredentialView.Of(row, call.V3())));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateApplicationCredential>("application_credential");
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("user_id", call.Route("user_id"))));
        RefuseDelegated(call.Context.Who);
        RefuseRestricted(call.Context.Who);
        if (call.Context.UserId != call.Route("user_id")) { throw Faults.Forbidden("Cannot create an application credential for another user."); }
        var (row, secret) = await call.Get<ApplicationCredentialOperations>().CreateAsync(call.Context, request);
        return Reply.Member("application_credential", ApplicationCredentialView.Of(row, call.V3()) with { Secret = secret, UserId = null });
    }

    private static async Task<Reply> Show(Call call)
    {
        var row = await FindAsync(call);
        return Reply.Member("application_credential", ApplicationCredentialView.Of(row, call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var row = await FindAsync(call);
        RefuseRestricted(call.Context.Who);
        await call.Get<ApplicationCredentialOperations>().DeleteAsync(call.Context, row.Credential.Id);
        return Reply.Empty();
    }

    /// <summary>Policy is asked with the owner of the credential, not with the user of the path; where there is none, with the latter.</summary>
    private static async Task<CredentialRow> FindAsync(Call call)
    {
        var id = call.Route("application_credential_id");
        var row = await call.Get<ApplicationCredentialOperations>().FindAsync(id);
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("user_id", row?.Credential.UserId ?? call.Route("user_id"))));
        RefuseDelegated(call.Context.Who);
        return row ?? throw ApplicationCredentialOperations.NotFound(id);
    }

    /// <summary>What a trust or an OAuth consumer made would outlive them.</summary>
    internal static void RefuseDelegated(Identity who)
    {
        if (who.IsDelegated) { throw Faults.Forbidden(); }
    }

    private static void RefuseRestricted(Identity who)
    {
        if (who is { ApplicationCredentialId: not null, IsUnrestricted: false }) { throw Faults.Forbidden("Using method 'application_credential' is not allowed for managing additional application credentials."); }
    }
}
