using System.Net;
using Nephos.Kernel.Configuration;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Configuration;

public sealed class ConfigFileTests : IDisposable
{
    private static readonly IReadOnlyList<ConfigSection> Sections = [NephosSettings.Section, ConfigSection.Of<SampleSettings>("sample", "A sample.")];
    private readonly string _directory = Directory.CreateTempSubdirectory("nephos-config-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public void Load_EmptyFile_GivesDefaults()
    {
        var config = Load("# nothing but a comment\n");
        var nephos = config.Get<NephosSettings>();
        nephos.Region.ShouldBe("RegionOne");
        nephos.Listen.ShouldBe(new IPEndPoint(IPAddress.Loopback, 8700));
        nephos.Database.Synchronous.ShouldBe(Synchronous.Full);
        nephos.Roles.ShouldBe([Role.Api, Role.Worker, Role.Node]);
    }

    [Fact]
    public void Load_EveryKind_IsRead()
    {
        var config = Load("""
            listen: "[::1]:99"
            drivers: fake
            roles: [api, worker]
            public_network:
              cidr: 10.9.0.0/16
              gateway: 10.9.255.254
              outbound: no
            telemetry: { otlp_endpoint: "http://collector:4318" }
            retention:
              events: 90m
              audit: 0
            sample:
              ratio: 1.5
              count: 7
              color: red
              names: [a, "b c"]
              bridges: { public: br-x }
              inner: { size: 12 }
            """);
        var nephos = config.Get<NephosSettings>();
        nephos.Listen.ShouldBe(new IPEndPoint(IPAddress.IPv6Loopback, 99));
        nephos.UsesRealDrivers.ShouldBeFalse();
        nephos.Roles.ShouldBe([Role.Api, Role.Worker]);
        nephos.PublicNetwork.Cidr.ToString().ShouldBe("10.9.0.0/16");
        nephos.PublicNetwork.Outbound.ShouldBeFalse();
        nephos.Telemetry.OtlpEndpoint.ShouldBe(new Uri("http://collector:4318"));
        nephos.Retention.Events.ShouldBe(TimeSpan.FromMinutes(90));
        nephos.Retention.Audit.ShouldBe(TimeSpan.Zero);
        var sample = config.Get<SampleSettings>();
        (sample.Ratio, sample.Count, sample.Color, sample.Inner.Size).ShouldBe((1.5, 7, "red", 12L));
        sample.Names.ShouldBe(["a", "b c"]);
        sample.Bridges["public"].ShouldBe("br-x");
    }

    [Fact]
    public void Load_ManyMistakes_AreAllToldWithTheirLines()
    {
        var errors = Errors("""
            regoin: here
            listen: 80
            drivers: maybe
            database:
              provider: postgres
            public_network:
              cidr: 10.0.0.0/99
              gateway: [1]
            retention: 5
            sample:
              count: 11
              ratio: many
              color: green
              names: a
              innner: { size: 1 }
              inner: { size: x }
            """);
        errors.Select(e => (e.Line, e.Key)).ShouldBe(
        [
            (1, "regoin"), (2, "listen"), (3, "drivers"), (7, "public_network.cidr"), (8, "public_network.gateway"), (9, "retention"), (11, "sample.count"),
            (12, "sample.ratio"), (13, "sample.color"), (14, "sample.names"), (15, "sample.innner"), (16, "sample.inner.size"), (0, "database.connection"),
        ],
            ignoreOrder: true);
        errors.Single(e => e.Key == "regoin").Message.ShouldBe("no such key; did you mean region?");
        errors.Single(e => e.Key == "drivers").Message.ShouldBe("expected auto | real | fake, found 'maybe'");
        errors.Single(e => e.Key == "sample.count").Message.ShouldBe("expected whole number, 1 to 10, found '11'");
    }

    [Fact]
    public void Load_BrokenYamlOrNoFile_SaysWhere()
    {
        Errors("region: {\n").ShouldHaveSingleItem().Line.ShouldBeGreaterThan(0);
        Errors("region: a\nregion: b\n").ShouldHaveSingleItem().Line.ShouldBe(2);
        Errors("just text").ShouldHaveSingleItem().Message.ShouldBe("expected keys with values");
        Should.Throw<ConfigException>(() => ConfigFile.Load(Path.Combine(_directory, "none.yaml"), Environment(), Sections)).Errors.ShouldHaveSingleItem();
    }

    [Fact]
    public void Load_EnvironmentAndOptions_WinInThisOrder()
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal) { ["listen"] = "127.0.0.1:3" };
        var config = Load(
            "region: a\nlisten: 127.0.0.1:1\n",
            Environment(("NEPHOS_LISTEN", "127.0.0.1:2"), ("NEPHOS_ROLES", "api, node"), ("NEPHOS_SAMPLE__INNER__SIZE", "3"), ("NEPHOS_SAMPLE__BRIDGES", "{a: b}"), ("NEPHOS_SERVICE_HOST", "x")),
            options);
        config.Get<NephosSettings>().Listen.Port.ShouldBe(3);
        config.Get<NephosSettings>().Roles.ShouldBe([Role.Api, Role.Node]);
        config.Get<SampleSettings>().Inner.Size.ShouldBe(3);
        config.Get<SampleSettings>().Bridges["a"].ShouldBe("b");
    }

    [Fact]
    public void Load_GroupsByName_AreReadFromFileAndEnvironment()
    {
        var named = Load("sample:\n  named:\n    one: {size: 1}\n    two:\n", Environment(("NEPHOS_SAMPLE__NAMED__ONE__WORD", "x"), ("NEPHOS_SAMPLE__NAMED__THREE__SIZE", "3"))).Get<SampleSettings>().Named;
        named.Select(n => $"{n.Key} {n.Value.Size} {n.Value.Word}").Order().ShouldBe(["one 1 x", "three 3 ", "two 0 "]);
        Load("").Get<SampleSettings>().Named.ShouldBeEmpty();
        Errors("sample:\n  named:\n    one: {sizes: 1}\n  count: x\n").Select(e => $"{e.Line} {e.Key}").ShouldContain("3 sample.named.one.sizes");
        Errors("sample:\n  named: [a]\n").ShouldHaveSingleItem().Message.ShouldBe("expected names with keys below them");
    }

    [Fact]
    public void Load_WrongEnvironment_NamesTheVariable()
    {
        var errors = Should.Throw<ConfigException>(() => Load("", Environment(("NEPHOS_SAMPLE__CONUT", "1"), ("NEPHOS_SAMPLE__COUNT", "x"), ("NEPHOS_REGION__X", "1")))).Errors;
        errors.Select(e => e.Source).ShouldBe(["NEPHOS_REGION__X", "NEPHOS_SAMPLE__CONUT", "NEPHOS_SAMPLE__COUNT"]);
        errors[1].Message.ShouldBe("no such key; did you mean count?");
    }

    [Fact]
    public void Load_WrongSecret_IsNotPrinted() => Errors("sample: { token: [geheim] }").ShouldHaveSingleItem().ToString().ShouldNotContain("geheim");

    [Fact]
    public void Check_ValuesThatDoNotFitTogether_NameTheLineOfTheKey()
    {
        var errors = Errors("tls:\n  certificate: /nowhere/tls.crt\npublic_network:\n  gateway: 10.0.0.1\n  pool_start: 172.24.4.9\n  pool_end: 172.24.4.2\n");
        errors.Select(e => (e.Key, e.Line)).ShouldBe([("tls.key", 0), ("tls.certificate", 2), ("public_network.gateway", 4), ("public_network.pool_end", 6)], ignoreOrder: true);
    }

    [Fact]
    public void Example_OfTheDeclarations_LoadsToTheDefaults()
    {
        var config = Load(ConfigDocs.Example(Sections));
        config.Get<SampleSettings>().Ratio.ShouldBe(2);
        config.Get<SampleSettings>().Note.ShouldBe("it's: 'quoted'");
        config.Get<NephosSettings>().PublicNetwork.ShouldBe(new PublicNetworkSettings());
    }

    [Fact]
    public void Markdown_EveryKey_HasARow()
    {
        var text = ConfigDocs.Markdown(Sections);
        text.ShouldContain("| `sample.count` | whole number, 1 to 10 | `2` | How many. |");
        text.ShouldContain("| `database.provider` | sqlite \\| postgres | `sqlite` |");
        text.ShouldContain("| `sample.inner.size` | whole number | none | How large. |");
    }

    private static Dictionary<string, string> Environment(params (string Name, string Value)[] variables) => variables.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal);

    private IReadOnlyList<ConfigError> Errors(string text) => Should.Throw<ConfigException>(() => Load(text)).Errors;

    private ConfigFile Load(string text, Dictionary<string, string>? environment = null, Dictionary<string, string>? options = null)
    {
        var path = Path.Combine(_directory, "nephos.yaml");
        File.WriteAllText(path, text);
        return ConfigFile.Load(path, environment ?? Environment(), Sections, options);
    }
}

public sealed record SampleSettings
{
    [Setting("Any number of groups.")]
    public IReadOnlyDictionary<string, NamedSettings> Named { get; init; } = new Dictionary<string, NamedSettings>();

    [Setting("A factor.", Minimum = 0)]
    public double Ratio { get; init; } = 2;

    [Setting("How many.", Minimum = 1, Maximum = 10)]
    public int Count { get; init; } = 2;

    [Setting("Which color.", Allowed = ["red", "blue"])]
    public string Color { get; init; } = "blue";

    [Setting("A note.")]
    public string Note { get; init; } = "it's: 'quoted'";

    [Setting("A secret.", Secret = true)]
    public string? Token { get; init; }

    [Setting("Names.")]
    public IReadOnlyList<string> Names { get; init; } = [];

    [Setting("Bridges.")]
    public IReadOnlyDictionary<string, string> Bridges { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    [Setting("More.")]
    public InnerSettings Inner { get; init; } = new();
}

public sealed record InnerSettings
{
    [Setting("How large.")]
    public long? Size { get; init; }
}

public sealed record NamedSettings
{
    [Setting("A number.")]
    public int Size { get; init; }

    [Setting("A text.")]
    public string? Word { get; init; }
}
