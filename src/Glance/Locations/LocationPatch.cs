using System.Globalization;
using System.Text.Json;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Glance.Web;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Locations;

/// <summary>A place as a patch gives it.</summary>
/// <param name="Size">What the web server says; null when it does not, or when nobody asked.</param>
/// <param name="Validation">checksum, os_hash_algo, os_hash_value, as far as given.</param>
internal sealed record WantedLocation(string Url, string? Metadata, long? Size, IReadOnlyDictionary<string, string> Validation);

/// <summary>
/// The older way to say where bytes are: patches of an image's <c>locations</c>, when <c>show_multiple_locations</c> is on. Only addresses of the web can be added, and only when the store <c>http</c> is
/// on; their server is asked for the size first. Nothing is hashed: an image that gets its first place so has the hashes that the client says, or none.
/// </summary>
internal static class LocationPatch
{
    private static readonly string[] ValidationMembers = ["checksum", "os_hash_algo", "os_hash_value"];

    /// <summary>Asks the policies of a change, and what of it takes time or the web.</summary>
    public static async Task<ImageChange> PrepareAsync(Call call, ImageChange change, IReadOnlyDictionary<string, object?> target)
    {
        // The operation refuses it in upstream's words.
        if (!call.Get<GlanceSettings>().ShowMultipleLocations) { return change; }
        if (change.Op == PatchOp.Remove)
        {
            call.Enforce("delete_image_location", target);
            call.Enforce("get_image_location", target);
            return change;
        }
        call.Enforce("set_image_location", target);
        if (change.Op == PatchOp.Add) { return change with { Locations = [await WithSizeAsync(call, Read(change.Value)).ConfigureAwait(false)] }; }
        if (change.Value.ValueKind != JsonValueKind.Array) { throw GlanceErrors.Schema($"{WireSchema.Show(change.Value)} is not of type 'array'"); }
        return change with { Locations = [.. change.Value.EnumerateArray().Select(Read)] };
    }

    /// <summary>Makes a change to an image and its places, in the order of upstream's questions.</summary>
    public static void Apply(Image row, List<ImageLocation> places, ImageChange change)
    {
        var verb = change.Op switch { PatchOp.Add => "add", PatchOp.Replace => "update", _ => "remove" };
        if (change.Op == PatchOp.Replace && change.Value is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0) { throw new ForbiddenError("Cannot set locations to empty list."); }
        if (change.Op != PatchOp.Remove && change.Locations is null) { throw new ForbiddenError($"It's not allowed to {verb} locations if locations are invisible."); }
        var right = row.Status == ImageStatus.Active || (row.Status == ImageStatus.Queued && change.Op != PatchOp.Remove && row.ImportTaskId is null);
        if (!right) { throw new ConflictError($"It's not allowed to {(verb == "update" ? "replace" : verb)} locations if image status is {row.Status}."); }
        switch (change.Op)
        {
            case PatchOp.Add: Add(row, places, change.Locations![0], change.Path[1]); break;
            case PatchOp.Replace: Replace(row, places, change.Locations!); break;
            default:
                if (places.Count == 1) { throw new ForbiddenError("Cannot remove last location in the image."); }
                places.RemoveAt(Position(change.Path[1], places.Count - 1) is { } at && at < places.Count ? at : throw new BadRequestError("Invalid position for removing a location."));
                break;
        }
    }

    private static void Add(Image row, List<ImageLocation> places, WantedLocation wanted, string position)
    {
        CheckValidation(row, [wanted]);
        var at = Position(position, places.Count) ?? throw new BadRequestError("Invalid position for adding a location.");
        if (places.Exists(p => p.Url == wanted.Url)) { throw new BadRequestError($"The location {wanted.Url} already exists"); }
        places.Insert(Math.Min(at, places.Count), New(row, wanted));
        Activate(row, [wanted]);
    }

    /// <summary>Places that an image has can only be said more of; others come by adding them.</summary>
    private static void Replace(Image row, List<ImageLocation> places, IReadOnlyList<WantedLocation> wanted)
    {
        CheckValidation(row, wanted);
        if (places.Count > 0 && !places.Select(p => p.Url).Order(StringComparer.Ordinal).SequenceEqual(wanted.Select(w => w.Url).Order(StringComparer.Ordinal)))
        {
            throw new BadRequestError($"Original locations is not empty: [{string.Join(", ", places.Select(p => $"'{p.Url}'"))}]");
        }
        if (places.Count == 0)
        {
            if (wanted.Select(w => w.Url).Distinct(StringComparer.Ordinal).Count() != wanted.Count) { throw new BadRequestError($"The location {wanted[0].Url} already exists"); }
            if (wanted.FirstOrDefault(w => !w.Url.StartsWith("http", StringComparison.Ordinal)) is { } other) { throw new BadRequestError($"Invalid location {other.Url}"); }
        }
        var before = places.ToDictionary(p => p.Url, StringComparer.Ordinal);
        places.Clear();
        places.AddRange(wanted.Select(w => before.TryGetValue(w.Url, out var old) ? Same(old, w.Metadata) : New(row, w)));
        Activate(row, wanted);
    }

    private static ImageLocation New(Image row, WantedLocation wanted) => new() { Id = NewId.Uuid(), ImageId = row.Id, Store = ImageStores.Http, Url = wanted.Url, Metadata = wanted.Metadata, Position = 0 };

    private static ImageLocation Same(ImageLocation old, string? metadata) => new() { Id = old.Id, ImageId = old.ImageId, Store = old.Store, Url = old.Url, Metadata = metadata, Position = 0 };

    private static void Activate(Image row, IReadOnlyList<WantedLocation> wanted)
    {
        if (row.Status != ImageStatus.Queued) { return; }
        row.Status = ImageStatus.Active;
        row.Size = wanted[0].Size ?? row.Size;
        foreach (var (name, value) in wanted.SelectMany(w => w.Validation))
        {
            switch (name)
            {
                case "checksum": row.Checksum = value; break;
                case "os_hash_algo": row.OsHashAlgo = value; break;
                default: row.OsHashValue = value; break;
            }
        }
    }

    /// <summary>Upstream's <c>_validate_validation_data</c>.</summary>
    private static void CheckValidation(Image row, IReadOnlyList<WantedLocation> wanted)
    {
        var data = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in wanted.SelectMany(w => w.Validation))
        {
            if (data.TryGetValue(name, out var other) && other != value) { throw new ConflictError($"Conflicting values for {name}"); }
            data[name] = value;
        }
        foreach (var (name, value) in data.ToList())
        {
            var now = name switch { "checksum" => row.Checksum, "os_hash_algo" => row.OsHashAlgo, _ => row.OsHashValue };
            if (now == value) { data.Remove(name); }
            else if (now is not null) { throw new ConflictError($"{name} is already set with a different value"); }
        }
        if (data.Count == 0) { return; }
        if (row.Status != ImageStatus.Queued) { throw new ConflictError($"New value(s) for {string.Join(", ", data.Keys)} may only be provided when image status is 'queued'"); }
        if (data.TryGetValue("checksum", out var md5))
        {
            if (!IsHex(md5)) { throw new ConflictError($"checksum ({md5}) is not a valid hexadecimal value"); }
            if (md5.Length != 32) { throw new ConflictError($"checksum ({md5}) is not the correct size for md5 (should be 16 bytes)"); }
        }
        var algo = data.GetValueOrDefault("os_hash_algo");
        if (algo != "sha512") { throw new ConflictError($"os_hash_algo must be sha512, not {algo ?? "None"}"); }
        if (!data.TryGetValue("os_hash_value", out var hash) || !IsHex(hash)) { throw new ConflictError($"os_hash_value ({hash ?? "None"}) is not a valid hexadecimal value"); }
        if (hash.Length != 128) { throw new ConflictError($"os_hash_value ({hash}) is not the correct size for sha512 (should be 64 bytes)"); }
    }

    private static bool IsHex(string text) => text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);

    /// <summary>Null when it is no position; <c>-</c> is the last.</summary>
    private static int? Position(string text, int last) => text == "-" ? last : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : null;

    private static async Task<WantedLocation> WithSizeAsync(Call call, WantedLocation wanted)
    {
        var settings = call.Get<GlanceSettings>();
        if (!settings.HttpStore || !Uri.TryCreate(wanted.Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) { throw new BadRequestError($"Invalid location {wanted.Url}"); }
        if (!WebGuard.Allows(settings, uri)) { throw new BadRequestError($"Invalid location {wanted.Url}: it does not pass filtering"); }
        try
        {
            await using var content = await call.Get<WebSource>().OpenAsync(uri, call.Cancel).ConfigureAwait(false);
            return wanted with { Size = content.Length };
        }
        catch (WebSourceException error)
        {
            throw new BadRequestError($"Invalid location {wanted.Url}: {error.Message}");
        }
    }

    private static WantedLocation Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) { throw GlanceErrors.Schema($"{WireSchema.Show(value)} is not of type 'object'"); }
        foreach (var name in new[] { "url", "metadata" })
        {
            if (!value.TryGetProperty(name, out _)) { throw GlanceErrors.Schema($"'{name}' is a required property"); }
        }
        var (url, metadata) = (value.GetProperty("url"), value.GetProperty("metadata"));
        if (url.ValueKind != JsonValueKind.String) { throw GlanceErrors.Schema($"{WireSchema.Show(url)} is not of type 'string'"); }
        if (metadata.ValueKind != JsonValueKind.Object) { throw GlanceErrors.Schema($"{WireSchema.Show(metadata)} is not of type 'object'"); }
        var validation = new Dictionary<string, string>(StringComparer.Ordinal);
        if (value.TryGetProperty("validation_data", out var data))
        {
            if (data.ValueKind != JsonValueKind.Object) { throw GlanceErrors.Schema($"{WireSchema.Show(data)} is not of type 'object'"); }
            foreach (var member in data.EnumerateObject())
            {
                if (!ValidationMembers.Contains(member.Name)) { throw GlanceErrors.Schema($"Additional properties are not allowed ('{member.Name}' was unexpected)"); }
                if (member.Value.ValueKind != JsonValueKind.String) { throw GlanceErrors.Schema($"{WireSchema.Show(member.Value)} is not of type 'string'"); }
                validation[member.Name] = member.Value.GetString()!;
            }
        }
        var kept = metadata.EnumerateObject().Where(m => m.Name != "store").ToDictionary(m => m.Name, m => m.Value, StringComparer.Ordinal);
        return new WantedLocation(url.GetString()!, kept.Count == 0 ? null : JsonSerializer.Serialize(kept), null, validation);
    }
}
