using System.Security.Cryptography;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Keypairs;

public sealed class KeypairEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Keypairs = "/compute/v2.1/os-keypairs";
    private const string Ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1gFMCKXLd1ZOoFMlrm1dXIHUcSkjcB8MlCJ3MjYtcT someone@host";

    [Fact]
    public async Task Create_Generated_IsAnRsaPairThatFits()
    {
        var user = cloud.NewUser();
        var keypair = (await user.Post(Keypairs, new { keypair = new { name = "k" } })).Is(200)["keypair"];
        keypair.AsObject().ContainsKey("type").ShouldBeFalse();
        using var rsa = RSA.Create();
        rsa.ImportFromPem(keypair["private_key"]!.ToString());
        var blob = Convert.FromBase64String(keypair["public_key"]!.ToString().Split(' ')[1]);
        var modulus = rsa.ExportParameters(false).Modulus!;
        blob[^modulus.Length..].ShouldBe(modulus);
        var shown = (await user.At("compute 2.2").Get(Keypairs + "/k")).Is(200)["keypair"].AsObject();
        shown["type"]!.ToString().ShouldBe("ssh");
        shown["user_id"]!.ToString().ShouldBe(user.UserId);
        shown.ContainsKey("private_key").ShouldBeFalse();
        shown["deleted"]!.GetValue<bool>().ShouldBeFalse();
        shown.ContainsKey("updated_at").ShouldBeTrue();
    }

    [Fact]
    public async Task Import_Ed25519_HasTheMd5Fingerprint()
    {
        var user = cloud.NewUser().At("compute 2.2");
        var keypair = (await user.Post(Keypairs, new { keypair = new { name = "k", public_key = Ed25519 } })).Is(201)["keypair"];
#pragma warning disable CA5351 // The fingerprint of the API.
        var md5 = MD5.HashData(Convert.FromBase64String(Ed25519.Split(' ')[1]));
#pragma warning restore CA5351
        keypair["fingerprint"]!.ToString().ShouldBe(string.Join(':', md5.Select(b => b.ToString("x2"))));
        keypair.AsObject().ContainsKey("private_key").ShouldBeFalse();
        (await user.Post(Keypairs, new { keypair = new { name = "k", public_key = Ed25519 } })).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe("Key pair 'k' already exists.");
        (await user.Delete(Keypairs + "/k")).Is(204);
        (await user.Delete(Keypairs + "/k")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Keypair k not found for user {user.UserId}");
    }

    [Theory]
    [InlineData("ssh-rsa JUNK nova@ubuntu")]
    [InlineData("ssh-rsa")]
    [InlineData("")]
    [InlineData("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ1gFMCKXLd1ZOoFMlrm1dXIHUcSkjcB8MlCJ3MjYtcT")]
    public async Task Import_NoKey_Is400(string key) =>
        (await cloud.NewUser().Post(Keypairs, new { keypair = new { name = "k", public_key = key } })).Is(400)["badRequest"]["message"]!.ToString()
            .ShouldBe("Keypair data is invalid: failed to generate fingerprint");

    [Theory]
    [InlineData("", 400)]
    [InlineData("a@b.c", 400)]
    [InlineData("key/", 400)]
    public async Task Create_BadName_Is400(string name, int status) =>
        (await cloud.NewUser().Post(Keypairs, new { keypair = new { name, public_key = Ed25519 } })).Is(status);

    [Fact]
    public async Task Create_Since292_TakesMoreNamesAndNeedsAKey()
    {
        var user = cloud.NewUser().At("compute 2.92");
        (await user.Post(Keypairs, new { keypair = new { name = "a@b.c", public_key = Ed25519 } })).Is(201);
        (await user.Post(Keypairs, new { keypair = new { name = "b" } })).Is(400)["badRequest"]["message"]!.ToString().ShouldContain("'public_key' is a required property");
    }

    [Fact]
    public async Task List_InPages_OfOneUser()
    {
        var user = cloud.NewUser().At("compute 2.35");
        foreach (var name in new[] { "c", "a", "b" }) { (await user.Post(Keypairs, new { keypair = new { name, public_key = Ed25519 } })).Is(201); }
        var page = (await user.Get(Keypairs + "?limit=2")).Is(200);
        page["keypairs"].AsArray().Select(k => k!["keypair"]!["name"]!.ToString()).ShouldBe(["a", "b"]);
        page["keypairs_links"][0]!["href"]!.ToString().ShouldEndWith("?limit=2&marker=b");
        (await user.Get(Keypairs + "?limit=2&marker=b")).Is(200)["keypairs"].AsArray().Count.ShouldBe(1);
        (await user.Get(Keypairs + "?marker=x")).Is(400);
        (await cloud.Admin.At("compute 2.10").Get($"{Keypairs}?user_id={user.UserId}")).Is(200)["keypairs"].AsArray().Count.ShouldBe(3);
        (await cloud.NewUser().At("compute 2.10").Get($"{Keypairs}?user_id={user.UserId}")).Is(403);
    }

    [Fact]
    public async Task X509_GeneratedAndImported_HaveShaFingerprints()
    {
        var user = cloud.NewUser().At("compute 2.2");
        var made = (await user.Post(Keypairs, new { keypair = new { name = "w", type = "x509" } })).Is(201)["keypair"];
        made["public_key"]!.ToString().ShouldStartWith("-----BEGIN CERTIFICATE-----");
        var again = (await user.Post(Keypairs, new { keypair = new { name = "w2", type = "x509", public_key = made["public_key"]!.ToString() } })).Is(201)["keypair"];
        again["fingerprint"]!.ToString().ShouldBe(made["fingerprint"]!.ToString());
        (await user.Post(Keypairs, new { keypair = new { name = "w3", type = "x509", public_key = "junk" } })).Is(400);
    }
}
