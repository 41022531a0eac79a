using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Nova.RemoteConsoles;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.RemoteConsoles;

/// <summary>noVNC as Debian has it, served by the cloud.</summary>
public sealed partial class ConsolePageTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Folder = "/compute/console/";

    [GeneratedRegex("""(?:src|href)="([^":]+)"|from '([^']+)'|from "([^"]+)"|import '([^']+)'|import "([^"]+)";""")]
    private static partial Regex Named();

    [Fact]
    public async Task Page_AndAllThatItNames_LoadWithTheirTypes()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        var url = new Uri((await user.At("compute 2.6").Post($"/compute/v2.1/servers/{id}/remote-consoles", new { remote_console = new { protocol = "vnc", type = "novnc" } })).Is(200)["remote_console"]["url"]!.ToString());
        url.AbsolutePath.ShouldBe("/compute/console/vnc_auto.html");
        url.Query.ShouldStartWith("?autoconnect=true&path=compute%2Fconsole%2Fvnc%3Ftoken%3D");
        var page = (await cloud.Anonymous.Get(url.PathAndQuery)).Is(200);
        page.Header("Content-Type").ShouldBe("text/html");
        page.Header("Referrer-Policy").ShouldBe("no-referrer");
        page.Text.ShouldContain("<title>noVNC</title>");
        // Everything that the page and its scripts name, and what those name: a browser asks for the same.
        var (seen, left) = (new HashSet<string>(), new Stack<(string From, string Name)>(Names(page.Text).Select(n => ("", n))));
        while (left.TryPop(out var next))
        {
            var path = new Uri(new Uri("http://x" + Folder + next.From), next.Name).AbsolutePath[Folder.Length..];
            if (!seen.Add(path)) { continue; }
            var file = (await cloud.Anonymous.Get(Folder + path)).Is(200);
            file.Header("Content-Type").ShouldBe(Path.GetExtension(path) switch { ".js" => "text/javascript", ".css" => "text/css", ".png" => "image/png", ".svg" => "image/svg+xml", ".mp3" => "audio/mpeg", ".oga" => "audio/ogg", var other => throw new InvalidOperationException(other) });
            if (path.EndsWith(".js", StringComparison.Ordinal)) { foreach (var name in Names(file.Text)) { left.Push((path, name)); } }
        }
        seen.ShouldContain("app/ui.js");
        seen.ShouldContain("core/rfb.js");
        seen.Count.ShouldBeGreaterThan(40);
        static IEnumerable<string> Names(string text) => Named().Matches(text).Select(m => m.Groups.Values.Skip(1).First(g => g.Success).Value).Where(Path.HasExtension);
    }

    [Fact]
    public async Task Files_ThatAreNotThePages_AreNotServed()
    {
        foreach (var path in new[] { "nope.js", "app", "app/", "utils/novnc_proxy", "..%2fnovnc%2fvnc.html", "..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "app/..%2f..%2f..%2f..%2fetc%2fhostname", "a%5c..%5c..%5cb.html" })
        {
            var answer = await cloud.Anonymous.Get(Folder + path);
            answer.Status.ShouldBeOneOf(404, 400);
            answer.Text.ShouldNotContain("root:");
        }
        (await cloud.Anonymous.Post(Folder + "vnc.html", "{}")).Is(405);
        (await cloud.Anonymous.Head(Folder + "vnc.html")).Is(200).Bytes.ShouldBeEmpty();
    }
}

/// <summary>A machine without noVNC.</summary>
public sealed class CloudWithoutNoVnc : ServerCloud
{
    protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        services.AddSingleton(new NoVncFiles("/nonexistent/novnc"));
    }
}

public sealed class ConsolePageAbsentTests(CloudWithoutNoVnc cloud) : IClassFixture<CloudWithoutNoVnc>
{
    [Fact]
    public async Task Page_WithoutNoVnc_SaysWhatToInstall()
    {
        var answer = (await cloud.Anonymous.Get("/compute/console/vnc_auto.html?path=x")).Is(503);
        answer.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        answer.Text.ShouldContain("apt-get install novnc");
    }
}
