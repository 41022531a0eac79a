using System.Buffers.Text;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// What is inside a token, in upstream's payload versions (<c>keystone/token/token_formatters.py</c>): 0 unscoped, 1 domain, 2 project, 3 trust, 8 system, 9 application credential. An id
/// that is a UUID travels as its 16 bytes with the flag true, another as text with the flag false; a domain's and a trust's id go without the flag. The time of issue is in Fernet's own header.
/// </summary>
internal sealed record TokenPayload
{
    public required string UserId { get; init; }
    public required int Methods { get; init; }
    public required DateTime ExpiresAt { get; init; }
    /// <summary>The token's own id, then that of the first of its chain, when it is not the first.</summary>
    public required IReadOnlyList<string> AuditIds { get; init; }
    public string? ProjectId { get; init; }
    public string? DomainId { get; init; }
    /// <summary><c>all</c>.</summary>
    public string? System { get; init; }
    public string? TrustId { get; init; }
    public string? ApplicationCredentialId { get; init; }

    /// <summary>Upstream's <c>[auth] methods</c> in the order that gives each its bit.</summary>
    private static readonly string[] MethodNames = ["external", "password", "token", "oauth1", "mapped", "application_credential"];

    public static int MethodsOf(IEnumerable<string> names) => names.Aggregate(0, (all, name) => all | 1 << Array.IndexOf(MethodNames, name));
    public IReadOnlyList<string> MethodList => [.. MethodNames.Where((_, bit) => (Methods & 1 << bit) != 0)];
    public string ChainId => AuditIds[^1];

    public byte[] Pack()
    {
        var pack = new MessagePackWriter();
        var version = TrustId is not null ? 3 : ApplicationCredentialId is not null ? 9 : System is not null ? 8 : DomainId is not null ? 1 : ProjectId is not null ? 2 : 0;
        pack.Array(version switch { 0 => 5, 1 or 2 or 8 => 6, _ => 7 });
        pack.Integer(version);
        Id(pack, UserId);
        pack.Integer(Methods);
        switch (version)
        {
            case 1: Bare(pack, DomainId!); break;
            case 2 or 3 or 9: Id(pack, ProjectId!); break;
            case 8: pack.Text(System!); break;
        }
        pack.Double((ExpiresAt - DateTime.UnixEpoch).Ticks / (double)TimeSpan.TicksPerSecond);
        pack.Array(AuditIds.Count);
        foreach (var id in AuditIds) { pack.Bytes(Base64Url.DecodeFromChars(id)); }
        if (version == 3) { Bare(pack, TrustId!); }
        if (version == 9) { Id(pack, ApplicationCredentialId!); }
        return pack.ToArray();
    }

    /// <summary>Reads a payload; a version that Nephos does not make (federation, OAuth) or a broken one is a <see cref="FormatException"/>.</summary>
    public static TokenPayload Unpack(ReadOnlySpan<byte> bytes)
    {
        var pack = new MessagePackReader(bytes);
        pack.Array();
        var version = pack.Integer();
        if (version is not (0 or 1 or 2 or 3 or 8 or 9)) { throw new FormatException($"This is not a recognized Fernet payload version: {version}"); }
        var user = Id(ref pack);
        var methods = (int)pack.Integer();
        var domain = version == 1 ? Bare(ref pack) : null;
        var project = version is 2 or 3 or 9 ? Id(ref pack) : null;
        var system = version == 8 ? pack.Text() : null;
        var expires = pack.Double();
        if (expires is not (>= 0 and <= 253402300799)) { throw new FormatException("the token ends after the year 9999"); }
        var audit = new string[pack.Array()];
        for (var i = 0; i < audit.Length; i++) { audit[i] = Base64Url.EncodeToString(pack.Raw()); }
        if (audit.Length == 0) { throw new FormatException("the token has no audit id"); }
        return new TokenPayload
        {
            UserId = user,
            Methods = methods,
            ExpiresAt = DateTime.UnixEpoch.AddTicks((long)Math.Round(expires * 1e6) * 10),
            AuditIds = audit,
            DomainId = domain,
            ProjectId = project,
            System = system,
            TrustId = version == 3 ? Bare(ref pack) : null,
            ApplicationCredentialId = version == 9 ? Id(ref pack) : null,
        };
    }

    /// <summary>Python's <c>uuid.UUID</c> takes 32 digits with dashes anywhere; only the plain form comes back as it went in, so only that travels as bytes.</summary>
    private static bool TryUuid(string id, out byte[] bytes)
    {
        bytes = [];
        if (id.Length != 32 || !Guid.TryParseExact(id, "N", out var guid) || id != guid.ToString("N")) { return false; }
        bytes = guid.ToByteArray(bigEndian: true);
        return true;
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => bytes.Length == 16 ? Convert.ToHexStringLower(bytes) : throw new FormatException("an id is not 16 bytes");

    private static void Id(MessagePackWriter pack, string id)
    {
        pack.Array(2);
        var isUuid = TryUuid(id, out var bytes);
        pack.Boolean(isUuid);
        if (isUuid) { pack.Bytes(bytes); } else { pack.Text(id); }
    }

    private static string Id(ref MessagePackReader pack)
    {
        if (pack.Array() != 2) { throw new FormatException("an id is a flag and a value"); }
        return pack.Boolean() ? Hex(pack.Raw()) : pack.Text();
    }

    private static void Bare(MessagePackWriter pack, string id)
    {
        if (TryUuid(id, out var bytes)) { pack.Bytes(bytes); } else { pack.Text(id); }
    }

    private static string Bare(ref MessagePackReader pack) => pack.Raw() is var raw && raw.Length == 16 ? Convert.ToHexStringLower(raw) : global::System.Text.Encoding.UTF8.GetString(raw);
}
