namespace Nephos.Node.Tests.Guests;

/// <summary>A folder that goes away with its test. Its name is short, because sockets in it must fit into 107 characters.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("nn-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
