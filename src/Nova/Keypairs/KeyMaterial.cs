using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Nephos.Kernel.Errors;

namespace Nephos.Nova.Keypairs;

/// <summary>A generated pair: the public part as it is kept, the private one as it is shown once.</summary>
internal sealed record GeneratedKey(string PublicKey, string PrivateKey);

/// <summary>SSH public keys (RFC 4253 section 6.6, RFC 5656, RFC 8709) and X.509 certificates for WinRM: generating, checking, fingerprints.</summary>
internal static class KeyMaterial
{
    /// <summary>Bits of generated keys (<c>nova/crypto.py</c>).</summary>
    private const int Bits = 2048;

    /// <summary>An RSA pair: the private key in PEM (PKCS#1), as every SSH client reads it.</summary>
    public static GeneratedKey GenerateSsh()
    {
        using var rsa = RSA.Create(Bits);
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        var blob = new MemoryStream();
        WriteString(blob, "ssh-rsa"u8);
        WriteInteger(blob, parameters.Exponent!);
        WriteInteger(blob, parameters.Modulus!);
        return new GeneratedKey($"ssh-rsa {Convert.ToBase64String(blob.ToArray())} Generated-by-Nova", rsa.ExportRSAPrivateKeyPem() + "\n");
    }

    /// <summary>A client certificate of ten years with the user's principal name; the private part is PKCS#12 without password, in base64.</summary>
    public static GeneratedKey GenerateX509(string userId, DateTime now)
    {
        using var rsa = RSA.Create(Bits);
        var request = new CertificateRequest($"CN={userId}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUserPrincipalName($"{userId}@localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(now, now.AddDays(3650));
        return new GeneratedKey(certificate.ExportCertificatePem() + "\n", Convert.ToBase64String(certificate.Export(X509ContentType.Pkcs12, "")));
    }

    /// <summary>The fingerprint of a key as given; throws upstream's 400 when it is none.</summary>
    public static string Fingerprint(string type, string publicKey) => type == "x509" ? CertificateFingerprint(publicKey) : SshFingerprint(publicKey);

    private static string SshFingerprint(string publicKey)
    {
        var parts = publicKey.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var blob = new byte[publicKey.Length];
        if (parts.Length < 2 || publicKey.Contains('\n', StringComparison.Ordinal) && publicKey.Trim().Contains('\n', StringComparison.Ordinal)
            || !Convert.TryFromBase64String(parts[1], blob, out var length) || !IsKey(parts[0], blob.AsSpan(0, length)))
        {
            throw new BadRequestError("Keypair data is invalid: failed to generate fingerprint");
        }
#pragma warning disable CA5351 // The API's fingerprint is MD5; it protects nothing.
        return Pairs(MD5.HashData(blob.AsSpan(0, length)));
#pragma warning restore CA5351
    }

    /// <summary>The blob's fields are those of the type, and nothing follows.</summary>
    private static bool IsKey(string type, ReadOnlySpan<byte> blob)
    {
        if (!Read(ref blob, out var named) || Encoding.ASCII.GetString(named) != type) { return false; }
        switch (type)
        {
            case "ssh-rsa":
                return Read(ref blob, out var exponent) && exponent.Length is > 0 and <= 8 && Read(ref blob, out var modulus) && modulus.Length is >= 64 and <= 2049 && blob.IsEmpty;
            case "ssh-ed25519":
                return Read(ref blob, out var point) && point.Length == 32 && blob.IsEmpty;
            case "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521":
                var size = type switch { "ecdsa-sha2-nistp256" => 65, "ecdsa-sha2-nistp384" => 97, _ => 133 };
                return Read(ref blob, out var curve) && type.EndsWith(Encoding.ASCII.GetString(curve), StringComparison.Ordinal)
                    && Read(ref blob, out var q) && q.Length == size && q[0] == 4 && blob.IsEmpty;
            case "sk-ssh-ed25519@openssh.com":
                return Read(ref blob, out var sk) && sk.Length == 32 && Read(ref blob, out _) && blob.IsEmpty;
            case "sk-ecdsa-sha2-nistp256@openssh.com":
                return Read(ref blob, out _) && Read(ref blob, out var skq) && skq.Length == 65 && Read(ref blob, out _) && blob.IsEmpty;
            case "ssh-dss":
                return Read(ref blob, out _) && Read(ref blob, out _) && Read(ref blob, out _) && Read(ref blob, out _) && blob.IsEmpty;
            default:
                return false;
        }
    }

    private static bool Read(ref ReadOnlySpan<byte> blob, out ReadOnlySpan<byte> field)
    {
        field = default;
        if (blob.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(blob) is var length && length > blob.Length - 4) { return false; }
        field = blob.Slice(4, (int)length);
        blob = blob[(4 + (int)length)..];
        return true;
    }

    private static string CertificateFingerprint(string pem)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return Pairs(certificate.GetCertHash(HashAlgorithmName.SHA1));
        }
        catch (Exception error) when (error is CryptographicException or AsnContentException)
        {
            throw new BadRequestError($"Keypair data is invalid: failed to generate X509 fingerprint. Error message: {error.Message}");
        }
    }

    private static string Pairs(ReadOnlySpan<byte> hash)
    {
        var text = new StringBuilder(hash.Length * 3);
        foreach (var b in hash) { text.Append(text.Length > 0 ? ":" : "").Append(b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)); }
        return text.ToString();
    }

    private static void WriteString(Stream to, ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, value.Length);
        to.Write(length);
        to.Write(value);
    }

    /// <summary>RFC 4251 mpint: a leading zero when the first bit is set.</summary>
    private static void WriteInteger(Stream to, byte[] value) => WriteString(to, (value[0] & 0x80) != 0 ? [0, .. value] : value);
}
