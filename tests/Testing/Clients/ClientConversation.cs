using Nephos.Kernel.Processes;
using Shouldly;

namespace Nephos.Testing.Clients;

/// <summary>Has the distribution's Python clients talk to a cloud that listens, as its user would.</summary>
public static class ClientConversation
{
    /// <summary>A client takes seconds to start, and a conversation has many; beside other work on the machine it takes minutes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    /// <summary>Says each command of a conversation and compares what comes back. The program's words are in the conversation's file.</summary>
    /// <param name="cloud">One that listens; its administrator's password is "secret".</param>
    /// <param name="conversation">The file of commands and answers, below the folder of tests.</param>
    /// <param name="commands">The file of all commands that must occur in it, or null.</param>
    /// <param name="words">What stands for what in the commands: <c>name=value</c>.</param>
    public static Task SayAsync(TestCloud cloud, string conversation, string? commands, params string[] words) =>
        RunAsync(cloud, ["Testing/Clients/converse.py", InTests(conversation), commands is null ? "/dev/null" : InTests(commands), cloud.Url + "/identity/v3", "secret", cloud.StateDirectory, .. words]);

    /// <summary>Runs a Python program of the tests to its good end.</summary>
    /// <param name="cloud">Whose way of running programs is used.</param>
    /// <param name="arguments">The program, below the folder of tests, and its arguments.</param>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(TestCloud cloud, params string[] arguments)
    {
        var result = await cloud.Get<IProcessRunner>().RunAsync("/usr/bin/python3", [InTests(arguments[0]), .. arguments[1..]], limit: Limit);
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
        return result.Output;
    }

    private static string InTests(string path) => Path.Combine(Repository.Root, "tests", path);
}
