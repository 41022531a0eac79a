using Nephos.Testing;
using Xunit;

namespace Nephos.Placement.Tests;

public sealed class SchemaTests
{
    [Fact]
    public void Schema_IsPinned() => SchemaKit.IsPinned<PlacementDb>("Placement");
}
