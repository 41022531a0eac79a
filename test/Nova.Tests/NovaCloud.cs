using Nephos.Kernel.Api;
using Nephos.Testing;

namespace Nephos.Nova.Tests;

/// <summary>A cloud with Nova in it.</summary>
public class NovaCloud : TestCloud
{
    protected override IReadOnlyList<INephosService>? Services_ => [new NovaService()];
}

/// <summary>Apart from the others, since it needs no cloud: it also writes the schema that a cloud starts with.</summary>
public sealed class NovaSchemaTests
{
    [Xunit.Fact]
    public void Schema_IsPinned() => SchemaKit.IsPinned<NovaDb>("Nova");
}
