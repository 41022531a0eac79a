namespace Nephos.Nova;

/// <summary>Limits of Nova's API, with upstream's configuration names and defaults.</summary>
internal static class NovaLimits
{
    /// <summary>Most rows of a page (<c>[api] max_limit</c>).</summary>
    public const int MaxPage = 1000;
    /// <summary>Names (api-ref compute, name: 1 to 255 characters).</summary>
    public const int Name = 255;
    /// <summary>Largest 32-bit number that upstream's columns hold (<c>nova/db/constants.py</c>, MAX_INT).</summary>
    public const int MaxInt = 0x7FFFFFFF;
    /// <summary>User data, in characters of base64 (<c>schemas/servers.py</c>, user_data).</summary>
    public const int UserData = 65535;
    /// <summary>Tags of a server (<c>nova/objects/instance.py</c>, MAX_TAG_COUNT).</summary>
    public const int Tags = 50;
    /// <summary>Characters of a tag.</summary>
    public const int Tag = 60;
    /// <summary>A compute service not heard of for this long is down (<c>service_down_time</c>).</summary>
    public static readonly TimeSpan ServiceDown = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What upstream does not count as printable (<c>_is_printable</c>): categories C, Zl and Zp. Without Cs, since every half of a character beyond the first 65,536 is of it in .NET, and emoji are printable;
    /// halves alone are refused before.
    /// </summary>
    private const string Control = @"\p{Cc}\p{Cf}\p{Co}\p{Cn}";

    /// <summary>A name: printable characters, no white space at either end (<c>parameter_types.name</c>). Words for a breach are in <see cref="NovaErrors"/>.</summary>
    public const string NamePattern = "^(?![" + Control + @"\p{Z}])[^" + Control + @"\p{Zl}\p{Zp}]*(?<![" + Control + @"\p{Z}])$";
    /// <summary>As <see cref="NamePattern"/>, without a colon (<c>parameter_types.az_name</c>).</summary>
    public const string ZonePattern = "^(?![" + Control + @"\p{Z}])[^" + Control + @"\p{Zl}\p{Zp}:]*(?<![" + Control + @"\p{Z}])$";
    /// <summary>Host names (<c>parameter_types.fqdn</c>), underscores too.</summary>
    public const string HostPattern = "^[a-zA-Z0-9-._]*$";
    /// <summary>Printable or empty (<c>valid_description_regex</c>).</summary>
    public const string DescriptionPattern = "^[^" + Control + @"\p{Zl}\p{Zp}]*$";
    /// <summary>Keys of metadata and extra specs.</summary>
    public const string MetadataKeyPattern = @"^[a-zA-Z0-9\-_:. ]{1,255}$";
}
