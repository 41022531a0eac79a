using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Metadefs;

/// <summary>
/// Loads namespaces from JSON files in the format of upstream's etc/metadefs (<c>glance-manage db_load_metadefs</c>). Each file is a transaction: all of it or nothing. A namespace that is
/// there already is left as it is, unless it shall be overwritten. The owner is the file's, or <c>admin</c>, as upstream.
/// </summary>
public sealed class MetadefFiles(Store<GlanceDb> store, TimeProvider clock)
{
    private const int MaxFileBytes = 16 << 20;

    /// <summary>Loads a file, or every <c>*.json</c> of a folder. Answers a line per file.</summary>
    public async Task<IReadOnlyList<string>> LoadAsync(string path, bool overwrite, CancellationToken cancel)
    {
        var files = Directory.Exists(path) ? Directory.GetFiles(path, "*.json").Order(StringComparer.Ordinal).ToArray() : File.Exists(path) ? [path] : [];
        if (files.Length == 0) { return [$"Json schema files not found in {path}. Aborting."]; }
        var lines = new List<string>();
        foreach (var file in files) { lines.Add(await LoadFileAsync(file, overwrite, cancel).ConfigureAwait(false)); }
        return lines;
    }

    private async Task<string> LoadFileAsync(string file, bool overwrite, CancellationToken cancel)
    {
        var name = Path.GetFileName(file);
        try
        {
            if (new FileInfo(file).Length > MaxFileBytes) { return string.Create(CultureInfo.InvariantCulture, $"{name}: failed: larger than {MaxFileBytes} bytes"); }
            using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(file, cancel).ConfigureAwait(false));
            // Upstream's files may hold explanations beside the namespace; its loader reads what it knows.
            var full = MetadefParts.Namespace(Known(document.RootElement), "admin", clock.Now());
            return await store.WriteAsync(async db =>
            {
                var old = await db.MetadefNamespaces.FirstOrDefaultAsync(n => n.Namespace == full.Row.Namespace, cancel).ConfigureAwait(false);
                if (old is not null && !overwrite) { return $"{name}: namespace {full.Row.Namespace} is there already"; }
                if (old is not null) { await MetadefOperations.EmptyAsync(db, old.Id, cancel).ConfigureAwait(false); }
                await MetadefOperations.AddAsync(db, full, cancel, system: true).ConfigureAwait(false);
                db.Record(RequestContext.ForService("glance", clock.Now()), "create", "metadef_namespace", full.Row.Id, full.Row.Owner);
                return $"{name}: loaded namespace {full.Row.Namespace}";
            }, cancel).ConfigureAwait(false);
        }
        catch (Exception error) when (error is JsonException or ApiError or IOException or UnauthorizedAccessException)
        {
            // A bad file does not keep the others from being loaded; the line says what is wrong with it.
            return $"{name}: failed: {error.Message}";
        }
    }

    private static JsonElement Known(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) { throw MetadefShape.Invalid("namespace", "the file is not of type 'object'"); }
        string[] known = ["namespace", "display_name", "description", "visibility", "protected", "owner", "resource_type_associations", "properties", "objects", "tags"];
        var body = JsonSerializer.SerializeToElement(known.Where(k => root.TryGetProperty(k, out var value) && value.ValueKind != JsonValueKind.Null).ToDictionary(k => k, k => root.GetProperty(k), StringComparer.Ordinal));
        MetadefShape.Check("namespace", body);
        return body;
    }
}
