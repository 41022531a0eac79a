using System.Runtime.InteropServices;

namespace Nephos.Keystone.Ldap;

/// <summary>The system's libldap, which is loaded only when a domain has a directory.</summary>
internal sealed class LdapLibrary(IReadOnlyList<string> names)
{
    /// <summary>As System.DirectoryServices.Protocols looks for it.</summary>
    private static readonly string[] Usual = ["libldap.so.2", "libldap-2.6.so.0", "libldap-2.5.so.0", "libldap-2.4.so.2"];
    public const string Advice = "the identity driver ldap needs the system's libldap, which is not here: apt-get install libldap-2.5-0 (Debian 12, Ubuntu 22.04) or libldap2 (later ones), dnf install openldap";
    private readonly Lazy<nint> _handle = new(() => names.Select(name => NativeLibrary.TryLoad(name, out var handle) ? handle : 0).FirstOrDefault(handle => handle != 0));

    public LdapLibrary() : this(Usual)
    {
    }

    public bool IsThere => _handle.Value != 0;

    public nint Function(string name) => IsThere ? NativeLibrary.GetExport(_handle.Value, name) : throw new DllNotFoundException(Advice);
}
