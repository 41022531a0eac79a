#pragma warning disable RS0030 // The one place where ids are made.
namespace Nephos.Kernel.Ids;

/// <summary>Makes ids. Ids are made at the edge and passed in, so that a repeated step uses the same.</summary>
public static class NewId
{
    /// <summary>A random UUID with dashes: servers, ports, images, volumes.</summary>
    public static string Uuid() => Guid.NewGuid().ToString();

    /// <summary>32 hexadecimal digits without dashes: Keystone's users, projects, roles.</summary>
    public static string Hex() => Guid.NewGuid().ToString("N");

    /// <summary>As <c>X-Openstack-Request-Id</c>.</summary>
    public static string Request() => "req-" + Guid.NewGuid().ToString();

    /// <summary>True for what upstream's <c>is_uuid_like</c> accepts: a UUID with or without dashes, in either case.</summary>
    public static bool IsUuidLike(string? text) =>
        text is not null && Guid.TryParse(text.Replace("urn:", "", StringComparison.Ordinal).Replace("uuid:", "", StringComparison.Ordinal).Trim('{', '}'), out _);
}
