using System.Globalization;
using System.Text;
using System.Text.Json;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Wire;

/// <summary>Rows written straight into answers.</summary>
public sealed class WireViewTests
{
    private sealed record Row(string Name, bool Hidden = false);

    private static readonly WireView<Row> View = new WireView<Row>()
        .Text("name", r => r.Name)
        .Text("old", _ => "o").Until("2.3")
        .Flag("hidden", r => r.Hidden).Since("2.5")
        .Number("only", _ => 1).When(r => r.Hidden)
        .Texts("tags", r => r.Hidden ? null : ["ä", "\""])
        .Json("more", (writer, _) => writer.WriteRawValue("""{"a":[]}"""));

    private static string Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = WireJson.Encoder })) { write(writer); }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    [Theory]
    [InlineData("2.1", """{"name":"<é>","old":"o","tags":["ä","\""],"more":{"a":[]}}""")]
    [InlineData("2.3", """{"name":"<é>","old":"o","tags":["ä","\""],"more":{"a":[]}}""")]
    [InlineData("2.4", """{"name":"<é>","tags":["ä","\""],"more":{"a":[]}}""")]
    [InlineData("2.5", """{"name":"<é>","hidden":false,"tags":["ä","\""],"more":{"a":[]}}""")]
    public void In_AVersion_HasItsMembersInTheirOrder(string version, string wanted) =>
        Written(writer => View.In(ApiVersion.Parse(version))(writer, new Row("<é>"))).ShouldBe(wanted);

    [Fact]
    public void In_ServicesWithoutVersions_HaveAllMembers() =>
        Written(writer => View.In(ApiVersion.None)(writer, new Row("n", Hidden: true))).ShouldBe("""{"name":"n","old":"o","hidden":true,"only":1,"tags":null,"more":{"a":[]}}""");

    [Fact]
    public void Times_OfAnyYear_AreWrittenAsUpstreamHasThem()
    {
        var random = new Random(1);
        for (var i = 0; i < 10_000; i++)
        {
            var time = new DateTime(random.NextInt64(DateTime.MaxValue.Ticks), DateTimeKind.Utc);
            var (seconds, micros) = (time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), time.ToString("yyyy-MM-dd'T'HH:mm:ss'.'ffffff", CultureInfo.InvariantCulture));
            WireTime.Seconds(time).ShouldBe(seconds);
            WireTime.Micros(time).ShouldBe(micros);
            Written(writer => writer.WriteSeconds(time)).ShouldBe($"\"{seconds}\"");
            Written(writer => writer.WriteMicros(time)).ShouldBe($"\"{micros}\"");
        }
        Written(writer => writer.WriteMicros(null)).ShouldBe("null");
    }
}
