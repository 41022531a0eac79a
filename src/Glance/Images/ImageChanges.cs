using System.Text.Json;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Images;

/// <summary>Sets members of an image as requests give them; the rules that need the image's state.</summary>
internal static class ImageChanges
{
    /// <summary>A member of the base, already checked against the schema.</summary>
    public static void Set(Image image, string name, JsonElement value)
    {
        switch (name)
        {
            case "name": image.Name = value.GetString(); break;
            case "owner": image.Owner = value.GetString(); break;
            case "visibility": image.Visibility = value.GetString()!; break;
            case "protected": image.Protected = value.GetBoolean(); break;
            case "os_hidden": image.OsHidden = value.GetBoolean(); break;
            case "min_disk": image.MinDisk = Number(name, value); break;
            case "min_ram": image.MinRam = Number(name, value); break;
            case "disk_format": image.DiskFormat = Format(image, name, value); break;
            case "container_format": image.ContainerFormat = Format(image, name, value); break;
            default: throw GlanceErrors.ReadOnly(name);
        }
    }

    public static List<string> Tags(JsonElement value)
    {
        var tags = value.EnumerateArray().Select(t => t.GetString()!).Distinct(StringComparer.Ordinal).ToList();
        CheckTagCount(tags.Count);
        return tags;
    }

    public static void CheckTagCount(int count)
    {
        if (count > Limits.MaxTags)
        {
            throw GlanceErrors.TooLarge($"The limit has been exceeded on the number of allowed image tags. Attempted: {count}, Maximum: {Limits.MaxTags}");
        }
    }

    public static void CheckPropertyCount(int count)
    {
        if (count > Limits.MaxProperties)
        {
            throw GlanceErrors.TooLarge($"The limit has been exceeded on the number of allowed image properties. Attempted: {count}, Maximum: {Limits.MaxProperties}");
        }
    }

    private static int Number(string name, JsonElement value)
    {
        var number = value.GetDecimal();
        if (number < 0) { throw new BadRequestError($"Invalid value '{number}' for parameter '{name}': Cannot be a negative value"); }
        return number <= Limits.MaxInt ? (int)number : throw new BadRequestError($"'{name}' value out of range, must not exceed {Limits.MaxInt}.");
    }

    private static string? Format(Image image, string name, JsonElement value) => image.Status is ImageStatus.Queued or ImageStatus.Importing
        ? value.GetString()
        : throw new ForbiddenError($"Attribute {name} can be only replaced for a queued image.");
}
