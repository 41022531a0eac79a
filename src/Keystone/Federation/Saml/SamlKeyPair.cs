using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>A key of ours with its certificate: from the configured files, or made in the state directory when first needed.</summary>
internal sealed class SamlKeyPair(string folder, string name, string? certificateFile, string? keyFile, TimeProvider clock)
{
    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(3650);
    private readonly Lock _lock = new();
    private X509Certificate2? _certificate;

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate()
    {
        lock (_lock)
        {
            if (_certificate is not null) { return _certificate; }
            var (certificate, key) = (certificateFile ?? Path.Combine(folder, name + "certificate.pem"), keyFile ?? Path.Combine(folder, name + "key.pem"));
            if (keyFile is null && certificateFile is null && !File.Exists(key)) { Make(certificate, key); }
            return _certificate = X509Certificate2.CreateFromPemFile(certificate, key);
        }
    }

    private void Make(string certificateFile, string keyFile)
    {
        if (OperatingSystem.IsWindows()) { Directory.CreateDirectory(folder); }
        else { Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); }
        using var key = RSA.Create(3072);
        var now = clock.Now();
        var request = new CertificateRequest("CN=nephos", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + CertificateLife);
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
        using var file = new StreamWriter(keyFile, Encoding.ASCII, options);
        file.Write(key.ExportPkcs8PrivateKeyPem());
    }
}
