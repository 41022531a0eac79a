using System.DirectoryServices.Protocols;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// Options of libldap that <see cref="LdapConnection"/> does not offer on Linux: how a certificate is checked, the file of authorities, and how long a connection may take to be made. They are set
/// on the connection's own handle, which is private there; what breaks with another version of the package is seen by the tests over TLS.
/// </summary>
internal static unsafe class LdapNative
{
    /// <summary>ldap.h.</summary>
    private const int Uri = 0x5006, NetworkTimeout = 0x5005, Timeout = 0x5002, DebugLevel = 0x5001, CaCertFile = 0x6002, CaCertDir = 0x6003, RequireCert = 0x6006, NewContext = 0x600F;
    private const int Never = 0, Demand = 2, Allow = 3;

    /// <summary>As the package looks for it.</summary>
    private static readonly string[] Names = ["libldap.so.2", "libldap-2.6.so.0", "libldap-2.5.so.0", "libldap-2.4.so.2"];
    private static readonly FieldInfo Handle = typeof(LdapConnection).GetField("_ldapHandle", BindingFlags.Instance | BindingFlags.NonPublic) ?? throw new MissingFieldException(nameof(LdapConnection), "_ldapHandle");
    private static readonly Lazy<nint> SetOption = new(() =>
    {
        foreach (var name in Names)
        {
            if (NativeLibrary.TryLoad(name, out var library)) { return NativeLibrary.GetExport(library, "ldap_set_option"); }
        }
        throw new DllNotFoundException("there is no libldap: install libldap-2.5-0, or the like of this system");
    });

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeValue
    {
        public nint Seconds, Microseconds;
    }

    public static void Configure(LdapConnection connection, LdapUrl url, LdapSettings ldap, TimeSpan timeout)
    {
        // Touching the options makes the handle.
        connection.SessionOptions.ProtocolVersion = 3;
        var handle = ((SafeHandle)Handle.GetValue(connection)!).DangerousGetHandle();
        // StartTLS comes before the bind, with which the package would say where to.
        SetText(handle, Uri, $"{(url.IsSecure ? "ldaps" : "ldap")}://{url.Host}:{url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)}");
        var time = new TimeValue { Seconds = (nint)Math.Max(1, timeout.TotalSeconds) };
        Set(handle, NetworkTimeout, &time);
        Set(handle, Timeout, &time);
        if (ldap.DebugLevel is { } level) { Set(handle, DebugLevel, &level); }
        if (ldap.TlsCacertfile is { Length: > 0 } file) { SetText(handle, CaCertFile, file); }
        else if (ldap.TlsCacertdir is { Length: > 0 } directory) { SetText(handle, CaCertDir, directory); }
        var demand = ldap.TlsReqCert switch { "never" => Never, "allow" => Allow, _ => Demand };
        Set(handle, RequireCert, &demand);
        // A context of its own with the options above, in place of the process's.
        var isServer = 0;
        Set(handle, NewContext, &isServer);
    }

    private static void SetText(nint handle, int option, string value)
    {
        var text = Marshal.StringToCoTaskMemUTF8(value);
        try { Set(handle, option, (void*)text); }
        finally { Marshal.FreeCoTaskMem(text); }
    }

    private static void Set(nint handle, int option, void* value)
    {
        var result = ((delegate* unmanaged[Cdecl]<nint, int, void*, int>)SetOption.Value)(handle, option, value);
        if (result != 0) { throw new LdapException(result, $"libldap does not take the option {option:x}: a file of certificates that cannot be read?"); }
    }
}
