using System.Reflection;
using Nephos.Host;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>The borders of the house. Each rule has a sample that it must catch.</summary>
public sealed class ArchitectureTests
{
    private static readonly string[] ServiceNames = [.. ServiceList.All().Select(s => s.GetType().Assembly.GetName().Name!)];

    [Fact]
    public void Services_ReferToKernelAndContractsOnly()
    {
        foreach (var service in ServiceList.All()) { Neighbours(service.GetType().Assembly).ShouldBeEmpty(service.Api.Name); }
    }

    [Fact]
    public void Services_GivenTheHost_TheRuleBites() => Neighbours(typeof(ServiceList).Assembly).Count.ShouldBe(ServiceNames.Length);

    [Fact]
    public void Sources_AreNotMegaFiles() => TooLong(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories), 600).ShouldBeEmpty();

    [Fact]
    public void Sources_GivenALowLimit_TheRuleBites() => TooLong(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories), 10).ShouldNotBeEmpty();

    private static List<string> Neighbours(Assembly assembly) =>
        [.. assembly.GetReferencedAssemblies().Select(r => r.Name!).Where(r => ServiceNames.Contains(r) && r != assembly.GetName().Name)];

    private static List<string> TooLong(IEnumerable<string> files, int limit) =>
        [.. files.Where(f => !f.Contains("/obj/", StringComparison.Ordinal)).Select(f => (f, File.ReadLines(f).Count())).Where(f => f.Item2 > limit).Select(f => $"{f.f}: {f.Item2} lines")];
}
