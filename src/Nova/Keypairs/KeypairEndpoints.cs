using Nephos.Kernel.Api;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Keypairs;

/// <summary><c>POST /os-keypairs</c> (<c>schemas/keypairs.py</c>).</summary>
internal sealed record CreateKeypair
{
    /// <summary>The characters of 2.92; fewer before, see <see cref="KeypairEndpoints"/>.</summary>
    [RequiredField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public required string Name { get; init; }
    [Since("2.2"), Text(OneOf = ["ssh", "x509"])] public string? Type { get; init; }
    [RequiredField("2.92"), Text] public string? PublicKey { get; init; }
    [Since("2.10"), Text] public string? UserId { get; init; }
}

/// <summary>A key pair, as one call or another shows it.</summary>
internal sealed record KeypairView(string Name, string PublicKey, string Fingerprint)
{
    [Since("2.2")] public required string Type { get; init; }
    public Optional<string> UserId { get; init; }
    public Optional<string> PrivateKey { get; init; }
    public Optional<string> CreatedAt { get; init; }
    public Optional<bool> Deleted { get; init; }
    public Optional<string?> DeletedAt { get; init; }
    public Optional<string?> UpdatedAt { get; init; }
    public Optional<long> Id { get; init; }

    public static KeypairView Listed(Keypair keypair) => new(keypair.Name, keypair.PublicKey, keypair.Fingerprint) { Type = keypair.Type };
    public static KeypairView Created(Keypair keypair, string? privateKey) =>
        Listed(keypair) with { UserId = keypair.UserId, PrivateKey = privateKey is null ? default(Optional<string>) : new(privateKey) };

    /// <summary>No key pair is ever shown deleted or updated; upstream shows the members all the same.</summary>
    public static KeypairView Shown(Keypair keypair) => Created(keypair, null) with
    {
        CreatedAt = WireTime.Micros(keypair.CreatedAt),
        Deleted = false,
        DeletedAt = new Optional<string?>(null),
        UpdatedAt = new Optional<string?>(null),
        Id = keypair.Number,
    };
}

/// <summary>Key pairs (api-ref compute, "Keypairs").</summary>
internal static class KeypairEndpoints
{
    private const string Owner = Rules.UserOrAdmin;
    private const string NamePattern = "^[_\\- a-zA-Z0-9]+$";
    private const string NamePattern292 = "^[_\\-\\@\\. a-zA-Z0-9]+$";

    public static void Map(ResourceGroup keypairs)
    {
        keypairs.Get("", List).PolicyOnRow("os_compute_api:os-keypairs:index", Owner).Paged();
        keypairs.Post("", Create).PolicyOnRow("os_compute_api:os-keypairs:create", Owner).Quota("key_pairs").Answers(201);
        keypairs.Get("/{name}", Show).PolicyOnRow("os_compute_api:os-keypairs:show", Owner);
        keypairs.Delete("/{name}", Delete).PolicyOnRow("os_compute_api:os-keypairs:delete", Owner).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_75, "user_id", "limit", "marker");
        var userId = UserOf(call, call.Query["user_id"]);
        var paged = call.Version >= Microversions.V2_35;
        var page = paged ? PageRequest.Of(call.Query, NovaLimits.MaxPage) : new PageRequest(NovaLimits.MaxPage, null, []);
        var limit = page.Limit ?? NovaLimits.MaxPage;
        var found = await call.Get<KeypairOperations>().ListAsync(userId, page.Marker, limit);
        return Reply.Members(
        [
            ("keypairs", found.Select(k => new { keypair = KeypairView.Listed(k) }).ToList()),
            ("keypairs_links?", paged ? Links.Next(call, "os-keypairs", found.Count, limit, () => found[^1].Name) : null),
        ]);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateKeypair>("keypair");
        var pattern = call.Version >= Microversions.V2_92 ? NamePattern292 : NamePattern;
        if (!System.Text.RegularExpressions.Regex.IsMatch(request.Name, pattern))
        {
            throw call.Endpoint.Api.Errors.Invalid([new WireFault(WireFaultKind.Pattern, ["keypair", "name"], $"'{request.Name}'", pattern)]);
        }
        var userId = UserOf(call, request.UserId);
        var type = request.Type ?? "ssh";
        // Making an RSA key is a tenth of a second of computing, which must not be done under the store's lock.
        var generated = request.PublicKey is not null ? null : type == "x509" ? KeyMaterial.GenerateX509(userId, call.Context.Now) : KeyMaterial.GenerateSsh();
        var keypair = await call.Get<KeypairOperations>().CreateAsync(call.Context, userId, request.Name.Trim(), type, request.PublicKey ?? generated!.PublicKey);
        return Reply.Member("keypair", KeypairView.Created(keypair, generated?.PrivateKey), call.Version < Microversions.V2_2 ? 200 : 201);
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_75, "user_id");
        var userId = UserOf(call, call.Query["user_id"]);
        var keypair = await call.Get<KeypairOperations>().FindAsync(userId, call.Route("name")) ?? throw KeypairOperations.NotFound(userId, call.Route("name"));
        return Reply.Member("keypair", KeypairView.Shown(keypair));
    }

    private static async Task<Reply> Delete(Call call)
    {
        call.KnownOnly(Microversions.V2_75, "user_id");
        await call.Get<KeypairOperations>().DeleteAsync(call.Context, UserOf(call, call.Query["user_id"]), call.Route("name"));
        return Reply.Empty(call.Version < Microversions.V2_2 ? 202 : 204);
    }

    /// <summary>Since 2.10 an admin may name another user.</summary>
    private static string UserOf(Call call, string? asked)
    {
        var userId = call.Version >= Microversions.V2_10 && !string.IsNullOrEmpty(asked) ? asked : call.Context.UserId;
        call.Enforce(call.Endpoint.PolicyName!, new Dictionary<string, object?> { ["user_id"] = userId });
        return userId;
    }
}
