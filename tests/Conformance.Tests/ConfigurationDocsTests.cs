using Nephos.Host;
using Nephos.Kernel.Configuration;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

public sealed class ConfigurationDocsTests
{
    private static readonly Dictionary<string, string> Nothing = new(StringComparer.Ordinal);

    [Fact]
    public void Markdown_OfAllSections_IsInTheDocs() => Repository.ShouldHold("docs/configuration.md", ConfigDocs.Markdown(SectionList.All));

    [Fact]
    public void Example_OfAllSections_IsInTheDocsAndLoads()
    {
        Repository.ShouldHold("docs/nephos.example.yaml", ConfigDocs.Example(SectionList.All));
        Should.NotThrow(() => ConfigFile.Load(Path.Combine(Repository.Root, "docs/nephos.example.yaml"), Nothing, SectionList.All));
    }
}
