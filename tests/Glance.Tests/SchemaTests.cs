using Nephos.Testing;
using Xunit;

namespace Nephos.Glance.Tests;

public sealed class SchemaTests
{
    [Fact]
    public void Schema_IsPinned() => SchemaKit.IsPinned<GlanceDb>("Glance");
}
