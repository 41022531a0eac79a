using Nephos.Testing;

namespace Nephos.Nova.Tests;

/// <summary>Apart from the others, since it needs no cloud: it also writes the schema that a cloud starts with.</summary>
public sealed class NovaSchemaTests
{
    [Xunit.Fact]
    public void Schema_IsPinned() => SchemaKit.IsPinned<NovaDb>("Nova");
}
