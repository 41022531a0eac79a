using System.Net.Http.Headers;
using Nephos.Testing;

namespace Nephos.Glance.Tests;

/// <summary>Short words for the conversations of these tests.</summary>
internal static class ImageTesting
{
    public const string Images = "/image/v2/images";
    public const string Patch21 = "application/openstack-images-v2.1-json-patch";

    public static async Task<string> NewImage(this TestUser user, string name = "i", string visibility = "shared", string disk = "raw", object? more = null)
    {
        var body = new Dictionary<string, object?> { ["name"] = name, ["visibility"] = visibility, ["disk_format"] = disk, ["container_format"] = "bare" };
        foreach (var property in more?.GetType().GetProperties() ?? []) { body[property.Name] = property.GetValue(more); }
        return (await user.Post(Images, body)).Is(201)["id"].ToString();
    }

    public static async Task<string> ActiveImage(this TestUser user, string name = "i", string visibility = "shared", byte[]? bytes = null)
    {
        var id = await user.NewImage(name, visibility);
        (await user.Upload(id, bytes ?? Disks.Raw())).Is(204);
        return id;
    }

    public static Task<TestReply> Upload(this TestUser user, string id, byte[] bytes, string what = "file") => user.Put($"{Images}/{id}/{what}", Octets(bytes));

    public static Task<TestReply> Change(this TestUser user, string id, string changes, string mediaType = Patch21) =>
        user.Patch($"{Images}/{id}", new StringContent(changes, MediaTypeHeaderValue.Parse(mediaType)));

    public static ByteArrayContent Octets(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
}
