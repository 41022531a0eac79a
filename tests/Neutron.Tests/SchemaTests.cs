using Nephos.Testing;
using Xunit;

namespace Nephos.Neutron.Tests;

/// <summary>Apart from the others, since it needs no cloud: it also writes the schema that a cloud starts with.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void Schema_IsPinned() => SchemaKit.IsPinned<NeutronDb>("Neutron");
}
