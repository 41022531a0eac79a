using System.Security.Cryptography;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>
/// Opens what an identity provider encrypted to our key: <c>EncryptedAssertion</c>, <c>EncryptedID</c> and <c>EncryptedAttribute</c> (SAML core 2.2.4, 2.3.4, 2.7.3.2; XML Encryption 1.1). Content by AES
/// with GCM or CBC, the content's key by RSA-OAEP. RSA 1.5 is left out, since it tells its secrets to who may ask often. Encryption says nothing of who wrote something: signatures do, and are
/// checked besides. .NET's own EncryptedXml knows neither GCM nor digests but SHA-1.
/// </summary>
internal static class SamlEncryption
{
    private const string Xenc = EncryptedXml.XmlEncNamespaceUrl, Xenc11 = "http://www.w3.org/2009/xmlenc11#", More = "http://www.w3.org/2001/04/xmldsig-more#";
    private const string OaepMgf1 = Xenc + "rsa-oaep-mgf1p", Oaep = Xenc11 + "rsa-oaep";
    /// <summary>XML Encryption 5.2.2 and 5.2.4: what stands before the cipher text and, with GCM, after it; in bytes.</summary>
    private const int Block = 16, GcmNonce = 12, GcmTag = 16;

    /// <summary>Bytes of the content's key.</summary>
    private static readonly Dictionary<string, int> KeySizes = new(StringComparer.Ordinal)
    {
        [Xenc11 + "aes128-gcm"] = 16, [Xenc11 + "aes192-gcm"] = 24, [Xenc11 + "aes256-gcm"] = 32, [Xenc + "aes128-cbc"] = 16, [Xenc + "aes192-cbc"] = 24, [Xenc + "aes256-cbc"] = 32,
    };
    private static readonly Dictionary<string, RSAEncryptionPadding> Digests = new(StringComparer.Ordinal)
    {
        [SignedXml.XmlDsigSHA1Url] = RSAEncryptionPadding.OaepSHA1, [Xenc + "sha256"] = RSAEncryptionPadding.OaepSHA256, [More + "sha384"] = RSAEncryptionPadding.OaepSHA384, [Xenc + "sha512"] = RSAEncryptionPadding.OaepSHA512,
    };
    private static readonly Dictionary<string, RSAEncryptionPadding> Masks = new(StringComparer.Ordinal)
    {
        [Xenc11 + "mgf1sha1"] = RSAEncryptionPadding.OaepSHA1, [Xenc11 + "mgf1sha256"] = RSAEncryptionPadding.OaepSHA256, [Xenc11 + "mgf1sha384"] = RSAEncryptionPadding.OaepSHA384, [Xenc11 + "mgf1sha512"] = RSAEncryptionPadding.OaepSHA512,
    };

    /// <summary>What our metadata say, best first.</summary>
    public static IEnumerable<string> Offered => KeySizes.Keys.Append(OaepMgf1).Append(Oaep);

    /// <summary>The one element within, in a document of its own; null when it cannot be opened, for whatever reason.</summary>
    public static XmlElement? Open(XmlElement holder, RSA key)
    {
        if (holder.Children("EncryptedData", Xenc).ToList() is not [var data] || Method(data) is not { } method || !KeySizes.TryGetValue(method, out var size) || Cipher(data) is not { } cipher) { return null; }
        // Keys of several recipients may be there, in the data or beside them.
        var keys = holder.Children("EncryptedKey", Xenc).Concat(data.Children("KeyInfo", SignedXml.XmlDsigNamespaceUrl).SelectMany(k => k.Children("EncryptedKey", Xenc)));
        foreach (var contentKey in keys.Select(k => KeyOf(k, key)).OfType<byte[]>().Where(k => k.Length == size))
        {
            if (Content(method, contentKey, cipher) is { } plain && Parse(holder, plain) is { } element) { return element; }
        }
        return null;
    }

    private static string? Method(XmlElement encrypted) => encrypted.Child("EncryptionMethod", Xenc)?.Value("Algorithm");

    private static byte[]? Cipher(XmlElement encrypted)
    {
        if (encrypted.Child("CipherData", Xenc)?.Child("CipherValue", Xenc)?.InnerText is not { } text) { return null; }
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    private static byte[]? KeyOf(XmlElement encrypted, RSA key)
    {
        if (Padding(encrypted) is not { } padding || Cipher(encrypted) is not { } cipher) { return null; }
        try { return key.Decrypt(cipher, padding); }
        catch (CryptographicException) { return null; } // for another's key
    }

    /// <summary>The hash of the padding; null for what .NET cannot do: one hash for the padding and another for its mask, or a label.</summary>
    private static RSAEncryptionPadding? Padding(XmlElement encrypted)
    {
        if (Method(encrypted) is not (OaepMgf1 or Oaep) || encrypted.Child("EncryptionMethod", Xenc) is not { } method || method.Child("OAEPparams", Xenc) is not null) { return null; }
        var digest = Digests.GetValueOrDefault(method.Child("DigestMethod", SignedXml.XmlDsigNamespaceUrl)?.Value("Algorithm") ?? SignedXml.XmlDsigSHA1Url);
        var mask = Method(encrypted) == OaepMgf1 ? RSAEncryptionPadding.OaepSHA1 : Masks.GetValueOrDefault(method.Child("MGF", Xenc11)?.Value("Algorithm") ?? Xenc11 + "mgf1sha1");
        return digest == mask ? digest : null;
    }

    private static byte[]? Content(string method, byte[] key, byte[] cipher)
    {
        try
        {
            if (method.EndsWith("gcm", StringComparison.Ordinal))
            {
                if (cipher.Length < GcmNonce + GcmTag) { return null; }
                var opened = new byte[cipher.Length - GcmNonce - GcmTag];
                using var gcm = new AesGcm(key, GcmTag);
                gcm.Decrypt(cipher.AsSpan(0, GcmNonce), cipher.AsSpan(GcmNonce, opened.Length), cipher.AsSpan(GcmNonce + opened.Length), opened);
                return opened;
            }
            if (cipher.Length < 2 * Block) { return null; }
            using var aes = Aes.Create();
            aes.Key = key;
            var plain = aes.DecryptCbc(cipher.AsSpan(Block), cipher.AsSpan(0, Block), PaddingMode.None);
            // The last byte counts the padding, whose other bytes are any.
            return plain[^1] is > 0 and <= Block ? plain[..^plain[^1]] : null;
        }
        catch (CryptographicException) { return null; }
    }

    /// <summary>Prefixes of the place where it stood may be used within.</summary>
    private static XmlElement? Parse(XmlElement holder, byte[] plain)
    {
        var spaces = new Dictionary<string, string>(StringComparer.Ordinal);
        for (XmlNode? node = holder; node is XmlElement element; node = node.ParentNode)
        {
            foreach (XmlAttribute attribute in element.Attributes)
            {
                if (attribute.NamespaceURI == "http://www.w3.org/2000/xmlns/") { spaces.TryAdd(attribute.Name, attribute.Value); }
            }
        }
        var context = string.Concat(spaces.Select(s => $" {s.Key}=\"{System.Security.SecurityElement.Escape(s.Value)}\""));
        return SamlXml.Parse($"<opened{context}>{Encoding.UTF8.GetString(plain)}</opened>")?.DocumentElement?.ChildNodes.OfType<XmlElement>().ToList() is [var only] ? only : null;
    }
}
