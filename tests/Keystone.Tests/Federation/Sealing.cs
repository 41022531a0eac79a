using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>XML Encryption as identity providers write it, with what may be wrong.</summary>
internal sealed record Sealing(X509Certificate2 For)
{
    private const string Xenc = "http://www.w3.org/2001/04/xmlenc#", Xenc11 = "http://www.w3.org/2009/xmlenc11#", Dsig = "http://www.w3.org/2000/09/xmldsig#", Saml = "urn:oasis:names:tc:SAML:2.0:assertion";
    public const string Gcm128 = Xenc11 + "aes128-gcm", Gcm192 = Xenc11 + "aes192-gcm", Gcm256 = Xenc11 + "aes256-gcm", Cbc128 = Xenc + "aes128-cbc", Cbc192 = Xenc + "aes192-cbc", Cbc256 = Xenc + "aes256-cbc";
    public const string OaepMgf1 = Xenc + "rsa-oaep-mgf1p", Oaep = Xenc11 + "rsa-oaep", Sha1 = Dsig + "sha1", Sha256 = Xenc + "sha256", Mgf1 = Xenc11 + "mgf1sha1", Mgf256 = Xenc11 + "mgf1sha256";

    public string Content { get; init; } = Gcm256;
    public string Method { get; init; } = OaepMgf1;
    public string? Digest { get; init; }
    public string? Mask { get; init; }
    /// <summary>What the content's method is said to be.</summary>
    public string? Named { get; init; }
    public bool KeyBeside { get; init; }
    /// <summary>Prefixes are those of the document around.</summary>
    public bool InContext { get; init; }
    public bool Spoil { get; init; }
    /// <summary>In place of the element.</summary>
    public string? Instead { get; init; }
    /// <summary>Put at the element's end.</summary>
    public string? Within { get; init; }

    /// <summary>Puts the sealed element in the element's place.</summary>
    public void Close(XmlElement element, string holderName)
    {
        var plain = Instead ?? element.OuterXml;
        if (InContext) { plain = plain.Replace($" xmlns:saml=\"{Saml}\"", "", StringComparison.Ordinal); }
        if (Within is not null) { plain = plain.Insert(plain.LastIndexOf("</", StringComparison.Ordinal), Within); }
        var key = RandomNumberGenerator.GetBytes(Content.Contains("128", StringComparison.Ordinal) ? 16 : Content.Contains("192", StringComparison.Ordinal) ? 24 : 32);
        var cipher = Encrypt(key, Encoding.UTF8.GetBytes(plain));
        if (Spoil) { cipher[cipher.Length / 2] ^= 1; }
        using var rsa = For.GetRSAPublicKey()!;
        var padding = Method.EndsWith("1_5", StringComparison.Ordinal) ? RSAEncryptionPadding.Pkcs1 : Digest == Sha256 ? RSAEncryptionPadding.OaepSHA256 : RSAEncryptionPadding.OaepSHA1;
        var digest = (Digest is null ? "" : $"<ds:DigestMethod xmlns:ds=\"{Dsig}\" Algorithm=\"{Digest}\"/>") + (Mask is null ? "" : $"<x11:MGF xmlns:x11=\"{Xenc11}\" Algorithm=\"{Mask}\"/>");
        var sealedKey = $"<xenc:EncryptedKey xmlns:xenc=\"{Xenc}\"><xenc:EncryptionMethod Algorithm=\"{Method}\">{digest}</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{Convert.ToBase64String(rsa.Encrypt(key, padding))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>";
        // Line breaks as some writers make them.
        var text = Convert.ToBase64String(cipher, Base64FormattingOptions.InsertLineBreaks);
        var holder = element.OwnerDocument.CreateElement("saml", holderName, Saml);
        holder.InnerXml = $"<xenc:EncryptedData xmlns:xenc=\"{Xenc}\" Type=\"{Xenc}Element\"><xenc:EncryptionMethod Algorithm=\"{Named ?? Content}\"/>{(KeyBeside ? "" : $"<ds:KeyInfo xmlns:ds=\"{Dsig}\">{sealedKey}</ds:KeyInfo>")}<xenc:CipherData><xenc:CipherValue>{text}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{(KeyBeside ? sealedKey : "")}";
        element.ParentNode!.ReplaceChild(holder, element);
    }

    private byte[] Encrypt(byte[] key, byte[] plain)
    {
        if (Content.EndsWith("gcm", StringComparison.Ordinal))
        {
            var (nonce, sealed_, tag) = (RandomNumberGenerator.GetBytes(12), new byte[plain.Length], new byte[16]);
            using var gcm = new AesGcm(key, 16);
            gcm.Encrypt(nonce, plain, sealed_, tag);
            return [.. nonce, .. sealed_, .. tag];
        }
        using var aes = Aes.Create();
        aes.Key = key;
        return [.. aes.IV, .. aes.EncryptCbc(plain, aes.IV, PaddingMode.ISO10126)];
    }
}
