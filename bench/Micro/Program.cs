using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Nephos.Bench;

/// <summary>Benchmarks of inner loops: <c>bench/micro</c>. In this process, so that nothing is built or restored while measuring.</summary>
internal static class Program
{
    private static void Main(string[] arguments) => BenchmarkSwitcher.FromTypes([typeof(IdentityBench), typeof(WireBench)]).Run(
        arguments.Length > 0 ? arguments : ["--filter", "*"], DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)).WithArtifactsPath(Path.Combine(Path.GetTempPath(), "nephos-micro")));
}
