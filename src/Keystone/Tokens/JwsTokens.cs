using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Kernel.Api;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// Signed tokens (JSON Web Signature, RFC 7515; ES256, ES384 or ES512 of RFC 7518), which other parties can check without a secret, and whose content anybody can read. Upstream:
/// <c>keystone/token/providers/jws</c>, which also knows EdDSA; .NET does not. Keys are in
/// <c>STATE/jws-keys</c>: <c>private/private.pem</c> signs; what is signed by any key of <c>public</c> is taken, so that several cells can take each other's tokens.
/// </summary>
internal sealed class JwsTokens(CloudFacts facts, KeystoneSettings settings) : ITokenFormat, IDisposable
{
    /// <summary>RFC 7518 3.4: each hash goes with the curve of its size, told by the bits of its keys.</summary>
    private sealed record Algorithm(string Name, HashAlgorithmName Hash, ECCurve Curve, int Bits);

    private static readonly Algorithm[] Algorithms =
    [
        new("ES256", HashAlgorithmName.SHA256, ECCurve.NamedCurves.nistP256, 256), new("ES384", HashAlgorithmName.SHA384, ECCurve.NamedCurves.nistP384, 384), new("ES512", HashAlgorithmName.SHA512, ECCurve.NamedCurves.nistP521, 521),
    ];

    private readonly Algorithm _algorithm = Array.Find(Algorithms, a => a.Name == settings.Auth.JwsAlgorithm)!;
    private readonly string _header = Base64Url.EncodeToString(Encoding.ASCII.GetBytes($$"""{"alg":"{{settings.Auth.JwsAlgorithm}}","typ":"JWT"}"""));
    private readonly string _private = Path.Combine(facts.StateDirectory, "jws-keys", "private", "private.pem");
    private readonly string _public = Path.Combine(facts.StateDirectory, "jws-keys", "public");
    private readonly Lock _lock = new();
    private ECDsa? _signer;
    private IReadOnlyList<ECDsa> _readers = [];
    private DateTime _written;

    public bool WholeSeconds => true;

    public void Prepare()
    {
        if (File.Exists(_private)) { return; }
        foreach (var directory in new[] { Path.GetDirectoryName(_private)!, _public })
        {
            if (OperatingSystem.IsWindows()) { Directory.CreateDirectory(directory); }
            else { Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); }
        }
        using var key = ECDsa.Create(_algorithm.Curve);
        // One more public key when there was another private one: what that signed is still to be read.
        var name = File.Exists(Path.Combine(_public, "public.pem")) ? $"{_algorithm.Name}.pem" : "public.pem";
        File.WriteAllText(Path.Combine(_public, name), key.ExportSubjectPublicKeyInfoPem());
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
        using var file = new FileStream(_private, options);
        file.Write(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
    }

    public string Write(TokenPayload payload, DateTime issuedAt)
    {
        var claims = new JsonObject
        {
            ["sub"] = payload.UserId,
            ["iat"] = Seconds(issuedAt),
            ["exp"] = Seconds(payload.ExpiresAt),
            ["openstack_methods"] = List(payload.MethodList),
            ["openstack_audit_ids"] = List(payload.AuditIds),
        };
        foreach (var (name, value) in new[]
        {
            ("openstack_system", payload.System), ("openstack_domain_id", payload.DomainId), ("openstack_project_id", payload.ProjectId), ("openstack_trust_id", payload.TrustId),
            ("openstack_idp_id", payload.Federation?.IdentityProviderId), ("openstack_protocol_id", payload.Federation?.ProtocolId), ("openstack_access_token_id", payload.AccessTokenId),
            ("openstack_app_cred_id", payload.ApplicationCredentialId), ("openstack_thumbprint", payload.Thumbprint),
        })
        {
            if (value is not null) { claims[name] = value; }
        }
        if (payload.Federation is { } federation) { claims["openstack_group_ids"] = new JsonArray([.. federation.GroupIds.Select(id => (JsonNode)new JsonObject { ["id"] = id })]); }
        var signed = $"{_header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        lock (_lock)
        {
            if (_signer is null)
            {
                _signer = ECDsa.Create();
                _signer.ImportFromPem(File.ReadAllText(_private));
                if (_signer.KeySize != _algorithm.Bits) { throw new InvalidOperationException($"{_private} is not a key for {_algorithm.Name}: move it away, and the next start makes one"); }
            }
            return $"{signed}.{Base64Url.EncodeToString(_signer.SignData(Encoding.ASCII.GetBytes(signed), _algorithm.Hash))}";
        }
    }

    public bool TryRead(string token, out TokenPayload payload, out DateTime issuedAt)
    {
        payload = null!;
        issuedAt = default;
        var parts = token.Split('.');
        if (token.Length > 8192 || parts.Length != 3 || !Array.TrueForAll(parts, part => Base64Url.IsValid(part))) { return false; }
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            // Only algorithms of our kind of keys: else a public key could be taken for the secret of another.
            if (!header.RootElement.TryGetProperty("alg", out var named) || named.ValueKind != JsonValueKind.String || !settings.Auth.JwsAcceptedAlgorithms.Contains(named.GetString()!)) { return false; }
            var algorithm = Array.Find(Algorithms, a => a.Name == named.GetString())!;
            var signature = Base64Url.DecodeFromChars(parts[2]);
            if (!Fits(algorithm, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature)) { return false; }
            var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
            payload = Read(claims);
            issuedAt = DateTime.UnixEpoch.AddSeconds((long)claims["iat"]!);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentOutOfRangeException) { return false; } // signed by a key of ours, or not even that, and no token
    }

    private static TokenPayload Read(JsonNode claims)
    {
        string? Text(string name) => (string?)claims["openstack_" + name];
        return new TokenPayload
        {
            UserId = (string)claims["sub"]!,
            ExpiresAt = DateTime.UnixEpoch.AddSeconds((long)claims["exp"]!),
            Methods = TokenPayload.MethodsOf(claims["openstack_methods"]!.AsArray().Select(m => (string)m!)),
            AuditIds = claims["openstack_audit_ids"]!.AsArray() is { Count: > 0 } audit ? [.. audit.Select(a => (string)a!)] : throw new FormatException("the token has no audit id"),
            System = Text("system"),
            DomainId = Text("domain_id"),
            ProjectId = Text("project_id"),
            TrustId = Text("trust_id"),
            AccessTokenId = Text("access_token_id"),
            ApplicationCredentialId = Text("app_cred_id"),
            Thumbprint = Text("thumbprint"),
            Federation = Text("idp_id") is { } idp ? new FederatedPayload(idp, Text("protocol_id") ?? "", [.. (claims["openstack_group_ids"] as JsonArray ?? []).Select(g => (string)g!["id"]!)]) : null,
        };
    }

    private bool Fits(Algorithm algorithm, byte[] data, byte[] signature)
    {
        lock (_lock)
        {
            var written = Directory.GetLastWriteTimeUtc(_public);
            if (_readers.Count == 0 || written != _written)
            {
                _written = written;
                foreach (var old in _readers) { old.Dispose(); }
                _readers = [.. Directory.GetFiles(_public).Select(Open)];
            }
            return _readers.Any(reader => reader.KeySize == algorithm.Bits && reader.VerifyData(data, signature, algorithm.Hash));
        }
    }

    private static ECDsa Open(string file)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(file));
        return key;
    }

    private static JsonArray List(IReadOnlyList<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
    private static long Seconds(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;

    public void Dispose()
    {
        _signer?.Dispose();
        foreach (var reader in _readers) { reader.Dispose(); }
    }
}
