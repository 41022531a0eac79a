using System.Security.Cryptography;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>ECDSA for XML signatures (RFC 6931 2.3.6), which .NET's SignedXml lacks; the two numbers one after the other, as .NET's own. It wants a public class for each hash.</summary>
public abstract class EcdsaSignature : SignatureDescription
{
    private const string More = "http://www.w3.org/2001/04/xmldsig-more#";
    private readonly HashAlgorithmName _hash;

    protected EcdsaSignature(HashAlgorithmName hash)
    {
        _hash = hash;
        KeyAlgorithm = typeof(ECDsa).AssemblyQualifiedName;
    }

    /// <summary>The algorithms' names, by their bits.</summary>
    internal static readonly IReadOnlyDictionary<int, string> Names = new Dictionary<int, string> { [256] = More + "ecdsa-sha256", [384] = More + "ecdsa-sha384", [512] = More + "ecdsa-sha512" };

    /// <summary>Tells SignedXml of them; more than once does nothing.</summary>
    internal static void Register()
    {
        CryptoConfig.AddAlgorithm(typeof(EcdsaSha256Signature), Names[256]);
        CryptoConfig.AddAlgorithm(typeof(EcdsaSha384Signature), Names[384]);
        CryptoConfig.AddAlgorithm(typeof(EcdsaSha512Signature), Names[512]);
    }

    public override HashAlgorithm CreateDigest() => _hash == HashAlgorithmName.SHA256 ? SHA256.Create() : _hash == HashAlgorithmName.SHA384 ? SHA384.Create() : SHA512.Create();

    public override AsymmetricSignatureFormatter CreateFormatter(AsymmetricAlgorithm key) => new Formatter((ECDsa)key);

    public override AsymmetricSignatureDeformatter CreateDeformatter(AsymmetricAlgorithm key) => new Deformatter((ECDsa)key);

    private sealed class Formatter(ECDsa key) : AsymmetricSignatureFormatter
    {
        public override byte[] CreateSignature(byte[] rgbHash) => key.SignHash(rgbHash);
        public override void SetHashAlgorithm(string strName) { } // it is the description's
        public override void SetKey(AsymmetricAlgorithm key) => throw new NotSupportedException();
    }

    private sealed class Deformatter(ECDsa key) : AsymmetricSignatureDeformatter
    {
        public override bool VerifySignature(byte[] rgbHash, byte[] rgbSignature) => key.VerifyHash(rgbHash, rgbSignature);
        public override void SetHashAlgorithm(string strName) { } // it is the description's
        public override void SetKey(AsymmetricAlgorithm key) => throw new NotSupportedException();
    }
}

public sealed class EcdsaSha256Signature() : EcdsaSignature(HashAlgorithmName.SHA256);

public sealed class EcdsaSha384Signature() : EcdsaSignature(HashAlgorithmName.SHA384);

public sealed class EcdsaSha512Signature() : EcdsaSignature(HashAlgorithmName.SHA512);
