using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.PolicyBlobs;

/// <summary>Policies as texts. Upstream: identity api-ref, "Policies".</summary>
internal static class PolicyBlobResource
{
    public static void Map(ResourceGroup policies)
    {
        policies.Get("", List).Policy("identity:list_policies", Policies.AdminOrSystemReader).Paged();
        policies.Post("", Create).Policy("identity:create_policy", Policies.Admin).Answers(201);
        policies.Get("/{policy_id}", Show).Policy("identity:get_policy", Policies.AdminOrSystemReader);
        policies.Patch("/{policy_id}", Update).Policy("identity:update_policy", Policies.Admin);
        policies.Delete("/{policy_id}", Delete).Policy("identity:delete_policy", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call) => call.Page("policies", await call.Get<PolicyBlobOperations>().ListAsync(call.Query), p => PolicyBlobView.Of(p, call.V3()), p => p.Id);

    private static async Task<Reply> Create(Call call) =>
        Reply.Member("policy", PolicyBlobView.Of(await call.Get<PolicyBlobOperations>().CreateAsync(call.Context, await call.BodyAsync<CreatePolicyBlob>("policy")), call.V3()));

    private static async Task<Reply> Show(Call call) => Reply.Member("policy", PolicyBlobView.Of(await call.Get<PolicyBlobOperations>().GetAsync(call.Route("policy_id")), call.V3()));

    private static async Task<Reply> Update(Call call) =>
        Reply.Member("policy", PolicyBlobView.Of(await call.Get<PolicyBlobOperations>().UpdateAsync(call.Context, call.Route("policy_id"), await call.BodyAsync<UpdatePolicyBlob>("policy")), call.V3()));

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<PolicyBlobOperations>().DeleteAsync(call.Context, call.Route("policy_id"));
        return Reply.Empty();
    }
}

/// <summary>Body of a create. Upstream: <c>keystone/policy/schema.py</c>.</summary>
public sealed record CreatePolicyBlob
{
    [RequiredField] public required string Blob { get; init; }
    [RequiredField, Text(Max = 255)] public required string Type { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdatePolicyBlob
{
    public string? Blob { get; init; }
    [Text(Max = 255)] public string? Type { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>A policy as clients see it.</summary>
public sealed record PolicyBlobView(string Id, string Type, string Blob, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static PolicyBlobView Of(PolicyBlob policy, string v3, string collection = "policies") =>
        new(policy.Id, policy.Type, policy.Blob, new SelfLink($"{v3}/{collection}/{policy.Id}")) { Extra = Keystone.Extra.Read(policy.Extra) };
}

/// <summary>Reads and writes of policies.</summary>
internal sealed class PolicyBlobOperations(Store<KeystoneDb> store, KeystoneSettings settings)
{
    public async Task<PolicyBlob> GetAsync(string id) => await store.ReadAsync(db => db.PolicyBlobs.FirstOrDefaultAsync(p => p.Id == id)) ?? throw Faults.NotFound("policy", id);

    public Task<ListPage<PolicyBlob>> ListAsync(CallQuery query) => store.ReadAsync(db => db.PolicyBlobs.Text(query, "type", p => p.Type).PageAsync(query, settings, p => p.Id, p => p.Type));

    public Task<PolicyBlob> CreateAsync(RequestContext context, CreatePolicyBlob request) => store.WriteAsync(db =>
    {
        var policy = new PolicyBlob { Id = NewId.Hex(), Type = request.Type, Blob = request.Blob, Extra = Extra.Write(WithoutOurs(request.Extra)) };
        db.PolicyBlobs.Add(policy);
        db.Record(context, "create", "policy", policy.Id);
        return Task.FromResult(policy);
    });

    public Task<PolicyBlob> UpdateAsync(RequestContext context, string id, UpdatePolicyBlob request) => store.WriteAsync(async db =>
    {
        if (request.Extra is { } extra && extra.TryGetValue("id", out var other) && other.ToString() != id) { throw new BadRequestError("Cannot change policy ID"); }
        var policy = await db.PolicyBlobs.AsTracking().FirstOrDefaultAsync(p => p.Id == id) ?? throw Faults.NotFound("policy", id);
        policy.Type = request.Type ?? policy.Type;
        policy.Blob = request.Blob ?? policy.Blob;
        policy.Extra = Extra.Merge(policy.Extra, WithoutOurs(request.Extra));
        db.Record(context, "update", "policy", id);
        return policy;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.PolicyBlobs.Where(p => p.Id == id).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("policy", id); }
        db.Record(context, "delete", "policy", id);
    });

    private static Dictionary<string, JsonElement>? WithoutOurs(Dictionary<string, JsonElement>? extra) => extra?.Where(e => e.Key is not ("id" or "links")).ToDictionary(e => e.Key, e => e.Value);
}
