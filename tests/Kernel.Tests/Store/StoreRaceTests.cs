using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Tests.Sample;
using Nephos.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Stores;

/// <summary>Transactions that meet on PostgreSQL, where there may be many writers.</summary>
public sealed class StoreRaceTests : IAsyncLifetime
{
    private readonly PostgresServer _server = new();
    private Store<SampleDb> _store = null!;

    public async Task InitializeAsync()
    {
        await _server.StartAsync();
        _store = new Store<SampleDb>(new StoreOptions { Directory = Path.GetTempPath(), Postgres = _server.ConnectionString }, "sample");
        await _store.PrepareAsync();
    }

    public async Task DisposeAsync()
    {
        _store.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Write_ThatMeetsAnotherCrosswise_RunsAgainAndLosesNothing()
    {
        var notes = new[] { NewId.Uuid(), NewId.Uuid() };
        await _store.WriteAsync(db =>
        {
            foreach (var id in notes) { db.Notes.Add(new Note { Id = id, ProjectId = "p", Title = "", CreatedAt = DateTime.UnixEpoch }); }
            return Task.CompletedTask;
        });
        var (runs, commits) = (0, 0);
        var holding = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        // Each has the row that the other wants before it asks for its second one.
        Task Cross(int mine) => _store.WriteAsync(async db =>
        {
            Interlocked.Increment(ref runs);
            db.AfterCommit(() => Interlocked.Increment(ref commits));
            await Append(db, notes[mine]);
            holding[mine].TrySetResult();
            await holding[1 - mine].Task;
            await Append(db, notes[1 - mine]);
        });
        await Task.WhenAll(Cross(0), Cross(1));
        runs.ShouldBe(3);
        commits.ShouldBe(2);
        (await _store.ReadAsync(db => db.Notes.Select(n => n.Title).ToListAsync())).ShouldBe(["xx", "xx"]);
    }

    [Fact]
    public async Task Write_ThatLosesEveryTime_FailsAtLast()
    {
        var runs = 0;
        await Should.ThrowAsync<PostgresException>(_store.WriteAsync(_ =>
        {
            runs++;
            throw new PostgresException("", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure);
        }));
        runs.ShouldBe(5);
    }

    [Fact]
    public async Task Write_OvertakenBetweenLookAndWrite_SeesWhoCame()
    {
        var id = NewId.Uuid();
        var overtaken = false;
        await Should.ThrowAsync<ConflictError>(_store.WriteAsync(async db =>
        {
            if (await db.Notes.AnyAsync(n => n.Id == id)) { throw new ConflictError("taken"); }
            if (!overtaken)
            {
                overtaken = true;
                await _store.WriteAsync(other => Insert(other, id));
            }
            await Insert(db, id);
        }));
    }

    [Fact]
    public async Task Write_OfARowThatGoesMeanwhile_SeesThatItIsGone()
    {
        var id = NewId.Uuid();
        await _store.WriteAsync(db => Insert(db, id));
        var found = new List<bool>();
        await _store.WriteAsync(async db =>
        {
            var note = await db.Notes.AsTracking().FirstOrDefaultAsync(n => n.Id == id);
            found.Add(note is not null);
            if (note is null) { return; }
            note.Title = "new";
            await _store.WriteAsync(other => other.Notes.Where(n => n.Id == id).ExecuteDeleteAsync());
        });
        found.ShouldBe([true, false]);
    }

    [Fact]
    public async Task Write_ThatIsWrong_IsTriedOnceMoreAndFails()
    {
        var id = NewId.Uuid();
        await _store.WriteAsync(db => Insert(db, id));
        var runs = 0;
        await Should.ThrowAsync<DbUpdateException>(_store.WriteAsync(db => { runs++; return Insert(db, id); }));
        runs.ShouldBe(2);
    }

    private static Task Insert(SampleDb db, string id)
    {
        db.Notes.Add(new Note { Id = id, ProjectId = "p", Title = "", CreatedAt = DateTime.UnixEpoch });
        return Task.CompletedTask;
    }

    private static Task<int> Append(SampleDb db, string id) => db.Notes.Where(n => n.Id == id).ExecuteUpdateAsync(u => u.SetProperty(n => n.Title, n => n.Title + "x"));
}
