using Nephos.Keystone.Tokens;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Tokens;

/// <summary>Tokens byte by byte.</summary>
public sealed class TokenFormatTests
{
    private const string Key = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=";
    private static readonly DateTime Expires = new(2026, 11, 22, 9, 0, 0, 123, 456, DateTimeKind.Utc);
    private const string User = "0f8fad5bd9cb469fa16570867728950e", Scope = "7c9e6679742540de944be07fc1f90ae7", Audit = "VcxU2JYqT8OzfUVvrjEITQ", First = "qNUTIJntTzO1-XUk5STybw";

    private static TokenPayload Payload() => new() { UserId = User, Methods = TokenPayload.MethodsOf(["password", "token"]), ExpiresAt = Expires, AuditIds = [Audit, First] };

    public static TheoryData<string, string?, string?, string?, string?, string?> Scopes => new()
    {
        { User, null, null, null, null, null },
        { "not-a-uuid", Scope, null, null, null, null },
        { User, Scope, null, null, null, null },
        { User, "default", null, null, null, null },
        { User, null, "default", null, null, null },
        { User, null, Scope, null, null, null },
        { User, null, null, "all", null, null },
        { User, Scope, null, null, "11111111111111111111111111111111", null },
        { User, Scope, null, null, null, "22222222222222222222222222222222" },
    };

    [Theory]
    [MemberData(nameof(Scopes))]
    public void Payload_PackedAndUnpacked_IsTheSame(string user, string? project, string? domain, string? system, string? trust, string? credential)
    {
        var payload = Payload() with { UserId = user, ProjectId = project, DomainId = domain, System = system, TrustId = trust, ApplicationCredentialId = credential };
        var back = TokenPayload.Unpack(payload.Pack());
        back.AuditIds.ShouldBe(payload.AuditIds);
        (back with { AuditIds = payload.AuditIds }).ShouldBe(payload);
        back.MethodList.ShouldBe(["password", "token"]);
    }

    public static TheoryData<string> Others => ["oauth1", "oauth2", "oauth2 domain", "federated", "federated project", "federated domain", "credential without project"];

    [Theory]
    [MemberData(nameof(Others))]
    public void Payload_OfEachOtherVersion_PackedAndUnpacked_IsTheSame(string kind)
    {
        var federation = new FederatedPayload("idp", "openid", new[] { Scope, "ops" });
        var payload = kind switch
        {
            "oauth1" => Payload() with { ProjectId = Scope, AccessTokenId = User },
            "oauth2" => Payload() with { ProjectId = Scope, Thumbprint = "dGh1bWI" },
            "oauth2 domain" => Payload() with { DomainId = "default", Thumbprint = "dGh1bWI" },
            "federated" => Payload() with { Federation = federation },
            "federated project" => Payload() with { Federation = federation, ProjectId = Scope },
            "federated domain" => Payload() with { Federation = federation, DomainId = "default" },
            _ => Payload() with { ApplicationCredentialId = User },
        };
        var back = TokenPayload.Unpack(payload.Pack());
        back.AuditIds.ShouldBe(payload.AuditIds);
        back.Federation?.GroupIds.ShouldBe(federation.GroupIds);
        (back with { AuditIds = payload.AuditIds, Federation = back.Federation is { } f ? f with { GroupIds = federation.GroupIds } : null })
            .ShouldBe(payload);
        Convert.ToHexString(back.Pack()).ShouldBe(Convert.ToHexString(payload.Pack()));
    }

    /// <summary>What upstream's <c>msgpack.packb((2, (True, user), 6, (True, project), 1795338000.123456, [audit, first]))</c> gives.</summary>
    [Fact]
    public void Payload_OfAProject_IsUpstreamsBytes() => Convert.ToHexStringLower((Payload() with { ProjectId = Scope }).Pack()).ShouldBe(
        "960292c3c4100f8fad5bd9cb469fa16570867728950e0692c3c4107c9e6679742540de944be07fc1f90ae7cb41dac0abc407e6b492c410" + "55cc54d8962a4fc3b37d456fae31084d" + "c410" + "a8d5132099ed4f33b5f97524e524f26f");

    [Fact]
    public void Token_Changed_IsNotRead()
    {
        var key = new FernetKey(Key);
        var text = key.Encrypt(Payload().Pack(), Expires);
        FernetKey.TryDecode(text, out var bytes).ShouldBeTrue();
        key.TryDecrypt(bytes, out var plain, out var issued).ShouldBeTrue();
        (Convert.ToHexString(plain), issued).ShouldBe((Convert.ToHexString(Payload().Pack()), new DateTime(2026, 11, 22, 9, 0, 0, DateTimeKind.Utc)));
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            key.TryDecrypt(bytes, out _, out _).ShouldBeFalse($"byte {i}");
            bytes[i] ^= 1;
        }
        for (var length = 0; length < bytes.Length; length++) { key.TryDecrypt(bytes.AsSpan(0, length), out _, out _).ShouldBeFalse($"{length} bytes"); }
        new FernetKey(FernetKey.Generate()).TryDecrypt(bytes, out _, out _).ShouldBeFalse();
    }

    /// <summary>The example of the Fernet specification (generate.json, verify.json).</summary>
    [Fact]
    public void Token_OfTheSpecification_IsRead()
    {
        var key = new FernetKey("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
        FernetKey.TryDecode("gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==", out var token).ShouldBeTrue();
        key.TryDecrypt(token, out var plain, out var issued).ShouldBeTrue();
        (System.Text.Encoding.ASCII.GetString(plain), issued).ShouldBe(("hello", new DateTime(1985, 10, 26, 8, 20, 0, DateTimeKind.Utc)));
    }

    [Fact]
    public void Unpack_AnyCutOrChange_IsAFormatErrorOrAPayload()
    {
        var bytes = (Payload() with { ProjectId = Scope }).Pack();
        for (var length = 0; length < bytes.Length; length++) { Should.Throw<FormatException>(() => TokenPayload.Unpack(bytes.AsSpan(0, length)), $"{length} bytes"); }
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var value in new byte[] { 0, 0x7f, 0x80, 0x9f, 0xc0, 0xc4, 0xcf, 0xdc, 0xff })
            {
                var changed = (byte[])bytes.Clone();
                changed[i] = value;
                try { TokenPayload.Unpack(changed); }
                catch (FormatException) { continue; }
            }
        }
    }
}
