using System.Globalization;
using System.Text.RegularExpressions;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Images;

/// <summary>The filters of the list, as conditions on a query. Names that are no member of an image are properties.</summary>
internal sealed partial class ImageFilter
{
    private readonly List<Func<IQueryable<Image>, GlanceDb, IQueryable<Image>>> _conditions = [];

    public string? Visibility { get; private set; }
    public string MemberStatus { get; private set; } = "accepted";

    /// <summary>A quoted text, a text without comma, or an empty one.</summary>
    [GeneratedRegex("""
        "([^\"\\]*(?:\\.[^\"\\]*)*)",?|([^,]+),?|,
        """)]
    private static partial Regex Part();

    public IQueryable<Image> Apply(IQueryable<Image> images, GlanceDb db) => _conditions.Aggregate(images, (query, condition) => condition(query, db));

    /// <summary>Takes one parameter; throws upstream's 400 when it makes no sense.</summary>
    public void Add(string name, string value)
    {
        switch (name)
        {
            case "visibility": Visibility = value is "community" or "public" or "private" or "shared" or "all" ? value : throw new BadRequestError($"Invalid visibility value: {value}"); break;
            case "member_status": MemberStatus = value is "pending" or "accepted" or "rejected" or "all" ? value : throw new BadRequestError($"Invalid status: {value}"); break;
            case "changes-since": throw new BadRequestError("The \"changes-since\" filter is no longer available on v2.");
            case "os_hidden": AddHidden(Flag(name, value.ToLowerInvariant(), value)); break;
            case "protected": var isProtected = Flag(name, value, value); Where(q => q.Where(i => i.Protected == isProtected)); break;
            case "name": AddText(value, v => q => q.Where(i => v.Contains(i.Name))); break;
            case "id": AddText(value, v => q => q.Where(i => v.Contains(i.Id))); break;
            case "status": AddText(value, v => q => q.Where(i => v.Contains(i.Status))); break;
            case "container_format": AddText(value, v => q => q.Where(i => v.Contains(i.ContainerFormat))); break;
            case "disk_format": AddText(value, v => q => q.Where(i => v.Contains(i.DiskFormat))); break;
            case "created_at": AddTime(name, value, created: true); break;
            case "updated_at": AddTime(name, value, created: false); break;
            case "size_min": var least = Bound(value); Where(q => q.Where(i => i.Size >= least)); break;
            case "size_max": var most = Bound(value); Where(q => q.Where(i => i.Size <= most)); break;
            case "min_ram_min": var leastRam = Bound(value); Where(q => q.Where(i => i.MinRam >= leastRam)); break;
            case "min_ram_max": var mostRam = Bound(value); Where(q => q.Where(i => i.MinRam <= mostRam)); break;
            case "min_disk_min": var leastDisk = Bound(value); Where(q => q.Where(i => i.MinDisk >= leastDisk)); break;
            case "min_disk_max": var mostDisk = Bound(value); Where(q => q.Where(i => i.MinDisk <= mostDisk)); break;
            case "size": var size = Number(value); Where(q => q.Where(i => i.Size == size)); break;
            case "virtual_size": var virtualSize = Number(value); Where(q => q.Where(i => i.VirtualSize == virtualSize)); break;
            case "min_ram": var ram = Number(value); Where(q => q.Where(i => i.MinRam == ram)); break;
            case "min_disk": var disk = Number(value); Where(q => q.Where(i => i.MinDisk == disk)); break;
            case "owner": Where(q => q.Where(i => i.Owner == value)); break;
            case "checksum": Where(q => q.Where(i => i.Checksum == value)); break;
            case "os_hash_algo": Where(q => q.Where(i => i.OsHashAlgo == value)); break;
            case "os_hash_value": Where(q => q.Where(i => i.OsHashValue == value)); break;
            case "tag": _conditions.Add((q, db) => q.Where(i => db.Tags.Any(t => t.ImageId == i.Id && t.Tag == value))); break;
            default: _conditions.Add((q, db) => q.Where(i => db.Properties.Any(p => p.ImageId == i.Id && p.Name == name && p.Value == value))); break;
        }
    }

    public void AddHidden(bool hidden) => Where(q => q.Where(i => i.OsHidden == hidden));

    private void Where(Func<IQueryable<Image>, IQueryable<Image>> condition) => _conditions.Add((query, _) => condition(query));

    private void AddText(string value, Func<List<string?>, Func<IQueryable<Image>, IQueryable<Image>>> condition)
    {
        var (op, text) = Split(value);
        Where(condition(op switch
        {
            "in" => [.. List(text)],
            "eq" => [text],
            _ => throw new BadRequestError($"Unable to filter by unknown operator '{op}'."),
        }));
    }

    private void AddTime(string name, string value, bool created)
    {
        var (op, text) = Split(value);
        if (!WireTime.TryParse(text, out var time)) { throw new BadRequestError($"Bad \"{name}\" query filter format. Use ISO 8601 DateTime notation."); }
        Func<IQueryable<Image>, IQueryable<Image>> condition = (op, created) switch
        {
            ("gt", true) => q => q.Where(i => i.CreatedAt > time),
            ("gte", true) => q => q.Where(i => i.CreatedAt >= time),
            ("lt", true) => q => q.Where(i => i.CreatedAt < time),
            ("lte", true) => q => q.Where(i => i.CreatedAt <= time),
            ("neq", true) => q => q.Where(i => i.CreatedAt != time),
            ("eq", true) => q => q.Where(i => i.CreatedAt == time),
            ("gt", false) => q => q.Where(i => i.UpdatedAt > time),
            ("gte", false) => q => q.Where(i => i.UpdatedAt >= time),
            ("lt", false) => q => q.Where(i => i.UpdatedAt < time),
            ("lte", false) => q => q.Where(i => i.UpdatedAt <= time),
            ("neq", false) => q => q.Where(i => i.UpdatedAt != time),
            ("eq", false) => q => q.Where(i => i.UpdatedAt == time),
            _ => throw new BadRequestError("Unable to filter on a unknown operator."),
        };
        Where(condition);
    }

    /// <summary><c>gt:2026-01-01T00:00:00Z</c> → its operator and value; a time's own colons are none.</summary>
    private static (string Op, string Value) Split(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || (char.IsAsciiDigit(text[0]) && WireTime.TryParse(text, out _)) ? ("eq", text) : (text[..colon], text[(colon + 1)..]);
    }

    private static IEnumerable<string> List(string text)
    {
        CheckQuotes(text);
        return Part().Matches(text).Select(m => m.Groups[1].Success && m.Groups[1].Length > 0 ? m.Groups[1].Value : m.Groups[2].Value);
    }

    private static void CheckQuotes(string text)
    {
        var opening = true;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '"' || (i > 0 && text[i - 1] == '\\')) { continue; }
            if (opening && i > 0 && text[i - 1] != ',') { throw new BadRequestError($"Invalid filter value {text}. There is no comma before opening quotation mark."); }
            if (!opening && i + 1 != text.Length && text[i + 1] != ',') { throw new BadRequestError($"Invalid filter value {text}. There is no comma after closing quotation mark."); }
            opening = !opening;
        }
        if (!opening) { throw new BadRequestError($"Invalid filter value {text}. The quote is not closed."); }
    }

    private static bool Flag(string name, string value, string shown) => value switch
    {
        "true" => true,
        "false" => false,
        _ => throw new BadRequestError($"Invalid value '{shown}' for '{name}' filter. Valid values are 'true' or 'false'."),
    };

    private static long Bound(string value) => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new BadRequestError("Unable to filter on a range with a non-numeric value.");

    /// <summary>No image has a size that is no number.</summary>
    private static long Number(string value) => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : long.MinValue;
}
