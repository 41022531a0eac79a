namespace Nephos.Glance;

/// <summary>Upstream's defaults (glance/common/config.py).</summary>
internal static class Limits
{
    /// <summary>limit_param_default: images of a page when the client names no limit.</summary>
    public const int DefaultPage = 25;
    /// <summary>api_limit_max.</summary>
    public const int MaxPage = 1000;
    /// <summary>image_property_quota.</summary>
    public const int MaxProperties = 128;
    /// <summary>image_tag_quota.</summary>
    public const int MaxTags = 128;
    /// <summary>image_member_quota.</summary>
    public const int MaxMembers = 128;
    /// <summary>Characters of names, owners, tags, property names.</summary>
    public const int MaxText = 255;
    /// <summary>Columns of upstream's database hold signed 32 bits.</summary>
    public const int MaxInt = int.MaxValue;
    /// <summary>Largest JSON body: 128 properties of text.</summary>
    public const long MaxBody = 4 << 20;
}
