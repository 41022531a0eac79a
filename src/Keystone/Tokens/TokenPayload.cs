using System.Buffers.Text;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// What is inside a token, in upstream's payload versions (<c>keystone/token/token_formatters.py</c>): 0 unscoped, 1 domain, 2 project, 3 trust, 4 to 6 federated (unscoped, project, domain),
/// 7 OAuth1 access token, 8 system, 9 application credential, 10 OAuth2 certificate. An id that is a UUID travels as its 16 bytes with the flag true, another as text with the flag false; a
/// domain's and a trust's id go without the flag. The time of issue is in Fernet's own header.
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
    public FederatedPayload? Federation { get; init; }
    public string? AccessTokenId { get; init; }
    public string? ApplicationCredentialId { get; init; }
    /// <summary>Of the certificate that the token is bound to (<c>x5t#S256</c>).</summary>
    public string? Thumbprint { get; init; }

    private const int Unscoped = 0, Domain = 1, Project = 2, Trust = 3, FederatedUnscoped = 4, FederatedProject = 5, FederatedDomain = 6, OAuth1 = 7, SystemWide = 8, AppCredential = 9, OAuth2 = 10;

    /// <summary>In the order that gives each its bit: upstream's <c>[auth] methods</c>, then those that upstream has not there by default.</summary>
    public static readonly IReadOnlyList<string> MethodNames = ["external", "password", "token", "oauth1", "mapped", "application_credential", "totp"];

    /// <summary>A method that has no bit (upstream's <c>ec2credential</c>) is not told, as upstream has it.</summary>
    public static int MethodsOf(IEnumerable<string> names) => names.Select(name => MethodNames.TakeWhile(n => n != name).Count()).Where(bit => bit < MethodNames.Count).Aggregate(0, (all, bit) => all | 1 << bit);

    public IReadOnlyList<string> MethodList => [.. MethodNames.Where((_, bit) => (Methods & 1 << bit) != 0)];
    public string ChainId => AuditIds[^1];

    /// <summary>In upstream's order of precedence (<c>_determine_payload_class_from_token</c>).</summary>
    private int Version =>
        AccessTokenId is not null ? OAuth1
        : TrustId is not null ? Trust
        : Federation is not null ? ProjectId is not null ? FederatedProject : DomainId is not null ? FederatedDomain : FederatedUnscoped
        : ApplicationCredentialId is not null ? AppCredential
        : Thumbprint is not null ? OAuth2
        : ProjectId is not null ? Project
        : DomainId is not null ? Domain
        : System is not null ? SystemWide : Unscoped;

    /// <summary>Its roles are those of its user on its scope, narrowed by nothing.</summary>
    public bool IsPlain => Version is Unscoped or Domain or Project or SystemWide;

    public byte[] Pack()
    {
        var pack = new MessagePackWriter();
        var version = Version;
        // Beside version, user, methods, expiry and audit ids.
        pack.Array(5 + version switch { Unscoped => 0, Domain or Project or SystemWide => 1, Trust or OAuth1 or AppCredential => 2, FederatedUnscoped or OAuth2 => 3, _ => 4 });
        pack.Integer(version);
        Id(pack, UserId);
        pack.Integer(Methods);
        switch (version)
        {
            case Domain: Bare(pack, DomainId!); break;
            case Project or Trust or AppCredential: Id(pack, ProjectId); break;
            case SystemWide: pack.Text(System!); break;
            case OAuth1: Id(pack, ProjectId); Id(pack, AccessTokenId); break;
            case OAuth2: Id(pack, ProjectId); Id(pack, DomainId); break;
            case FederatedProject or FederatedDomain: Id(pack, ProjectId ?? DomainId); Federation!.Pack(pack); break;
            case FederatedUnscoped: Federation!.Pack(pack); break;
        }
        pack.Double((ExpiresAt - DateTime.UnixEpoch).Ticks / (double)TimeSpan.TicksPerSecond);
        pack.Array(AuditIds.Count);
        foreach (var id in AuditIds) { pack.Bytes(Base64Url.DecodeFromChars(id)); }
        switch (version)
        {
            case Trust: Bare(pack, TrustId!); break;
            case AppCredential: Id(pack, ApplicationCredentialId); break;
            case OAuth2: pack.Array(2); pack.Boolean(false); pack.Text(Thumbprint!); break;
        }
        return pack.ToArray();
    }

    /// <summary>Reads a payload; an unknown version or a broken one is a <see cref="FormatException"/>.</summary>
    public static TokenPayload Unpack(ReadOnlySpan<byte> bytes)
    {
        var pack = new MessagePackReader(bytes);
        pack.Array();
        var version = (int)pack.Integer();
        if (version is < Unscoped or > OAuth2) { throw new FormatException($"This is not a recognized Fernet payload version: {version}"); }
        var user = Id(ref pack);
        var methods = (int)pack.Integer();
        string? domain = null, project = null, system = null, accessToken = null;
        FederatedPayload? federation = null;
        switch (version)
        {
            case Domain: domain = Bare(ref pack); break;
            case Project or Trust: project = Id(ref pack); break;
            case AppCredential: project = OptionalId(ref pack); break;
            case SystemWide: system = pack.Text(); break;
            case OAuth1: project = Id(ref pack); accessToken = Id(ref pack); break;
            case OAuth2: project = OptionalId(ref pack); domain = OptionalId(ref pack); break;
            case FederatedProject: project = Id(ref pack); federation = FederatedPayload.Unpack(ref pack); break;
            case FederatedDomain: domain = Id(ref pack); federation = FederatedPayload.Unpack(ref pack); break;
            case FederatedUnscoped: federation = FederatedPayload.Unpack(ref pack); break;
        }
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
            Federation = federation,
            AccessTokenId = accessToken,
            TrustId = version == Trust ? Bare(ref pack) : null,
            ApplicationCredentialId = version == AppCredential ? Id(ref pack) : null,
            Thumbprint = version == OAuth2 ? Id(ref pack) : null,
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

    /// <summary>An id with its flag; one that is not there is nil, with the flag false.</summary>
    internal static void Id(MessagePackWriter pack, string? id)
    {
        pack.Array(2);
        var bytes = Array.Empty<byte>();
        var isUuid = id is not null && TryUuid(id, out bytes);
        pack.Boolean(isUuid);
        if (id is null) { pack.Nil(); } else if (isUuid) { pack.Bytes(bytes); } else { pack.Text(id); }
    }

    internal static string Id(ref MessagePackReader pack) => OptionalId(ref pack) ?? throw new FormatException("an id is missing");

    private static string? OptionalId(ref MessagePackReader pack)
    {
        if (pack.Array() != 2) { throw new FormatException("an id is a flag and a value"); }
        return pack.Boolean() ? Hex(pack.Raw()) : pack.TryNil() ? null : pack.Text();
    }

    private static void Bare(MessagePackWriter pack, string id)
    {
        if (TryUuid(id, out var bytes)) { pack.Bytes(bytes); } else { pack.Text(id); }
    }

    private static string Bare(ref MessagePackReader pack) => pack.Raw() is var raw && raw.Length == 16 ? Convert.ToHexStringLower(raw) : global::System.Text.Encoding.UTF8.GetString(raw);
}

/// <summary>Who vouched for the user, and the groups that the mapping gave.</summary>
internal sealed record FederatedPayload(string IdentityProviderId, string ProtocolId, IReadOnlyList<string> GroupIds)
{
    internal void Pack(MessagePackWriter pack)
    {
        pack.Array(GroupIds.Count);
        foreach (var id in GroupIds) { TokenPayload.Id(pack, id); }
        TokenPayload.Id(pack, IdentityProviderId);
        pack.Text(ProtocolId);
    }

    internal static FederatedPayload Unpack(ref MessagePackReader pack)
    {
        var groups = new string[pack.Array()];
        for (var i = 0; i < groups.Length; i++) { groups[i] = TokenPayload.Id(ref pack); }
        return new FederatedPayload(TokenPayload.Id(ref pack), pack.Text(), groups);
    }
}
