namespace Nephos.Host;

internal static class Program
{
    private static int Main(string[] arguments) => arguments.Length;
}
