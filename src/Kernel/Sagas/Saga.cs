using System.Text.Json;
using Nephos.Kernel.Auth;

namespace Nephos.Kernel.Sagas;

/// <summary>
/// Work with several effects outside the database and an end. A saga is a list of steps, each with what it does and what takes it back.
/// <list type="bullet">
/// <item>Each step may run twice, after a crash between doing and writing down; each undo too. Both are given the same parameters and ids, never "now" or a fresh id.</item>
/// <item>A failing step unwinds: its own undo first (it may have half happened), then those of the steps before it, in reverse.</item>
/// <item>An undo that fails is tried again with growing pauses; after <see cref="SagaEngine{TDb}.UndoAttempts"/> it is stuck: visible, alarmed, resumable.</item>
/// <item>After a crash the log tells what was done; a saga resumes where it was.</item>
/// </list>
/// Not chosen: a queue of messages (its order and its loss are another state to repair), compensation by a sweeper (it must guess), and code that awaits
/// across restarts (its state cannot be read by an operator).
/// </summary>
public abstract class Saga<TDb> where TDb : Store.ServiceDb
{
    /// <summary>Stored name: <c>nova.build-server</c>. Never changed.</summary>
    public abstract string Name { get; }

    /// <summary>Raised when the steps change meaning; an old definition stays until no row uses it.</summary>
    public virtual int Version => 1;

    internal abstract IReadOnlyList<string> StepNames { get; }
    internal abstract ISagaRun Open(SagaRow row, RequestContext context);
}

/// <summary>A saga with its parameters.</summary>
/// <typeparam name="TDb">The service's database, where its log lives.</typeparam>
/// <typeparam name="TParameters">A record of ids and plain values, stored as JSON; no secrets.</typeparam>
public abstract class Saga<TDb, TParameters> : Saga<TDb> where TDb : Store.ServiceDb where TParameters : class
{
    /// <summary>The steps in order: the table of contents, at the top of the class.</summary>
    public abstract IReadOnlyList<SagaStep<TParameters>> Steps { get; }

    /// <summary>Called when everything is undone, with the reason: put the resource into its error state. May run twice.</summary>
    public virtual Task UndoneAsync(SagaRun<TParameters> run, string reason) => Task.CompletedTask;

    internal sealed override IReadOnlyList<string> StepNames => [.. Steps.Select(s => s.Name)];

    internal sealed override ISagaRun Open(SagaRow row, RequestContext context) =>
        new SagaRun<TParameters>(row.Id, JsonSerializer.Deserialize<TParameters>(row.Parameters)!, context, Steps, UndoneAsync);
}

/// <summary>One step.</summary>
/// <param name="Name">Stored; never changed.</param>
/// <param name="Do">Does it; may run twice.</param>
/// <param name="Undo">Takes it back; may run twice, and also when <paramref name="Do"/> failed half-way. Null: nothing to take back.</param>
/// <param name="Logged">False: its end is written down together with the next step's, which saves a commit; fine for steps that only look or compute, since it may run again after a crash.</param>
public sealed record SagaStep<TParameters>(string Name, Func<SagaRun<TParameters>, Task> Do, Func<SagaRun<TParameters>, Task>? Undo = null, bool Logged = true)
    where TParameters : class;

internal interface ISagaRun
{
    Dictionary<string, string> Outputs { get; }
    CancellationToken Cancel { get; set; }
    string? PendingOutput { get; set; }
    bool HasUndo(int position);
    bool IsLogged(int position);
    Task DoAsync(int position);
    Task UndoAsync(int position);
    Task UndoneAsync(string reason);
}

/// <summary>What a step is given.</summary>
public sealed class SagaRun<TParameters> : ISagaRun where TParameters : class
{
    private readonly IReadOnlyList<SagaStep<TParameters>> _steps;
    private readonly Func<SagaRun<TParameters>, string, Task> _undone;
    private readonly Dictionary<string, string> _outputs = new(StringComparer.Ordinal);
    private string? _pending;

    internal SagaRun(string sagaId, TParameters parameters, RequestContext context, IReadOnlyList<SagaStep<TParameters>> steps, Func<SagaRun<TParameters>, string, Task> undone)
    {
        SagaId = sagaId;
        Parameters = parameters;
        Context = context;
        _steps = steps;
        _undone = undone;
    }

    public string SagaId { get; }
    public TParameters Parameters { get; }
    /// <summary>The cloud's own rights, with the request id and the project and user of whoever started the saga. Its time is when the saga was started.</summary>
    public RequestContext Context { get; }
    /// <summary>Ends when the saga is aborted or the program stops; undo steps see only the latter.</summary>
    public CancellationToken Cancel { get; private set; }

    /// <summary>What a step keeps in memory for the next ones, to spare them a query; null after a crash. Never what a later step must see as it is then.</summary>
    public object? Kept { get; set; }

    /// <summary>What an earlier step handed on, or null when it handed on nothing (in an undo: when it did not get that far).</summary>
    public T? Output<T>(string step) where T : class => _outputs.TryGetValue(step, out var json) ? JsonSerializer.Deserialize<T>(json) : null;

    /// <summary>Hands a value on to later steps and to the undos. Written down when the step ends.</summary>
    public void Hand<T>(T value) where T : class => _pending = JsonSerializer.Serialize(value);

    Dictionary<string, string> ISagaRun.Outputs => _outputs;
    CancellationToken ISagaRun.Cancel { get => Cancel; set => Cancel = value; }
    string? ISagaRun.PendingOutput { get => _pending; set => _pending = value; }
    bool ISagaRun.HasUndo(int position) => _steps[position].Undo is not null;
    bool ISagaRun.IsLogged(int position) => _steps[position].Logged;
    Task ISagaRun.DoAsync(int position) => _steps[position].Do(this);
    Task ISagaRun.UndoAsync(int position) => _steps[position].Undo!(this);
    Task ISagaRun.UndoneAsync(string reason) => _undone(this, reason);
}
