using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Tests.Sample;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Reconcilers;

public sealed class PurgeReconcilerTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nephos-purge-").FullName;
    private Store<SampleDb> _store = null!;

    public Task InitializeAsync()
    {
        _store = new Store<SampleDb>(new StoreOptions { Directory = _directory, Synchronous = "OFF" }, "sample");
        return _store.PrepareAsync();
    }

    public Task DisposeAsync()
    {
        _store.Dispose();
        Directory.Delete(_directory, recursive: true);
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(0, 100, 0)]
    [InlineData(1, 100, 0)]
    [InlineData(3, 100, 2)]
    [InlineData(1500, 100, 1499)]
    [InlineData(3, 10, 0)]
    public async Task OldChanges_GoButForTheNewest_WhichTellsThatTheDatabaseIsNotNew(int changes, int daysOld, int gone)
    {
        var then = TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-daysOld);
        await _store.WriteAsync(db =>
        {
            for (var i = 0; i < changes; i++) { db.Record(RequestContext.ForService("sample", then), "create", "note", $"n{i}"); }
            return Task.CompletedTask;
        });
        var newest = await _store.ReadAsync(db => db.Changes.MaxAsync(c => (long?)c.Revision));
        (await new PurgeReconciler<SampleDb>(_store, new RetentionOptions(), TimeProvider.System).ReconcileAsync(default)).ShouldBe($"0 sagas and {gone} changes purged");
        var left = await _store.ReadAsync(db => db.Changes.Select(c => c.Revision).ToListAsync());
        (left.Count, left.Count == 0 ? null : (long?)left.Max()).ShouldBe((changes - gone, newest));
    }
}
