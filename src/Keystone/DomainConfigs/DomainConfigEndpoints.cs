using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.DomainConfigs;

/// <summary>
/// A domain's own configuration, which tells where its users are. Upstream: identity api-ref, "Domain configuration". What of the password rules users may see is asked here too, under a policy
/// of its own.
/// </summary>
internal static class DomainConfigEndpoints
{
    public static void Map(ResourceGroup domains)
    {
        domains.Get("/config/default", Defaults).Policy("identity:get_domain_config_default", Policies.AdminOrSystemReader);
        domains.Get("/config/{group}/default", Defaults).Policy("identity:get_domain_config_default", Policies.AdminOrSystemReader);
        domains.Get("/config/{group}/{option}/default", Defaults).Policy("identity:get_domain_config_default", Policies.AdminOrSystemReader);
        domains.Put("/{domain_id}/config", Create).Policy("identity:create_domain_config", Policies.Admin).Answers(201);
        MapOne(domains, "/{domain_id}/config");
        MapOne(domains, "/{domain_id}/config/{group}");
        MapOne(domains, "/{domain_id}/config/{group}/{option}");
        // Literal, since the policy is another; what may not be changed is refused by the same words as any other group.
        domains.Get("/{domain_id}/config/security_compliance", PasswordRules).Policy("identity:get_security_compliance_domain_config", Policies.Anyone);
        domains.Get("/{domain_id}/config/security_compliance/{option}", PasswordRules).Policy("identity:get_security_compliance_domain_config", Policies.Anyone);
        MapChanges(domains, "/{domain_id}/config/security_compliance");
        MapChanges(domains, "/{domain_id}/config/security_compliance/{option}");
    }

    private static void MapOne(ResourceGroup domains, string path)
    {
        domains.Get(path, Show).Policy("identity:get_domain_config", Policies.AdminOrSystemReader);
        MapChanges(domains, path);
    }

    private static void MapChanges(ResourceGroup domains, string path)
    {
        domains.Patch(path, Update).Policy("identity:update_domain_config", Policies.Admin);
        domains.Delete(path, Delete).Policy("identity:delete_domain_config", Policies.Admin).Answers(204);
    }

    private static Task<Reply> Defaults(Call call) => Task.FromResult(Reply.Member("config", ConfigOptions.Defaults(call.Get<KeystoneSettings>(), Group(call), Option(call))));

    private static Task<Reply> PasswordRules(Call call) => Task.FromResult(Reply.Member("config", ConfigOptions.PasswordRules(call.Get<KeystoneSettings>(), call.Route("domain_id"), Option(call))));

    private static async Task<Reply> Show(Call call) => Reply.Member("config", await call.Get<DomainConfigOperations>().ReadAsync(call.Route("domain_id"), Group(call), Option(call)));

    private static async Task<Reply> Create(Call call)
    {
        var domain = await DomainAsync(call);
        var (created, config) = await call.Get<DomainConfigOperations>().ReplaceAsync(call.Context, domain, await BodyAsync(call));
        return Reply.Member("config", config, created ? 201 : 200);
    }

    private static async Task<Reply> Update(Call call)
    {
        var domain = await DomainAsync(call);
        return Reply.Member("config", await call.Get<DomainConfigOperations>().UpdateAsync(call.Context, domain, await BodyAsync(call), Group(call), Option(call)));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<DomainConfigOperations>().DeleteAsync(call.Context, await DomainAsync(call), Group(call), Option(call));
        return Reply.Empty();
    }

    private static async Task<string> DomainAsync(Call call) =>
        (await call.Get<ProjectQueries>().FindAsync(call.Route("domain_id"), isDomain: true))?.Project.Id ?? throw Faults.NotFound("domain", call.Route("domain_id"));

    private static async Task<JsonElement?> BodyAsync(Call call) => await call.JsonAsync() is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("config", out var config) ? config : null;

    private static string? Group(Call call) => call.HasRoute("group") ? call.Route("group") : call.Endpoint.Path.Contains("/" + ConfigOptions.SecurityCompliance, StringComparison.Ordinal) ? ConfigOptions.SecurityCompliance : null;
    private static string? Option(Call call) => call.HasRoute("option") ? call.Route("option") : null;
}
