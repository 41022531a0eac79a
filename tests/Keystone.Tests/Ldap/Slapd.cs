using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Nephos.Keystone.Tests.Ldap;

#pragma warning disable RS0030 // A server of another program, which only tests start.
/// <summary>Debian's slapd in a folder of its own, on a free port of the loopback, with an authority and a certificate of its own. It ends with the test, by its id.</summary>
public sealed class Slapd : IDisposable
{
    public const string Root = "cn=root,dc=example,dc=org", Secret = "rootpw";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nephos-slapd-");
    private Process _process;

    public Slapd(string ldif)
    {
        var program = new[] { "/usr/sbin/slapd", "/usr/local/libexec/slapd" }.FirstOrDefault(File.Exists) ?? throw new FileNotFoundException("slapd is needed: apt-get install slapd ldap-utils");
        WriteCertificates();
        Directory.CreateDirectory(InFolder("data"));
        File.WriteAllText(InFolder("slapd.conf"), $"""
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            include /etc/ldap/schema/nis.schema
            pidfile {InFolder("slapd.pid")}
            modulepath /usr/lib/ldap
            moduleload back_mdb
            TLSCACertificateFile {CaFile}
            TLSCertificateFile {InFolder("server.pem")}
            TLSCertificateKeyFile {InFolder("server.key")}
            attributetype ( 1.3.6.1.4.1.99999.1 NAME 'enabled' EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )
            attributetype ( 1.3.6.1.4.1.99999.2 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
            objectclass ( 1.3.6.1.4.1.99999.3 NAME 'cloudUser' SUP top AUXILIARY MAY ( enabled $ userAccountControl ) )
            database mdb
            suffix "dc=example,dc=org"
            rootdn "{Root}"
            rootpw {Secret}
            directory {InFolder("data")}
            maxsize 10485760
            access to attrs=userPassword by anonymous auth by * none
            access to * by * read
            """);
        File.WriteAllText(InFolder("data.ldif"), ldif);
        Run("/usr/sbin/slapadd", "-f", InFolder("slapd.conf"), "-l", InFolder("data.ldif"));
        // It cannot be asked for its ports, and one that was free a moment ago may be another's by now.
        for (var attempt = 1; ; attempt++)
        {
            _process = Start(program);
            if (IsUp()) { return; }
            _process.Dispose();
            if (attempt == 10) { throw new InvalidOperationException("slapd ended at each of ten starts"); }
        }
    }

    public int Port { get; private set; }
    public int TlsPort { get; private set; }
    public string SocketUrl => "ldapi://" + Uri.EscapeDataString(InFolder("socket"));
    public string CaFolder => InFolder("authorities");
    public string CaFile => InFolder("ca.pem");
    public string Url => $"ldap://127.0.0.1:{Port}";

    /// <summary>Changes the directory, as its own administrator does.</summary>
    public void Modify(string ldif)
    {
        var file = InFolder("change.ldif");
        File.WriteAllText(file, ldif);
        Run("/usr/bin/ldapmodify", "-x", "-H", Url, "-D", Root, "-w", Secret, "-f", file);
    }

    private string InFolder(string name) => Path.Combine(_folder.FullName, name);

    private Process Start(string program)
    {
        (Port, TlsPort) = (FreePort(), FreePort());
        var start = new ProcessStartInfo(program) { RedirectStandardError = true };
        foreach (var argument in new[] { "-d", "0", "-f", InFolder("slapd.conf"), "-h", $"ldap://127.0.0.1:{Port} ldaps://127.0.0.1:{TlsPort} {SocketUrl}" }) { start.ArgumentList.Add(argument); }
        var process = Process.Start(start)!;
        // Its messages are many and nobody's; a full pipe would stop it.
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Waits until it listens; false when it ended. The socket is its own for certain, and the last that it listens on.</summary>
    private bool IsUp()
    {
        var deadline = Environment.TickCount64 + 60_000;
        while (true)
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                client.Connect(new UnixDomainSocketEndPoint(InFolder("socket")));
                return true;
            }
            catch (SocketException) when (Environment.TickCount64 < deadline)
            {
                if (_process.HasExited) { return false; }
                Thread.Yield();
            }
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) { throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors}{output.Result}"); }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void WriteCertificates()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Server();
        using var key = certificate.GetRSAPrivateKey()!;
        File.WriteAllText(CaFile, authority.Certificate.ExportCertificatePem());
        Directory.CreateDirectory(CaFolder);
        File.Copy(CaFile, Path.Combine(CaFolder, "ca.pem"));
        File.WriteAllText(InFolder("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(InFolder("server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
