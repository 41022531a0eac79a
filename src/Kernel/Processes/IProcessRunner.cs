namespace Nephos.Kernel.Processes;

/// <summary>The result of an external program that has ended.</summary>
public sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    public bool Ok => ExitCode == 0;
}

/// <summary>Runs external programs: argument arrays, never a shell string; a time limit always; the environment is cleaned to PATH and LANG=C.</summary>
public interface IProcessRunner
{
    /// <summary>Runs a program to its end. A program that outlives the limit is killed with its children and the call throws <see cref="TimeoutException"/>.</summary>
    /// <param name="input">Bytes for standard input; null closes it.</param>
    Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, ReadOnlyMemory<byte>? input = null, TimeSpan? limit = null, CancellationToken cancel = default);
}

/// <summary>An external program ended with an error that its caller cannot go on from.</summary>
public sealed class ProcessFailedException(string program, IReadOnlyList<string> arguments, ProcessResult result)
    : Exception($"{program} ended with {result.ExitCode}: {result.Error.Trim()}")
{
    public string Program { get; } = program;
    public IReadOnlyList<string> Arguments { get; } = arguments;
    public ProcessResult Result { get; } = result;
}

/// <summary>Shorthand for callers who want success or an exception.</summary>
public static class ProcessRunnerExtensions
{
    /// <summary>Runs and answers the standard output; throws <see cref="ProcessFailedException"/> on any other exit code than zero.</summary>
    public static async Task<string> RunOrThrowAsync(this IProcessRunner runner, string program, IReadOnlyList<string> arguments,
        ReadOnlyMemory<byte>? input = null, TimeSpan? limit = null, CancellationToken cancel = default)
    {
        var result = await runner.RunAsync(program, arguments, input, limit, cancel).ConfigureAwait(false);
        return result.Ok ? result.Output : throw new ProcessFailedException(program, arguments, result);
    }
}
