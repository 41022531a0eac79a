using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Glance.Images;
using Nephos.Glance.Imports;
using Nephos.Glance.Stores;
using Nephos.Glance.Web;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Locations;

/// <summary>
/// Where the bytes of an image are (image api-ref v2, "Add Location", "Get Location"). Only addresses of the web can be added: other services of this cloud hand their bytes over instead, and the address
/// of a file of this machine is never taken from a client.
/// </summary>
internal static class LocationEndpoints
{
    private static readonly Dictionary<string, int> HashBytes = new(StringComparer.Ordinal) { ["sha1"] = 20, ["sha256"] = 32, ["sha512"] = 64, ["md5"] = 16 };

    public static void Map(ResourceGroup image)
    {
        image.Post("/locations", Add).PolicyOnRow("add_image_location", "rule:service_api or (role:member and project_id:%(project_id)s and project_id:%(owner)s)").Answers(202).Starts(LocationSaga.SagaName);
        image.Get("/locations", List).PolicyOnRow("fetch_image_location", "rule:service_api").NotPaged("one per store");
    }

    private static async Task<Reply> Add(Call call)
    {
        var (url, algo, value) = Read(await call.JsonAsync().ConfigureAwait(false));
        var id = call.Route("image_id");
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(id);
        if (seen.Image.Row.Status != ImageStatus.Queued) { throw new ConflictError($"It's not allowed to add locations if image status is {seen.Image.Row.Status}."); }
        ImagePolicy.Enforce(call, "get_image", seen);
        ImagePolicy.Enforce(call, "add_image_location", seen);
        var settings = call.Get<GlanceSettings>();
        var isWeb = url.StartsWith("http://", StringComparison.Ordinal) || url.StartsWith("https://", StringComparison.Ordinal);
        if (!call.Get<ImageStores>().HasHttp || (!isWeb && !call.Context.Who.Roles.Contains("service", StringComparer.Ordinal))) { throw new ForbiddenError("http store must be enabled to use location API by normal user."); }
        if (!isWeb) { throw new BadRequestError($"Unknown scheme '{url.Split(':')[0]}' found in URI"); }
        CheckHash(algo, value);
        if (!WebGuard.Allows(settings, url)) { throw new BadRequestError($"URI does not pass filtering: {url}"); }
        var location = new LocationParameters(id, NewId.Uuid(), url, algo, value);
        var validation = algo is null ? new JsonObject() : new JsonObject { ["os_hash_algo"] = algo, ["os_hash_value"] = value };
        var input = new JsonObject { ["image_id"] = id, ["loc_url"] = url, ["validation_data"] = validation };
        await call.Get<ImportOperations>().StartLocationAsync(call.Context, location, input.ToJsonString(), call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> List(Call call) => Reply.Json((await ImageEndpoints.SeeAsync(call).ConfigureAwait(false)).Image.Locations.Select(ImageReader.View).ToList());

    private static (string Url, string? Algo, string? Value) Read(JsonElement body)
    {
        static ApiError Fault(string what) => new BadRequestError("Provided object does not match schema 'location': " + what);
        if (body.ValueKind != JsonValueKind.Object) { throw Fault($"{WireSchema.Show(body)} is not of type 'object'"); }
        if (!body.TryGetProperty("url", out var url)) { throw Fault("'url' is a required property"); }
        if (url.ValueKind != JsonValueKind.String) { throw Fault($"{WireSchema.Show(url)} is not of type 'string'"); }
        if (!body.TryGetProperty("validation_data", out var data)) { return (url.GetString()!, null, null); }
        if (data.ValueKind != JsonValueKind.Object) { throw Fault($"{WireSchema.Show(data)} is not of type 'object'"); }
        foreach (var member in data.EnumerateObject())
        {
            if (member.Name is not ("os_hash_algo" or "os_hash_value")) { throw Fault($"Additional properties are not allowed ('{member.Name}' was unexpected)"); }
            if (member.Value.ValueKind != JsonValueKind.String) { throw Fault($"{WireSchema.Show(member.Value)} is not of type 'string'"); }
        }
        var (hasAlgo, hasValue) = (data.TryGetProperty("os_hash_algo", out var algo), data.TryGetProperty("os_hash_value", out var value));
        if (hasAlgo && !HashBytes.ContainsKey(algo.GetString()!)) { throw Fault($"{WireSchema.Show(algo)} is not one of ['sha1', 'sha256', 'sha512', 'md5']"); }
        if (hasAlgo != hasValue) { throw Fault(hasAlgo ? "'os_hash_value' is a dependency of 'os_hash_algo'" : "'os_hash_algo' is a dependency of 'os_hash_value'"); }
        if (hasValue && value.GetString()!.Length > 128) { throw Fault($"{WireSchema.Show(value)} is too long"); }
        return (url.GetString()!, hasAlgo ? algo.GetString() : null, hasValue ? value.GetString() : null);
    }

    private static void CheckHash(string? algo, string? value)
    {
        if (algo is null || value is null) { return; }
        if (value.Length % 2 != 0 || !value.All(char.IsAsciiHexDigit)) { throw new BadRequestError($"os_hash_value ({value}) is not a valid hexadecimal value"); }
        if (value.Length / 2 != HashBytes[algo]) { throw new BadRequestError($"os_hash_value: ({value}) is not the correct size for ({algo}) (should be ({HashBytes[algo]}) bytes)"); }
        if (algo is not ("sha512" or "md5")) { throw new BadRequestError($"os_hash_algo must be sha512, not {algo}"); }
    }
}
