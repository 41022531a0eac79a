using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Glance;
using Nephos.Glance.ImageData;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>One of several Glance processes on one database, with the folders of images and staged bytes that all of them share.</summary>
internal sealed class TwinCloud(PostgresServer server, string shared) : TestCloud
{
    protected override IReadOnlyList<INephosService> Services_ => [new GlanceService()];
    protected override StoreOptions StoreFor(string directory) => new() { Directory = directory, Postgres = server.ConnectionString };
    protected override void Configure(IServiceCollection services) => services.AddSingleton(new GlanceSettings
    {
        Stores = new Dictionary<string, string> { ["file"] = "file:" + Path.Combine(shared, "images") }, StagingDirectory = Path.Combine(shared, "staging"),
    });
}

/// <summary>Two processes answer for the same images: what one took the other imports and deletes, and neither takes away what the other is writing.</summary>
public sealed class SharedImagesTests : IAsyncLifetime
{
    private const string Images = "/image/v2/images";
    private readonly PostgresServer _server = new();
    private readonly string _shared = Directory.CreateTempSubdirectory("nephos-shared-").FullName;
    private TwinCloud _one = null!;
    private TwinCloud _two = null!;

    public async Task InitializeAsync()
    {
        await _server.StartAsync();
        (_one, _two) = (new TwinCloud(_server, _shared), new TwinCloud(_server, _shared));
        await _one.InitializeAsync();
        await _two.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _two.DisposeAsync();
        await _one.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_shared, recursive: true);
    }

    /// <summary>The same project at both.</summary>
    private (TestUser AtOne, TestUser AtTwo) User()
    {
        var one = _one.NewUser();
        return (one, _two.NewUser("member", one.ProjectId));
    }

    private static async Task<string> Make(TestUser user) => (await user.Post(Images, new { name = "i", disk_format = "raw", container_format = "bare" })).Is(201)["id"]!.ToString();

    private static ByteArrayContent Octets(byte[] bytes) => new(bytes) { Headers = { ContentType = new("application/octet-stream") } };

    [Fact]
    public async Task Staged_AtOne_IsImportedAndDeletedAtTheOther()
    {
        var (one, two) = User();
        var (imported, deleted) = (await Make(one), await Make(one));
        var bytes = new byte[100_000];
        (await one.Put($"{Images}/{imported}/stage", Octets(bytes))).Is(204);
        (await one.Put($"{Images}/{deleted}/stage", Octets(bytes))).Is(204);
        (await two.Post($"{Images}/{imported}/import", new { method = new { name = "glance-direct" } })).Is(202);
        await TestCloud.Until(async () => (await one.Get($"{Images}/{imported}")).Is(200)["status"]!.ToString(), s => s == "active", "the import to end");
        (await one.Get($"{Images}/{imported}/file")).Is(200).Bytes.ShouldBe(bytes);
        (await two.Delete($"{Images}/{deleted}")).Is(204);
        Directory.GetFiles(Path.Combine(_shared, "staging")).ShouldBeEmpty();
        Directory.GetFiles(Path.Combine(_shared, "images")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Upload_ThatIsRunning_IsLeftAloneByTheOthersCleaning()
    {
        var (one, two) = User();
        var id = await Make(one);
        using var slow = new HeldContent(new byte[1 << 20]);
        var upload = one.Put($"{Images}/{id}/file", slow);
        await TestCloud.Until(async () => (await two.Get($"{Images}/{id}")).Is(200)["status"]!.ToString(), s => s == "saving", "the upload to begin");
        await TestCloud.Until(() => Task.FromResult(Directory.GetFiles(Path.Combine(_shared, "images")).Length), n => n == 1, "the first bytes to be there");
        (await _two.Get<UploadReconciler>().ReconcileAsync(default)).ShouldStartWith("0 uploads undone, 0 leftover files removed");
        slow.GoOn.SetResult();
        (await upload).Is(204);
        (await two.Get($"{Images}/{id}/file")).Is(200).Bytes.Length.ShouldBe(1 << 20);
    }

    /// <summary>Sends its first half, and the second when it is told.</summary>
    private sealed class HeldContent : HttpContent
    {
        private readonly byte[] _bytes;

        public HeldContent(byte[] bytes)
        {
            _bytes = bytes;
            Headers.ContentType = new("application/octet-stream");
        }

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_bytes.AsMemory(0, _bytes.Length / 2));
            await stream.FlushAsync();
            await GoOn.Task;
            await stream.WriteAsync(_bytes.AsMemory(_bytes.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
