using Nephos.Kernel.Api;

namespace Nephos.Host.Startup;

/// <summary>The files by which clients find the cloud: <c>clouds.yaml</c> and <c>openrc</c>, mode 0600, in the state directory.</summary>
internal static class ClientFiles
{
    public const string CloudsYaml = "clouds.yaml";
    public const string OpenRc = "openrc";

    public static void Write(CloudFacts facts)
    {
        var authUrl = facts.PublicUrl + "/identity/v3";
        WritePrivate(Path.Combine(facts.StateDirectory, CloudsYaml), $"""
            # Written at every start. Use it with: export OS_CLIENT_CONFIG_FILE=this file; openstack --os-cloud nephos ...
            clouds:
              nephos:
                region_name: {facts.Region}
                identity_api_version: 3
                auth:
                  auth_url: {authUrl}
                  username: admin
                  password: {facts.AdminPassword}
                  project_name: admin
                  user_domain_name: Default
                  project_domain_name: Default

            """);
        WritePrivate(Path.Combine(facts.StateDirectory, OpenRc), $"""
            export OS_AUTH_URL={Quote(authUrl)}
            export OS_USERNAME=admin
            export OS_PASSWORD={Quote(facts.AdminPassword)}
            export OS_PROJECT_NAME=admin
            export OS_USER_DOMAIN_NAME=Default
            export OS_PROJECT_DOMAIN_NAME=Default
            export OS_REGION_NAME={Quote(facts.Region)}
            export OS_IDENTITY_API_VERSION=3

            """);
    }

    /// <summary>Writes a file that only its owner may read, in one piece: a reader sees the old text or the new.</summary>
    public static void WritePrivate(string file, string text)
    {
        if (File.Exists(file) && File.ReadAllText(file) == text) { return; }
        var temporary = file + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
        using (var writer = new StreamWriter(temporary, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false), options)) { writer.Write(text); }
        File.Move(temporary, file, overwrite: true);
    }

    /// <summary>A word for a POSIX shell.</summary>
    public static string Quote(string word) => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
