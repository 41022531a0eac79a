using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Tests.Sample;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Stores;

/// <summary>Connections and the statements they have planned go from one use to the next; nothing else may.</summary>
public sealed class StoreTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nephos-store-").FullName;
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

    private static Note NewNote(string title) => new() { Id = NewId.Uuid(), ProjectId = "p", Title = title, CreatedAt = DateTime.UnixEpoch };

    [Fact]
    public async Task Write_AmongFailingOnesAndReaders_IsWhole()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(async () =>
        {
            try
            {
                await _store.WriteAsync(async db =>
                {
                    db.Notes.Add(NewNote($"n{i}"));
                    await db.SaveChangesAsync();
                    await db.Notes.Where(n => n.Title == $"n{i}").ExecuteUpdateAsync(u => u.SetProperty(n => n.Color, "red"));
                    if (i % 3 == 0) { throw new InvalidOperationException("undo"); }
                });
            }
            catch (InvalidOperationException) { i = -i; }
            await _store.ReadAsync(async db =>
            {
                // More readers at once than connections are kept, so that some close.
                await Task.Yield();
                (await db.Notes.CountAsync(n => n.Color == null)).ShouldBe(0);
                return await db.Notes.FirstOrDefaultAsync(n => n.Title == $"n{i}");
            });
        })));
        var titles = await _store.ReadAsync(db => db.Notes.Select(n => n.Title).ToListAsync());
        titles.Order().ShouldBe(Enumerable.Range(0, 300).Where(i => i % 3 != 0).Select(i => $"n{i}").Order());
    }

    [Fact]
    public async Task Write_ThatFails_LeavesNothingToTheNext()
    {
        var pokes = 0;
        await Should.ThrowAsync<InvalidOperationException>(_store.WriteAsync(db =>
        {
            db.Notes.Add(NewNote("lost"));
            db.AfterCommit(() => pokes++);
            throw new InvalidOperationException("fails");
        }));
        await _store.WriteAsync(db => Task.CompletedTask);
        await _store.ReadAsync(db => { db.Notes.Add(NewNote("never saved")); return Task.FromResult(0); });
        await _store.WriteAsync(db => Task.CompletedTask);
        (await _store.ReadAsync(db => db.Notes.AnyAsync())).ShouldBeFalse();
        pokes.ShouldBe(0);
    }

    [Fact]
    public async Task Read_BesideWrites_SeesOneMoment()
    {
        await _store.WriteAsync(db => { db.Notes.Add(NewNote("first")); return Task.CompletedTask; });
        await _store.ReadAsync(async db =>
        {
            (await db.Notes.CountAsync()).ShouldBe(1);
            await _store.WriteAsync(other => { other.Notes.Add(NewNote("second")); return Task.CompletedTask; });
            (await db.Notes.CountAsync()).ShouldBe(1);
            return 0;
        });
        await Should.ThrowAsync<InvalidOperationException>(_store.ReadAsync<int>(async db =>
        {
            await db.Notes.CountAsync();
            throw new InvalidOperationException("fails");
        }));
        (await _store.ReadAsync(db => db.Notes.CountAsync())).ShouldBe(2);
        await _store.WriteAsync(db => db.Notes.ExecuteDeleteAsync());
        (await _store.ReadAsync(db => db.Notes.CountAsync())).ShouldBe(0);
    }

    [Fact]
    public async Task Query_InsideItself_HasAStatementOfItsOwn()
    {
        await _store.WriteAsync(async db => { for (var i = 0; i < 3; i++) { db.Notes.Add(NewNote("same")); } await db.SaveChangesAsync(); });
        var seen = await _store.ReadAsync(async db =>
        {
            var pairs = 0;
            await foreach (var note in db.Notes.Where(n => n.Title == "same").AsAsyncEnumerable())
            {
                await foreach (var other in db.Notes.Where(n => n.Title == "same").AsAsyncEnumerable()) { pairs++; }
            }
            return pairs;
        });
        seen.ShouldBe(9);
    }

    [Fact]
    public async Task Statements_WithoutEnd_AreNotKeptForEver()
    {
        for (var i = 0; i < 600; i++)
        {
            var sql = $"SELECT {i} AS \"Value\"";
            (await _store.ReadAsync(db => db.Database.SqlQueryRaw<int>(sql).ToListAsync())).ShouldBe([i]);
        }
    }

    [Fact]
    public async Task Statement_AfterTheSchemaChanged_IsPlannedAnew()
    {
        await _store.WriteAsync(async db => { db.Notes.Add(NewNote("a")); await db.SaveChangesAsync(); });
        (await _store.ReadAsync(db => db.Notes.CountAsync(n => n.Title == "a"))).ShouldBe(1);
        await using (var other = await _store.OpenAsync())
        {
            await using var command = other.CreateCommand();
            command.CommandText = "CREATE INDEX later ON notes (title)";
            await command.ExecuteNonQueryAsync();
        }
        (await _store.ReadAsync(db => db.Notes.CountAsync(n => n.Title == "a"))).ShouldBe(1);
    }
}
