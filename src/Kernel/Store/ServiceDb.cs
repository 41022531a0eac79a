using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Changes;
using Nephos.Kernel.Sagas;

namespace Nephos.Kernel.Store;

/// <summary>
/// A service's own database: its tables, its sagas, and its log of changes, so that a row, the saga that works on it and the event that tells of it
/// are one commit. Contexts come from <see cref="Store{TDb}"/> only. Queries do not track unless they say so.
/// </summary>
public abstract class ServiceDb(DbContextOptions options) : DbContext(options)
{
    private List<Action>? _afterCommit;

    /// <summary>The service's code name in lower case: file name, PostgreSQL schema.</summary>
    public abstract string ServiceName { get; }

    public DbSet<SagaRow> Sagas => Set<SagaRow>();
    public DbSet<SagaStepRow> SagaSteps => Set<SagaStepRow>();
    public DbSet<ChangeRow> Changes => Set<ChangeRow>();

    /// <summary>Runs after this transaction has committed: pokes, starts of sagas. Must be quick and must not throw.</summary>
    public void AfterCommit(Action action) => (_afterCommit ??= []).Add(action);

    /// <summary>Writes down a change in the same transaction: who did what to which resource.</summary>
    public void Record(RequestContext context, string action, string resourceType, string resourceId, string? projectId = null)
    {
        Changes.Add(ChangeRow.Of(context, action, resourceType, resourceId, projectId));
        // Not before: a transaction may be rolled back and run again.
        if (context.Notes is { } notes) { AfterCommit(() => notes.Add(new(action, resourceType, resourceId, projectId))); }
    }

    /// <summary>Tells those who listen to the channel (<see cref="Store{TDb}.ListenAsync"/>), in this process and others, when this transaction commits. Nothing on SQLite, which has one process.</summary>
    public Task NotifyAsync(string channel) => Database.IsNpgsql() ? Database.ExecuteSqlAsync($"SELECT pg_notify({channel}, '')") : Task.CompletedTask;

    /// <summary>Waits until no other transaction holds a name, and holds it until this one ends, so that what is counted stays as it was. SQLite has one writer at a time anyway.</summary>
    public Task HoldAsync(string name, CancellationToken cancel) => Database.IsNpgsql() ? Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0))", cancel) : Task.CompletedTask;

    internal List<Action>? TakeAfterCommit()
    {
        var actions = _afterCommit;
        _afterCommit = null;
        return actions;
    }

    protected sealed override void OnModelCreating(ModelBuilder modelBuilder)
    {
        SagaRow.Map(modelBuilder);
        ChangeRow.Map(modelBuilder);
        Map(modelBuilder);
        // Columns are named as upstream's people expect them in SQL: snake_case, unless a mapping says otherwise.
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(t => t.GetProperties()))
        {
            if (property.FindAnnotation(RelationalAnnotationNames.ColumnName) is null)
            {
                property.SetColumnName(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
            }
        }
    }

    /// <summary>The service's entities: a literal list of their mappings.</summary>
    protected abstract void Map(ModelBuilder model);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTime>().HaveConversion<UtcConverter>();
    }

    private sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(
        time => DateTime.SpecifyKind(time, DateTimeKind.Utc), time => DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
