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
    private const int Uri = 0x5006, Referrals = 0x0008, Dereference = 0x0002, NetworkTimeout = 0x5005, Timeout = 0x5002, DebugLevel = 0x5001, CaCertFile = 0x6002, CaCertDir = 0x6003, RequireCert = 0x6006, NewContext = 0x600F;
    private const int Never = 0, Demand = 2, Allow = 3;

    private static readonly FieldInfo Handle = Field("_ldapHandle"), Connected = Field("_connected");
    private static readonly Lazy<nint> SetOption = new(() => new LdapLibrary().Function("ldap_set_option")), GetOption = new(() => new LdapLibrary().Function("ldap_get_option"));

    private static FieldInfo Field(string name) => typeof(LdapConnection).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic) ?? throw new MissingFieldException(nameof(LdapConnection), name);

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
        SetText(handle, Uri, url.Text);
        // With the bind it makes a URL of host and port, which a socket has not; what is connected is left alone.
        if (url.Scheme == LdapScheme.Ldapi) { Connected.SetValue(connection, true); }
        // Off is null, on is anything else; the package hands a pointer over in either case.
        if (ldap.ChaseReferrals is { } chase) { Set(handle, Referrals, chase ? (void*)1 : null); }
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

    /// <summary>What libldap's own configuration says of aliases; the package says something of its own with each search.</summary>
    public static DereferenceAlias Dereferencing(LdapConnection connection)
    {
        var handle = ((SafeHandle)Handle.GetValue(connection)!).DangerousGetHandle();
        var how = 0;
        ((delegate* unmanaged[Cdecl]<nint, int, void*, int>)GetOption.Value)(handle, Dereference, &how);
        return (DereferenceAlias)how;
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
