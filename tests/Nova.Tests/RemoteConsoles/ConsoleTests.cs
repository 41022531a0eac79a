using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.TestHost;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.RemoteConsoles;

public sealed class ConsoleTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private static Task<TestReply> Ask(TestUser user, string id, string protocol = "vnc", string type = "novnc") =>
        user.At("compute 2.6").Post($"/compute/v2.1/servers/{id}/remote-consoles", new { remote_console = new { protocol, type } });

    /// <summary>The WebSocket that a console's page connects to, as noVNC reads its address.</summary>
    private static string SocketOf(string url) => "http://localhost/" + System.Web.HttpUtility.ParseQueryString(new Uri(url).Query)["path"];

    private Task<WebSocket> OpenAsync(string url)
    {
        var client = ((TestServer)cloud.Get<IServer>()).CreateWebSocketClient();
        client.SubProtocols.Add("binary");
        return client.ConnectAsync(new UriBuilder(url) { Scheme = "ws" }.Uri, CancellationToken.None);
    }

    [Fact]
    public async Task Vnc_CarriesTheScreen()
    {
        var user = cloud.NewUser();
        var console = (await Ask(user, await cloud.ActiveAsync(user))).Is(200)["remote_console"];
        (console["protocol"]!.ToString(), console["type"]!.ToString()).ShouldBe(("vnc", "novnc"));
        using var socket = await OpenAsync(SocketOf(console["url"]!.ToString()));
        socket.SubProtocol.ShouldBe("binary");
        var buffer = new byte[100];
        var greeting = await socket.ReceiveAsync(buffer, CancellationToken.None);
        Encoding.ASCII.GetString(buffer, 0, greeting.Count).ShouldBe("RFB 003.008\n");
        greeting.MessageType.ShouldBe(WebSocketMessageType.Binary);
        // The fake's screen ends there.
        (await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType.ShouldBe(WebSocketMessageType.Close);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    [Fact]
    public async Task Token_UnknownExpiredOrOfADeletedServer_IsRefused()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        var url = new Uri(SocketOf((await Ask(user, id)).Is(200)["remote_console"]["url"]!.ToString()));
        (await cloud.Anonymous.Get(url.PathAndQuery)).Is(426);
        var refused = await Should.ThrowAsync<InvalidOperationException>(() => OpenAsync("http://localhost/compute/console/vnc?token=nope"));
        refused.Message.ShouldContain("403");
        await Should.ThrowAsync<InvalidOperationException>(() => OpenAsync("http://localhost/compute/console/vnc"));
        var token = url.Query["?token=".Length..];
        var tokens = "/compute/v2.1/os-console-auth-tokens/" + token;
        (await cloud.Admin.Get(tokens)).Is(400);
        (await user.At("compute 2.31").Get(tokens)).Is(403);
        (await cloud.Admin.At("compute 2.31").Get(tokens)).Is(200)["console"]["instance_uuid"]!.ToString().ShouldBe(id);
        await cloud.Get<Store<NovaDb>>().WriteAsync(db => db.ConsoleTokens.Where(t => t.ServerId == id).ExecuteUpdateAsync(u => u.SetProperty(t => t.ExpiresAt, DateTime.UnixEpoch)));
        await Should.ThrowAsync<InvalidOperationException>(() => OpenAsync(url.ToString()));
        (await cloud.Admin.At("compute 2.31").Get(tokens)).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe("Token not found");
        var fresh = SocketOf((await Ask(user, id)).Is(200)["remote_console"]["url"]!.ToString());
        (await user.Delete("/compute/v2.1/servers/" + id)).Is(204);
        await cloud.GoneAsync(user, id);
        await Should.ThrowAsync<InvalidOperationException>(() => OpenAsync(fresh));
    }

    [Fact]
    public async Task Create_WhatCannotBe_IsRefused()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        (await Ask(user, id, "spice", "spice-html5")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Unavailable console type spice-html5.");
        (await Ask(user, id, "vnc", "xvpvnc")).Is(400);
        (await Ask(user, id, "vnc", "nope")).Is(400);
        (await Ask(user, id, "mks", "webmks")).Is(400)["badRequest"]["message"]!.ToString().ShouldContain("'mks' is not one of");
        (await Ask(user, Kernel.Ids.NewId.Uuid())).Is(404);
        (await Ask(cloud.NewUser(), id)).Is(404);
        (await Ask(cloud.NewUser("reader", user.ProjectId), id)).Is(403);
        (await user.Post($"/compute/v2.1/servers/{id}/remote-consoles", "{}")).Is(404);
        (await ServerCloud.Act(user, id, new Dictionary<string, object> { ["os-getVNCConsole"] = new { type = "novnc" } })).Is(200)["console"]["url"]!.ToString().ShouldContain("path=compute%2Fconsole%2Fvnc%3Ftoken%3D");
        (await ServerCloud.Act(user, id, new Dictionary<string, object> { ["os-getVNCConsole"] = new { type = "nope" } })).Is(400);
        (await ServerCloud.Act(user, id, new Dictionary<string, object> { ["os-getSerialConsole"] = new { type = "serial" } })).Is(400);
        (await ServerCloud.Act(user.At("compute 2.6"), id, new Dictionary<string, object> { ["os-getVNCConsole"] = new { type = "novnc" } })).Is(404);
    }
}
