using System.Diagnostics;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Nephos.Keystone.Federation.Mappings;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>Mappings as in upstream's tests (<c>mapping_fixtures.py</c>, <c>contrib/federation/test_utils.py</c>): what they give, not how.</summary>
public sealed class MappingEngineTests
{
    private static readonly Dictionary<string, string> Employee = new() { ["Email"] = "tim@example.com", ["UserName"] = "tbo", ["FirstName"] = "Tim", ["LastName"] = "Bo", ["orgPersonType"] = "Employee;BuildingX" };

    private static MappedIdentity Run(string rules, Dictionary<string, string> assertion, string version = "1.0")
    {
        var json = JsonSerializer.Deserialize<JsonElement>(rules.Replace('`', '"'));
        MappingSchema.Check(version, JsonSerializer.SerializeToElement(new { rules = json })).ShouldBeEmpty();
        return MappingEngine.Process(version, json, Assertion.OfTexts(assertion));
    }

    [Theory]
    [InlineData("{`type`:`orgPersonType`,`not_any_of`:[`Contractor`]},{`type`:`LastName`,`any_one_of`:[`Bo`]}", true)]
    [InlineData("{`type`:`orgPersonType`,`not_any_of`:[`Employee`]}", false)]
    [InlineData("{`type`:`orgPersonType`,`any_one_of`:[`Manager`,`BuildingX`]}", true)]
    [InlineData("{`type`:`orgPersonType`,`any_one_of`:[`Manager`]}", false)]
    [InlineData("{`type`:`Email`,`any_one_of`:[`.*@example.com$`],`regex`:true}", true)]
    [InlineData("{`type`:`Email`,`any_one_of`:[`.*@example.com$`],`regex`:false}", false)]
    [InlineData("{`type`:`Email`,`not_any_of`:[`example`],`regex`:true}", false)]
    [InlineData("{`type`:`Email`,`any_one_of`:[`^(?P<who>t)im@.*\\\\Z`],`regex`:true}", true)]
    [InlineData("{`type`:`Email`,`any_one_of`:[`^(?!tim)`],`regex`:true}", false)]
    [InlineData("{`type`:`Nothing`}", false)]
    public void Requirement_MetOrNot_DecidesTheRule(string remote, bool counts)
    {
        var rules = $"[{{`local`:[{{`user`:{{`name`:`{{0}}`}}}},{{`group`:{{`id`:`0cd5e9`}}}}],`remote`:[{{`type`:`UserName`}},{remote}]}}]";
        if (!counts)
        {
            Should.Throw<MappingFailure>(() => Run(rules, Employee)).IsMappings.ShouldBeFalse();
            return;
        }
        var mapped = Run(rules, Employee);
        (mapped.User.Name, mapped.User.IsLocal).ShouldBe(("tbo", false));
        mapped.GroupIds.ShouldBe(["0cd5e9"]);
    }

    [Fact]
    public void DirectMaps_CountOnlyWhatHandsOn()
    {
        var mapped = Run("[{`local`:[{`user`:{`name`:`{0} {1}`,`email`:`{2}`}}],`remote`:[{`type`:`FirstName`},{`type`:`orgPersonType`,`any_one_of`:[`Employee`]},{`type`:`LastName`},{`type`:`Email`}]}]", Employee);
        (mapped.User.Name, mapped.User.Email).ShouldBe(("Tim Bo", "tim@example.com"));
    }

    [Theory]
    [InlineData("`whitelist`:[`Employee`,`Boss`]", "1.0", new[] { "Employee" })]
    [InlineData("`blacklist`:[`Employee`]", "1.0", new[] { "BuildingX" })]
    [InlineData("`whitelist`:[`^Emp`,`X$`],`regex`:true", "1.0", new[] { "Employee", "BuildingX" })]
    [InlineData("`blacklist`:[`.`],`regex`:true", "2.0", new string[0])]
    public void Groups_ListedOrNot_AreFiltered(string test, string version, string[] names)
    {
        var mapped = Run($"[{{`local`:[{{`groups`:`{{0}}`,`domain`:{{`id`:`5abc43`}}}},{{`user`:{{`name`:`{{1}}`}}}}],`remote`:[{{`type`:`orgPersonType`,{test}}},{{`type`:`UserName`}}]}}]", Employee, version);
        mapped.Groups.Select(g => g.Name).ShouldBe(names);
        mapped.Groups.ShouldAllBe(g => g.Domain == new MappedDomain("5abc43", null));
    }

    [Fact]
    public void Groups_WithoutDomain_Fail() =>
        Should.Throw<MappingFailure>(() => Run("[{`local`:[{`groups`:`{0}`}],`remote`:[{`type`:`orgPersonType`}]}]", Employee)).Message.ShouldContain("Both 'groups' and 'domain'");

    [Fact]
    public void Groups_AsJson_BringTheirDomain()
    {
        var mapped = Run("[{`local`:[{`user`:{`name`:`{0}`}},{`groups`:`{1}`}],`remote`:[{`type`:`u`},{`type`:`g`}]}]",
            new() { ["u"] = "bwilliams", ["g"] = """JSON:{"name":"group1","domain":{"name":"xxx"}};JSON:{"name":"it's \"two\"","domain":{"name":"yyy"}}""" });
        mapped.Groups.ShouldBe([new("group1", new(null, "xxx")), new("it's \"two\"", new(null, "yyy"))]);
    }

    [Fact]
    public void Groups_ANameThatHoldsTheWordName_IsAName()
    {
        var mapped = Run("[{`local`:[{`groups`:`{0}`,`domain`:{`id`:`d`}}],`remote`:[{`type`:`g`}]}]", new() { ["g"] = "tournament;1234" });
        mapped.Groups.Select(g => g.Name).ShouldBe(["tournament", "1234"]);
    }

    [Theory]
    [InlineData("abc123;def456;ghi789", "`whitelist`:[`abc123`,`ghi789`]", new[] { "abc123", "ghi789", "klm" })]
    [InlineData("abc123;def456", "`blacklist`:[`def456`]", new[] { "abc123", "klm" })]
    [InlineData("321cba", "`blacklist`:[]", new[] { "321cba", "klm" })]
    public void GroupIds_OneOrMany_AreRead(string given, string test, string[] ids) =>
        Run($"[{{`local`:[{{`group_ids`:`{{0}}`}},{{`group`:{{`id`:`{{1}}`}}}}],`remote`:[{{`type`:`g`,{test}}},{{`type`:`h`}}]}}]", new() { ["g"] = given, ["h"] = "klm" }).GroupIds.ShouldBe(ids);

    [Fact]
    public void Users_OfSeveralRules_TheFirstCountsAndGroupsAdd()
    {
        var mapped = Run("[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`UserName`}]},{`local`:[{`user`:{`name`:`other`}},{`group`:{`name`:`dev`,`domain`:{`name`:`out`}}}],`remote`:[{`type`:`Email`}]}]", Employee);
        mapped.User.Name.ShouldBe("tbo");
        mapped.Groups.ShouldBe([new("dev", new(null, "out"))]);
    }

    [Fact]
    public void Local_UserWithDomain_IsLocal()
    {
        var user = Run("[{`local`:[{`user`:{`id`:`i`,`name`:`{0}`,`type`:`local`,`domain`:{`name`:`{1}`}}}],`remote`:[{`type`:`UserName`},{`type`:`LastName`}]}]", Employee).User;
        user.ShouldBe(new MappedUser("i", "tbo", null, new(null, "Bo"), true));
    }

    [Fact]
    public void Projects_WithRoles_AreFilledAndGetTheDomainFrom2On()
    {
        const string Rules = "[{`local`:[{`user`:{`name`:`{0}`}},{`domain`:{`name`:`out`},`projects`:[{`name`:`Production`,`roles`:[{`name`:`observer`}]},{`name`:`Project for {0}`,`roles`:[{`name`:`admin`},{`name`:`x`}]}]}],`remote`:[{`type`:`UserName`}]}]";
        var first = Run(Rules, Employee);
        first.Projects.Select(p => $"{p.Name} {string.Join('+', p.Roles)} {p.Domain}").ShouldBe(["Production observer ", "Project for tbo admin+x "]);
        first.User.Domain.ShouldBeNull();
        var second = Run(Rules, Employee, "2.0");
        second.Projects.ShouldAllBe(p => p.Domain == new MappedDomain(null, "out"));
        second.User.Domain.ShouldBe(new MappedDomain(null, "out"));
    }

    [Fact]
    public void ProjectsJson_OfAnAttribute_IsReadAndChecked()
    {
        const string Rules = "[{`local`:[{`user`:{`name`:`{0}`},`projects_json`:`{1}`}],`remote`:[{`type`:`u`},{`type`:`p`}]}]";
        var mapped = Run(Rules, new() { ["u"] = "u", ["p"] = """[{"name":"a;b","roles":[{"name":"member"}],"domain":{"id":"d"}}]""" }, "3.0");
        (mapped.Projects[0].Name, mapped.Projects[0].Roles[0], mapped.Projects[0].Domain).ShouldBe(("a;b", "member", new MappedDomain("d", null)));
        foreach (var bad in new[] { "nope", """[{"name":"a"}]""", "{}" }) { Should.Throw<MappingFailure>(() => Run(Rules, new() { ["u"] = "u", ["p"] = bad }, "3.0")).IsMappings.ShouldBeFalse(bad); }
        Should.Throw<MappingFailure>(() => Run(Rules.Replace("{1}", "{7}", StringComparison.Ordinal), new() { ["u"] = "u", ["p"] = "[]" }, "3.0")).IsMappings.ShouldBeTrue();
    }

    [Theory]
    [InlineData("{1}")]
    [InlineData("{name}")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("{0.x}")]
    public void Template_ThatNamesNoMatch_IsTheMappingsFault(string template) =>
        Should.Throw<MappingFailure>(() => Run($"[{{`local`:[{{`user`:{{`name`:`{template}`}}}}],`remote`:[{{`type`:`UserName`}}]}}]", Employee)).IsMappings.ShouldBeTrue();

    [Fact]
    public void Regex_ThatWouldTakeForever_EndsInTime()
    {
        var evil = new Dictionary<string, string> { ["u"] = new string('a', 40) + "!" };
        var start = Stopwatch.GetTimestamp();
        // Linear without backtracking; with a back reference it has to be cut off.
        Should.Throw<MappingFailure>(() => Run("[{`local`:[{`user`:{`name`:`x`}}],`remote`:[{`type`:`u`,`any_one_of`:[`^(a+)+$`],`regex`:true}]}]", evil)).IsMappings.ShouldBeFalse();
        Should.Throw<MappingFailure>(() => Run("[{`local`:[{`user`:{`name`:`x`}}],`remote`:[{`type`:`u`,`any_one_of`:[`^(a+)+\\\\1$`],`regex`:true}]}]", evil)).Message.ShouldContain("takes too long");
        var many = string.Join(',', Enumerable.Range(0, 200).Select(i => $"`^((a+)+)+\\\\1{{{i + 1}}}$`"));
        Should.Throw<MappingFailure>(() => Run($"[{{`local`:[{{`user`:{{`name`:`x`}}}}],`remote`:[{{`type`:`u`,`blacklist`:[{many}],`regex`:true}}]}}]", evil));
        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(10));
        Should.Throw<MappingFailure>(() => Run("[{`local`:[{`user`:{`name`:`x`}}],`remote`:[{`type`:`u`,`any_one_of`:[`(`],`regex`:true}]}]", evil)).IsMappings.ShouldBeTrue();
    }

    /// <summary>Whatever values a provider sends, as a list they come out as they went in.</summary>
    [Fact]
    public void Lists_OfAnyTexts_ComeBackAsTheyWere() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>[]>(), texts =>
    {
        var values = texts.Select(t => t.Get).ToList();
        var back = PythonText.ReadList(PythonText.Fill("{0}", [values]));
        return values.Count == 1 || back.SequenceEqual(values);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void ReadList_OfAnyText_AnswersSomething() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text => PythonText.ReadList("[" + text.Get).Count >= 0 && PythonText.ReadList(text.Get).Count >= 0).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("['a', \"b\", 3]", new[] { "a", "b", "3" })]
    [InlineData("[ ]", new string[0])]
    [InlineData("['a',]", new[] { "a" })]
    [InlineData("['\\x41\\u00e9\\'']", new[] { "Aé'" })]
    [InlineData("['a'", new[] { "['a'" })]
    [InlineData("['a'] x", new[] { "['a'] x" })]
    [InlineData("[['a']]", new[] { "[['a']]" })]
    [InlineData("plain", new[] { "plain" })]
    public void ReadList_OfPythonsNotation_IsRead(string text, string[] items) => PythonText.ReadList(text).ShouldBe(items);
}
