using Nephos.Kernel.Versions;

namespace Nephos.Nova;

/// <summary>
/// The microversions of the compute API that change meaning in a handler; those that only add or drop a member are windows on the wire records.
/// What each brings is upstream's <c>rest_api_version_history</c>. A new one: raise <see cref="Max"/>, put windows on records, name it here when code asks for it.
/// </summary>
internal static class Microversions
{
    public static readonly ApiVersion Min = new(2, 1);
    public static readonly ApiVersion Max = new(2, 104);

    /// <summary>Key pairs have a type; their create answers 201, their delete 204.</summary>
    public static readonly ApiVersion V2_2 = new(2, 2);
    /// <summary>Servers may be filtered by <c>ip6</c> by everyone.</summary>
    public static readonly ApiVersion V2_5 = new(2, 5);
    /// <summary>Tenant access to a public flavor is 409.</summary>
    public static readonly ApiVersion V2_7 = new(2, 7);
    /// <summary>MKS consoles.</summary>
    public static readonly ApiVersion V2_8 = new(2, 8);
    /// <summary>Key pairs of other users.</summary>
    public static readonly ApiVersion V2_10 = new(2, 10);
    /// <summary>Services can be forced down.</summary>
    public static readonly ApiVersion V2_11 = new(2, 11);
    /// <summary>Soft policies of server groups.</summary>
    public static readonly ApiVersion V2_15 = new(2, 15);
    /// <summary>Servers show the status of their host.</summary>
    public static readonly ApiVersion V2_16 = new(2, 16);
    /// <summary>Servers have a description of their own; before it was the name.</summary>
    public static readonly ApiVersion V2_19 = new(2, 19);
    /// <summary>Actions of deleted servers can be read.</summary>
    public static readonly ApiVersion V2_21 = new(2, 21);
    /// <summary>Tags.</summary>
    public static readonly ApiVersion V2_26 = new(2, 26);
    /// <summary><c>cpu_info</c> of a hypervisor is an object.</summary>
    public static readonly ApiVersion V2_28 = new(2, 28);
    /// <summary>Console tokens of all kinds can be shown.</summary>
    public static readonly ApiVersion V2_31 = new(2, 31);
    /// <summary>Hypervisors come in pages.</summary>
    public static readonly ApiVersion V2_33 = new(2, 33);
    /// <summary>Key pairs come in pages.</summary>
    public static readonly ApiVersion V2_35 = new(2, 35);
    /// <summary>Nothing is shown any more of what Neutron counts.</summary>
    public static readonly ApiVersion V2_36 = new(2, 36);
    /// <summary>Networks must be given; auto and none.</summary>
    public static readonly ApiVersion V2_37 = new(2, 37);
    /// <summary>An unknown status filter is 400.</summary>
    public static readonly ApiVersion V2_38 = new(2, 38);
    /// <summary>No limits of image metadata.</summary>
    public static readonly ApiVersion V2_39 = new(2, 39);
    /// <summary>Usage reports come in pages.</summary>
    public static readonly ApiVersion V2_40 = new(2, 40);
    /// <summary>Flavors are shown inside servers.</summary>
    public static readonly ApiVersion V2_47 = new(2, 47);
    /// <summary>Server diagnostics in one shape.</summary>
    public static readonly ApiVersion V2_48 = new(2, 48);
    /// <summary>Quota classes show server groups.</summary>
    public static readonly ApiVersion V2_50 = new(2, 50);
    /// <summary>Everyone sees the events of an action.</summary>
    public static readonly ApiVersion V2_51 = new(2, 51);
    /// <summary>Services and hypervisors are named by UUIDs.</summary>
    public static readonly ApiVersion V2_53 = new(2, 53);
    /// <summary>Flavors have a description.</summary>
    public static readonly ApiVersion V2_55 = new(2, 55);
    /// <summary>No injected files; rebuild takes user data.</summary>
    public static readonly ApiVersion V2_57 = new(2, 57);
    /// <summary>Actions come in pages.</summary>
    public static readonly ApiVersion V2_58 = new(2, 58);
    /// <summary>Migrations come in pages.</summary>
    public static readonly ApiVersion V2_59 = new(2, 59);
    /// <summary>Flavors show their extra specs.</summary>
    public static readonly ApiVersion V2_61 = new(2, 61);
    /// <summary>Lists filter by <c>changes-before</c>.</summary>
    public static readonly ApiVersion V2_66 = new(2, 66);
    /// <summary>Servers show their groups.</summary>
    public static readonly ApiVersion V2_71 = new(2, 71);
    /// <summary>A lock has a reason.</summary>
    public static readonly ApiVersion V2_73 = new(2, 73);
    /// <summary>Unknown query parameters are 400; updates answer the whole server.</summary>
    public static readonly ApiVersion V2_75 = new(2, 75);
    /// <summary>Migrations show and filter their owners.</summary>
    public static readonly ApiVersion V2_80 = new(2, 80);
    /// <summary>More filters for everyone.</summary>
    public static readonly ApiVersion V2_83 = new(2, 83);
    /// <summary>Known extra specs are checked.</summary>
    public static readonly ApiVersion V2_86 = new(2, 86);
    /// <summary>Hypervisors lose what Placement tells.</summary>
    public static readonly ApiVersion V2_88 = new(2, 88);
    /// <summary>Host names can be chosen.</summary>
    public static readonly ApiVersion V2_90 = new(2, 90);
    /// <summary>Key pairs are only imported.</summary>
    public static readonly ApiVersion V2_92 = new(2, 92);
    /// <summary>Servers show properties of their images.</summary>
    public static readonly ApiVersion V2_98 = new(2, 98);
    /// <summary>SPICE consoles without a proxy; the query of a console token is checked.</summary>
    public static readonly ApiVersion V2_99 = new(2, 99);
    /// <summary>Flavors lose two members and can be filtered by name; unknown query parameters are 400 everywhere.</summary>
    public static readonly ApiVersion V2_102 = new(2, 102);
}
