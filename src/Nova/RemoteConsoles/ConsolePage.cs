using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Nova.RemoteConsoles;

/// <summary>
/// noVNC's page and its scripts, as upstream's <c>nova-novncproxy</c> serves them: the page of a console's URL, which connects to <see cref="ConsoleSocket"/> as its <c>path</c> tells. The files are
/// those of the system's noVNC (Debian: <c>novnc</c>), and the same for everybody: who sees a screen is told by the token.
/// </summary>
internal static class ConsolePage
{
    /// <summary>Below the service's prefix, beside the WebSocket.</summary>
    private const string Folder = "/console";
    private const string Page = "vnc_auto.html";
    /// <summary>The page by the name it has in every version.</summary>
    private const string PageFile = "vnc.html";
    private static readonly FileExtensionContentTypeProvider Types = new();

    public static void Map(ResourceGroup root) => root.Get(Folder + "/{file:rest}", Show).Public("a page and scripts that are everybody's; the screen behind them has a token");

    /// <summary>The address that a browser opens: it connects at once to the socket named by <c>path</c>, which is relative to the server.</summary>
    public static string UrlOf(Call call, string token)
    {
        var socket = $"{call.Endpoint.Api.Prefix}{ConsoleSocket.Path}?token={token}";
        return $"{call.BaseUrl}{Folder}/{Page}?autoconnect=true&path={Uri.EscapeDataString(socket[1..])}";
    }

    private static Task<Reply> Show(Call call)
    {
        var name = call.Route("file");
        if (call.Get<NoVncFiles>().Open() is not { } files) { return Task.FromResult(Reply.Text(Absent, "text/html; charset=utf-8", 503)); }
        // The provider leads nowhere outside of its folder, whatever dots a name has; what is of no type that browsers load is none of the page's.
        var file = files.GetFileInfo(name == Page ? PageFile : name);
        if (!file.Exists || file.IsDirectory || !Types.TryGetContentType(file.Name, out var type)) { throw new NotFoundError("The resource could not be found."); }
        var reply = Reply.Stream(file.CreateReadStream(), type, file.Length)
            // The page's address has the token: it goes to nobody else, and the page is not kept. The scripts change with the package only.
            .With("Referrer-Policy", "no-referrer")
            .With("X-Content-Type-Options", "nosniff")
            .With("Cache-Control", type == "text/html" ? "no-store" : "max-age=3600");
        return Task.FromResult(reply);
    }

    private const string Absent = """
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>No console page</title></head>
        <body>
        <h1>noVNC is not installed on the host of the cloud</h1>
        <p>Its administrator installs it with <code>apt-get install novnc</code> (or <code>nephos prepare</code>); then reload this page. Viewers that speak RFB over WebSocket
        can use the address in this page's <code>path</code> already.</p>
        </body>
        </html>

        """;
}

/// <summary>Where noVNC is on this machine.</summary>
internal sealed class NoVncFiles(string folder) : IDisposable
{
    public const string DebiansFolder = "/usr/share/novnc";
    private readonly Lock _lock = new();
    private PhysicalFileProvider? _files;

    /// <summary>Null while it is not there; it may be installed at any time.</summary>
    public IFileProvider? Open()
    {
        lock (_lock)
        {
            if (!Directory.Exists(folder)) { return null; }
            return _files ??= new PhysicalFileProvider(folder);
        }
    }

    public void Dispose() => _files?.Dispose();
}
