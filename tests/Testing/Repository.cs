using Shouldly;

namespace Nephos.Testing;

/// <summary>The working tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder with Nephos.slnx.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>
    /// A generated file is what the program would generate now. With <c>NEPHOS_REGENERATE=1</c> in the environment it is written instead,
    /// to be looked at and committed.
    /// </summary>
    public static void ShouldHold(string path, string generated)
    {
        var file = Path.Combine(Root, path);
        if (Environment.GetEnvironmentVariable("NEPHOS_REGENERATE") == "1")
        {
            File.WriteAllText(file, generated);
        }

        (File.Exists(file) ? File.ReadAllText(file) : "").ShouldBe(generated, $"{path} is out of date: run the test with NEPHOS_REGENERATE=1 and commit the file");
    }

    private static string Find(string directory) =>
        File.Exists(Path.Combine(directory, "Nephos.slnx")) ? directory
        : Path.GetDirectoryName(directory) is { } parent ? Find(parent)
        : throw new InvalidOperationException("Nephos.slnx is in no folder above the tests");
}
