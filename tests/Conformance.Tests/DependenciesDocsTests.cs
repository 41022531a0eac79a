using System.Text.RegularExpressions;
using System.Xml.Linq;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

public sealed partial class DependenciesDocsTests
{
    [Fact]
    public void Dependencies_OfTheBuild_AreEachExplainedOnce()
    {
        var used = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion").Select(p => p.Attribute("Include")!.Value);
        var told = Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/dependencies.md"))).Select(m => m.Groups[1].Value);
        told.ShouldBe(used, ignoreOrder: true, "each package has one line in docs/dependencies.md, and each line a package");
    }

    [GeneratedRegex(@"^\| ([A-Z]\w*(?:\.\w+)*|xunit[.\w]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
