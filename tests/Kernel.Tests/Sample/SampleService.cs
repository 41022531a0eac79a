using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Signals;
using Nephos.Kernel.Store;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Testing;

namespace Nephos.Kernel.Tests.Sample;

/// <summary>A service with one resource, notes, that uses every shared part: the model for a new service's shape.</summary>
public sealed class SampleService : INephosService
{
    public SampleService()
    {
        Api = new ServiceApi("sample", "sample", "/sample", new SampleErrors(), new VersionScheme("sample", "X-Sample-Version", ApiVersion.Parse("2.1"), ApiVersion.Parse("2.9"), ApiVersion.Parse("2.1")));
        NoteEndpoints.Map(Api.Group("/v2/notes"));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<SampleDb>("sample");
        services.AddSaga<SampleDb, PublishNoteSaga>();
        services.AddSingleton<NoteOperations>();
        services.AddSingleton<Printer>();
    }

    public Task PrepareAsync(IServiceProvider services, CancellationToken cancel) => services.GetRequiredService<Store<SampleDb>>().PrepareAsync(cancel);
}

internal sealed class SampleErrors : IErrorWriter
{
    public void Write(Utf8JsonWriter writer, ApiError error, string requestId)
    {
        writer.WriteStartObject();
        writer.WriteNumber("code", error.Status);
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
    }

    public ApiError Invalid(IReadOnlyList<WireFault> faults) => new BadRequestError($"{string.Join('.', faults[0].Path)}: {faults[0].Sentence}");
    public ApiError Malformed(string what) => new BadRequestError("malformed");
}

public sealed class SampleDb(DbContextOptions<SampleDb> options) : ServiceDb(options)
{
    public override string ServiceName => "sample";
    public DbSet<Note> Notes => Set<Note>();
    protected override void Map(ModelBuilder model) => model.Entity<Note>(note =>
    {
        note.ToTable("notes");
        note.HasKey(n => n.Id);
        note.HasIndex(n => new { n.ProjectId, n.CreatedAt, n.Id });
    });
}

public sealed class Note
{
    public required string Id { get; set; }
    public required string ProjectId { get; set; }
    public required string Title { get; set; }
    public string? Color { get; set; }
    public required DateTime CreatedAt { get; set; }
    public string Status { get; set; } = "DRAFT";
    public long Generation { get; set; }
}

public sealed record CreateNote
{
    [RequiredField, Text(Min = 1, Max = 20)] public required string Title { get; init; }
    [Since("2.5"), NullableField, Text(OneOf = ["red", "blue"])] public string? Color { get; init; }
    [Number(Min = 1, Max = 10, AllowText = true)] public int? Copies { get; init; }
}

public sealed record UpdateNote
{
    public Optional<string> Title { get; init; }
    [NullableField] public Optional<string?> Color { get; init; }
}

public sealed record NoteView(string Id, string Title, string Status, string CreatedAt)
{
    [Since("2.5")] public string? Color { get; init; }
    public static NoteView Of(Note note) => new(note.Id, note.Title, note.Status, WireTime.Seconds(note.CreatedAt)) { Color = note.Color };
}

internal static class NoteEndpoints
{
    public static void Map(ResourceGroup notes)
    {
        notes.Post("", Create).Policy("sample:notes:create", Rules.ProjectMember).Answers(202).Starts("sample.publish-note");
        notes.Get("", List).Policy("sample:notes:list", Rules.ProjectReader).Paged();
        notes.Get("/{id}", Show).PolicyOnRow("sample:notes:show", Rules.ProjectReader);
        notes.Put("/{id}", Update).PolicyOnRow("sample:notes:update", Rules.ProjectMember);
        notes.Get("/{id}/color", Color).PolicyOnRow("sample:notes:color", Rules.ProjectReader).Since("2.5");
        notes.Action("/{id}/action", "os-shout", Shout).PolicyOnRow("sample:notes:shout", Rules.ProjectMember).Answers(202);
        notes.Action("/{id}/action", "os-whisper", Shout).PolicyOnRow("sample:notes:whisper", Rules.ProjectMember).Since("2.9").Answers(202);
        notes.Get("/broken", _ => throw new InvalidOperationException("secret")).NoPolicy("shows the fault wrapper");
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateNote>("note");
        return Reply.Member("note", NoteView.Of(await call.Get<NoteOperations>().CreateAsync(call.Context, request)));
    }

    private static async Task<Reply> List(Call call)
    {
        var page = PageRequest.Of(call.Query, 3);
        return Reply.Member("notes", (await call.Get<NoteOperations>().ListAsync(call.Context, page)).Select(NoteView.Of).ToList());
    }

    private static async Task<Reply> Show(Call call) => Reply.Member("note", NoteView.Of(await Find(call)));

    private static async Task<Reply> Color(Call call) => Reply.Member("color", (await Find(call)).Color);

    private static async Task<Reply> Update(Call call)
    {
        var note = await Find(call);
        var request = await call.BodyAsync<UpdateNote>("note");
        return Reply.Member("note", NoteView.Of(await call.Get<NoteOperations>().UpdateAsync(note, request)));
    }

    private static async Task<Reply> Shout(Call call)
    {
        await Find(call);
        return Reply.Empty();
    }

    private static async Task<Note> Find(Call call)
    {
        var note = await call.Get<NoteOperations>().FindAsync(call.Route("id"));
        if (note is null || !call.AllowsProject("sample:notes:show", note.ProjectId)) { throw new NotFoundError($"Note {call.Route("id")} could not be found."); }
        call.EnforceProject(call.Endpoint.PolicyName!, note.ProjectId);
        return note;
    }
}

internal sealed class NoteOperations(Store<SampleDb> store, SagaEngine<SampleDb> sagas, PublishNoteSaga publish)
{
    private static readonly SortKey<Note> Id = SortKey<Note>.Of("id", n => n.Id);
    private static readonly SortKey<Note>[] Keys = [SortKey<Note>.Of("title", n => n.Title), SortKey<Note>.Of("color", n => n.Color), SortKey<Note>.Of("created_at", n => n.CreatedAt), Id];

    public Task<Note> CreateAsync(RequestContext context, CreateNote request) => store.WriteAsync(async db =>
    {
        var note = new Note { Id = Ids.NewId.Uuid(), ProjectId = context.ProjectId, Title = request.Title, Color = request.Color, CreatedAt = context.Now };
        db.Notes.Add(note);
        db.Record(context, "create", "note", note.Id);
        await sagas.StartAsync(db, publish, new PublishNote(note.Id), "note/" + note.Id, context);
        return note;
    });

    public Task<Note?> FindAsync(string id) => store.ReadAsync(db => db.Notes.FirstOrDefaultAsync(n => n.Id == id));

    public Task<List<Note>> ListAsync(RequestContext context, PageRequest page) => store.ReadAsync(async db =>
    {
        var sorts = page.Resolve(Keys, [new Sort<Note>(Keys[2], true)], Id, name => new BadRequestError($"bad sort key {name}"));
        var query = db.Notes.Where(n => n.ProjectId == context.ProjectId).OrderByKeys(sorts);
        if (page.Marker is { } marker)
        {
            var row = await db.Notes.FirstOrDefaultAsync(n => n.Id == marker && n.ProjectId == context.ProjectId) ?? throw new BadRequestError($"marker [{marker}] not found");
            query = query.After(sorts, row);
        }
        return await query.Take(page.Limit ?? int.MaxValue).ToListAsync();
    });

    public Task<Note> UpdateAsync(Note seen, UpdateNote request) => store.WriteAsync(async db =>
    {
        var note = await db.Notes.AsTracking().FirstAsync(n => n.Id == seen.Id);
        note.Title = request.Title.Or(note.Title);
        note.Color = request.Color.Or(note.Color);
        note.Generation++;
        return note;
    });
}

/// <summary>The world outside: what was printed.</summary>
internal sealed class Printer
{
    public HashSet<string> Printed { get; } = [];
}

public sealed record PublishNote(string NoteId);

/// <summary>Prints a note in two copies and marks it published.</summary>
internal sealed class PublishNoteSaga(Store<SampleDb> store, Printer printer) : Saga<SampleDb, PublishNote>
{
    public override string Name => "sample.publish-note";

    public override IReadOnlyList<SagaStep<PublishNote>> Steps => field ??=
    [
        new("print", Print, Tear),
        new("check", Check, Logged: false),
        new("copy", Copy, TearCopy),
        new("publish", Publish, Unpublish),
    ];

    private Task Print(SagaRun<PublishNote> run)
    {
        lock (printer) { printer.Printed.Add(run.Parameters.NoteId); }
        run.Hand(new PublishNote(run.Parameters.NoteId + "-copy"));
        return Task.CompletedTask;
    }

    private Task Tear(SagaRun<PublishNote> run)
    {
        lock (printer) { printer.Printed.Remove(run.Parameters.NoteId); }
        return Task.CompletedTask;
    }

    private Task Check(SagaRun<PublishNote> run) => Task.CompletedTask;

    private Task Copy(SagaRun<PublishNote> run)
    {
        lock (printer) { printer.Printed.Add(run.Output<PublishNote>("print")!.NoteId); }
        return Task.CompletedTask;
    }

    private Task TearCopy(SagaRun<PublishNote> run)
    {
        if (run.Output<PublishNote>("print") is { } copy) { lock (printer) { printer.Printed.Remove(copy.NoteId); } }
        return Task.CompletedTask;
    }

    private Task Publish(SagaRun<PublishNote> run) => SetStatus(run, "PUBLISHED");
    private Task Unpublish(SagaRun<PublishNote> run) => SetStatus(run, "DRAFT");
    public override Task UndoneAsync(SagaRun<PublishNote> run, string reason) => SetStatus(run, "ERROR: " + reason);

    private Task SetStatus(SagaRun<PublishNote> run, string status) =>
        store.WriteAsync(db => db.Notes.Where(n => n.Id == run.Parameters.NoteId).ExecuteUpdateAsync(u => u.SetProperty(n => n.Status, status)));
}

public sealed class SampleCloud : TestCloud
{
    protected override IReadOnlyList<INephosService> Services_ => [new SampleService()];
}
