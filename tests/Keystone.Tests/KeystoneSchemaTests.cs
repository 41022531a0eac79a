using Nephos.Testing;
using Xunit;

namespace Nephos.Keystone.Tests;

/// <summary>Apart from the others, since it needs no cloud: it also writes the schema that a cloud starts with.</summary>
public sealed class KeystoneSchemaTests
{
    [Fact]
    public void Schema_IsPinned() => SchemaKit.IsPinned<KeystoneDb>("Keystone");
}
