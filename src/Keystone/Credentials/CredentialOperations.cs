using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.Credentials;

/// <summary>Reads and writes of credentials. Upstream: <c>keystone/credential/core.py</c>, <c>keystone/api/credentials.py</c>.</summary>
internal sealed class CredentialOperations(Store<KeystoneDb> store, CredentialKeys keys, KeystoneSettings settings)
{
    public const string Ec2 = "ec2";

    public static bool IsEc2(string? type) => string.Equals(type, Ec2, StringComparison.OrdinalIgnoreCase);

    /// <summary>The id of an EC2 credential.</summary>
    public static string IdOf(string access) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(access)));

    public async Task<OpenCredential?> FindAsync(string id) => await store.ReadAsync(db => db.Credentials.FirstOrDefaultAsync(c => c.Id == id)) is { } row ? Open(row) : null;

    /// <param name="onlyUser">Null: everybody's.</param>
    /// <param name="onlyProject">Null: of any project, and of none.</param>
    public async Task<List<OpenCredential>> ListAsync(CallQuery query, string? onlyUser, string? onlyProject) => (await store.ReadAsync(db =>
    {
        var rows = db.Credentials.AsQueryable();
        if (onlyUser is not null) { rows = rows.Where(c => c.UserId == onlyUser); }
        if (onlyProject is not null) { rows = rows.Where(c => c.ProjectId == onlyProject); }
        return rows.Text(query, "user_id", c => c.UserId).Text(query, "type", c => c.Type).OrderBy(c => c.Id).ToListAsync();
    })).ConvertAll(Open);

    public async Task<List<OpenCredential>> OfUserAsync(string userId, string type) =>
        (await store.ReadAsync(db => db.Credentials.Where(c => c.UserId == userId && c.Type == type).OrderBy(c => c.Id).ToListAsync())).ConvertAll(Open);

    public Task<OpenCredential> CreateAsync(RequestContext context, CreateCredential request)
    {
        var (id, blob) = (NewId.Hex(), request.Blob);
        if (IsEc2(request.Type))
        {
            if (!request.ProjectId.IsSet) { throw new BadRequestError("Invalid input for field 'credential': 'project_id' is a required property"); }
            var read = ReadBlob(blob);
            id = IdOf(read["access"]!.ToString());
            blob = Bind(read, context.Who, blob);
        }
        return AddAsync(context, id, request.UserId, request.ProjectId.Value, request.Type, blob, Extra.Write(request.Extra?.Where(e => e.Key is not ("id" or "links")).ToDictionary()));
    }

    public Task<OpenCredential> AddAsync(RequestContext context, string id, string userId, string? projectId, string type, string blob, string extra = Extra.None)
    {
        var (encrypted, hash) = keys.Encrypt(blob);
        var row = new Credential { Id = id, UserId = userId, ProjectId = projectId, Type = type, EncryptedBlob = encrypted, KeyHash = hash, Extra = extra };
        return store.WriteUniqueAsync(async db =>
        {
            if (settings.Auth.CredentialUserLimit is >= 0 and var limit && await db.Credentials.CountAsync(c => c.UserId == userId) >= limit)
            {
                throw new ForbiddenError($"Unable to create additional credentials, maximum of {limit} already exceeded for user.");
            }
            db.Credentials.Add(row);
            db.Record(context, "create", "credential", id, projectId);
            return new OpenCredential(row, blob);
        }, () => Faults.Conflict("credential", $"Duplicate entry found with ID {id}"));
    }

    public async Task<OpenCredential> UpdateAsync(RequestContext context, OpenCredential seen, UpdateCredential request)
    {
        if (request.IsEmpty) { throw new BadRequestError("Invalid input for field 'credential': {} should be non-empty"); }
        if (request.Extra is { } given && given.TryGetValue("id", out var other) && other.ToString() != seen.Row.Id) { throw new BadRequestError("Cannot change ID"); }
        if (IsEc2(seen.Row.Type) && request.Blob is not null) { EnsureBound(ReadBlob(seen.Blob), ReadBlob(request.Blob)); }
        if (IsEc2(request.Type) && string.IsNullOrEmpty(request.ProjectId.Or(seen.Row.ProjectId))) { throw Faults.Expecting("project_id", "credential"); }
        return await store.WriteAsync(async db =>
        {
            var row = await db.Credentials.AsTracking().FirstOrDefaultAsync(c => c.Id == seen.Row.Id) ?? throw Faults.NotFound("credential", seen.Row.Id);
            if (request.Blob is { } blob) { (row.EncryptedBlob, row.KeyHash) = keys.Encrypt(blob); }
            (row.Type, row.UserId, row.ProjectId) = (request.Type ?? row.Type, request.UserId ?? row.UserId, request.ProjectId.Or(row.ProjectId));
            row.Extra = Extra.Merge(row.Extra, request.Extra?.Where(e => e.Key is not ("id" or "links")).ToDictionary());
            db.Record(context, "update", "credential", row.Id, row.ProjectId);
            return new OpenCredential(row, request.Blob ?? seen.Blob);
        });
    }

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.Credentials.Where(c => c.Id == id).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("credential", id); }
        db.Record(context, "delete", "credential", id);
    });

    private OpenCredential Open(Credential row) => new(row, keys.Decrypt(row.EncryptedBlob));

    /// <summary>The blob of EC2 keys: an object with <c>access</c>.</summary>
    internal static JsonObject ReadBlob(string text)
    {
        JsonNode? node;
        try { node = JsonNode.Parse(text); }
        catch (JsonException) { throw new BadRequestError("Invalid blob in credential"); }
        if (node is not JsonObject { Count: > 0 } blob) { throw Faults.Expecting("blob", "credential"); }
        return blob["access"] is null ? throw Faults.Expecting("access", "credential") : blob;
    }

    /// <summary>Keys that a narrowed token made are worth what it is.</summary>
    internal static string Bind(JsonObject blob, Identity who, string unbound)
    {
        if (!CredentialEndpoints.Narrowed(who)) { return unbound; }
        if (who.TrustId is not null) { blob["trust_id"] = who.TrustId; }
        if (who.ApplicationCredentialId is not null) { blob["app_cred_id"] = who.ApplicationCredentialId; }
        if (who.OAuthAccessTokenId is not null) { blob["access_token_id"] = who.OAuthAccessTokenId; }
        return blob.ToJsonString();
    }

    private static void EnsureBound(JsonObject old, JsonObject next)
    {
        foreach (var key in new[] { "trust_id", "app_cred_id", "access_token_id", "access_id" })
        {
            if (!JsonNode.DeepEquals(old[key], next[key])) { throw new BadRequestError($"{key} can not be updated for credential"); }
        }
    }
}
