using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;

namespace Nephos.Glance.Tests.Imports;

/// <summary>A Glance with two stores, that may read from this machine's own loopback.</summary>
public class ImportCloud : GlanceCloud
{
    protected virtual GlanceSettings Settings => new()
    {
        Stores = new Dictionary<string, string> { ["file"] = "file", ["second"] = "memory" },
        EnabledImportMethods = ["glance-direct", "web-download", "copy-image", "glance-download"],
        ImportInternalNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        ImportAllowedPorts = [],
        HttpStore = true,
        ImageCache = true,
    };

    protected override void Configure(IServiceCollection services) => services.AddSingleton(Settings);

    /// <summary>Nothing waits in staging, and no store has bytes that no image names.</summary>
    public async Task NothingIsLeft()
    {
        var stores = Get<ImageStores>();
        stores.Staging.Keys().ShouldBeEmpty();
        foreach (var store in stores.All)
        {
            var named = await Get<Store<GlanceDb>>().ReadAsync(db => Task.FromResult(db.Locations.Where(l => l.Store == store.Id).Select(l => l.ImageId).ToList()));
            (await store.Data.KeysAsync(default)).Except(named).ShouldBeEmpty();
        }
    }
}

internal static class ImportTesting
{
    public static Task<TestReply> Import(this TestUser user, string id, string method, object? more = null, object? beside = null)
    {
        var name = new Dictionary<string, object?> { ["name"] = method };
        foreach (var property in more?.GetType().GetProperties() ?? []) { name[property.Name] = property.GetValue(more); }
        var body = new Dictionary<string, object?> { ["method"] = name };
        foreach (var property in beside?.GetType().GetProperties() ?? []) { body[property.Name] = property.GetValue(beside); }
        return user.Post($"{ImageTesting.Images}/{id}/import", body);
    }

    /// <summary>The newest task of an image when it has ended.</summary>
    public static async Task<System.Text.Json.Nodes.JsonNode> Ended(this TestUser user, string id) =>
        (await TestCloud.Until(async () => (await user.Get($"{ImageTesting.Images}/{id}/tasks")).Is(200)["tasks"][0], t => t?["status"]?.ToString() is "success" or "failure", "the task to end"))!;

    public static async Task<string> Status(this TestUser user, string id) => (await user.Get($"{ImageTesting.Images}/{id}")).Is(200)["status"].ToString();
}
