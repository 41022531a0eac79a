using System.Net;
using Nephos.Kernel.Policy;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Policy;

public sealed class PolicyEngineTests : IDisposable
{
    private static readonly Caller Admin = new(["admin", "member", "reader"], "root", "p0");
    private static readonly Caller Member = new(["member", "reader"], "dora", "p1");
    private static readonly Dictionary<string, object?> Own = new(StringComparer.Ordinal) { ["project_id"] = "p1" };
    private static readonly Dictionary<string, object?> Foreign = new(StringComparer.Ordinal) { ["project_id"] = "p2" };
    private readonly string _directory = Directory.CreateTempSubdirectory("nephos-policy-").FullName;
    private readonly SteppedTime _time = new();

    private string File => Path.Combine(_directory, "policy.yaml");

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public void Check_Defaults_Persona()
    {
        var engine = Engine();
        engine.Check("servers:show", Member, Own).ShouldBeTrue();
        engine.Check("servers:show", Member, Foreign).ShouldBeFalse();
        engine.Check("servers:show", Admin, Foreign).ShouldBeTrue();
    }

    [Fact]
    public void Check_NeverRegistered_Throws() => Should.Throw<InvalidOperationException>(() => Engine().Check("servers:fly", Admin, Own));

    [Fact]
    public void Register_OtherDefaultForTheSameName_Throws()
    {
        var engine = Engine();
        engine.Register("servers:show", Rules.ProjectReader);
        Should.Throw<InvalidOperationException>(() => engine.Register("servers:show", Rules.Admin));
    }

    [Fact]
    public void Check_Overridden_OverrideCountsAlsoThroughRule()
    {
        Write("context_is_admin: role:member\n\"servers:show\":\n  - ['role:auditor']\n  - ['role:member', 'user_id:dora']\n");
        var engine = Engine();
        engine.Check("servers:lock", Member, Foreign).ShouldBeTrue();
        engine.Check("servers:show", Member, Foreign).ShouldBeTrue();
        engine.Check("servers:show", Admin, Foreign).ShouldBeFalse();
        engine.Problems().ShouldBeEmpty();
    }

    [Fact]
    public void Check_FileChanges_IsReadAgainWithinASecond()
    {
        var engine = Engine();
        engine.Check("servers:show", Member, Own).ShouldBeTrue();
        Write("\"servers:show\": \"!\"\n");
        engine.Check("servers:show", Member, Own).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        engine.Check("servers:show", Member, Own).ShouldBeFalse();
        System.IO.File.Delete(File);
        _time.Advance(TimeSpan.FromSeconds(1));
        engine.Check("servers:show", Member, Own).ShouldBeTrue();
    }

    [Fact]
    public void Check_FileBreaks_FormerRulesStayAndTheProblemIsTold()
    {
        Write("\"servers:show\": \"!\"\n");
        var engine = Engine();
        engine.Check("servers:show", Admin, Own).ShouldBeFalse();
        Write("\"servers:show\": \"@\"\n{{{ :\n");
        _time.Advance(TimeSpan.FromSeconds(1));
        engine.Check("servers:show", Admin, Own).ShouldBeFalse();
        engine.Problems().ShouldHaveSingleItem().Line.ShouldBe(2);
        Write("\"servers:show\": \"@\"\n");
        _time.Advance(TimeSpan.FromSeconds(1));
        engine.Check("servers:show", Admin, Own).ShouldBeTrue();
        engine.Problems().ShouldBeEmpty();
    }

    [Fact]
    public void Check_FileBrokenFromTheBeginning_DeniesAll()
    {
        Write("- just\n- a list\n");
        var engine = Engine();
        engine.Check("servers:show", Admin, Own).ShouldBeFalse();
        engine.Explain("servers:show", Admin, Own).ToString().ShouldContain("cannot be read");
        engine.Problems().ShouldHaveSingleItem().Denies.ShouldBeTrue();
    }

    [Fact]
    public void Problems_OneBadRule_DeniesThatRuleAndNamesItsLine()
    {
        Write("# mine\n\"servers:show\": \"role:admin und role:member\"\nstray: \"role:x\"\n\"servers:lock\": \"rule:missing\"\n");
        var engine = Engine();
        engine.Check("servers:show", Admin, Own).ShouldBeFalse();
        var problems = engine.Problems().OrderBy(p => p.Line).ToList();
        problems.Select(p => (p.Line, p.Rule, p.Denies)).ShouldBe([(2, "servers:show", true), (3, "stray", false), (4, "servers:lock", false)]);
        problems[0].ToString().ShouldStartWith($"{File}:2: servers:show: ");
    }

    [Fact]
    public void Check_RuleInACircle_Denies()
    {
        Write("a: rule:b or @\nb: rule:c\nc: not rule:a\n\"servers:show\": rule:a or role:admin\n\"servers:lock\": rule:servers:lock\n");
        var engine = Engine();
        engine.Check("servers:show", Member, Own).ShouldBeFalse();
        engine.Check("servers:show", Admin, Own).ShouldBeTrue();
        engine.Check("servers:lock", Admin, Own).ShouldBeFalse();
        engine.Problems().Where(p => p.Denies).Select(p => p.Rule).Order(StringComparer.Ordinal).ShouldBe(["a", "b", "c", "servers:lock"]);
    }

    [Fact]
    public void Check_UnknownRuleWithDefaultRule_FallsToIt()
    {
        Write("default: role:admin\n");
        var engine = Engine();
        engine.Check("servers:fly", Admin, Own).ShouldBeTrue();
        engine.Check("servers:fly", Member, Own).ShouldBeFalse();
    }

    [Fact]
    public void Check_WrongScope_IsDeniedAndSaysWhy()
    {
        var engine = Engine();
        engine.Register("quota:set", Rules.Any, scopes: PolicyScopes.System | PolicyScopes.Domain);
        engine.Check("quota:set", new Caller(["admin"], "root", system: "all"), Own).ShouldBeTrue();
        engine.Check("quota:set", new Caller(["admin"], "root", domain: "d"), Own).ShouldBeTrue();
        engine.Check("quota:set", Admin, Own).ShouldBeFalse();
        engine.Explain("quota:set", Admin, Own).Reason.ShouldBe("quota:set requires a scope of system, domain, request was made with project scope");
    }

    [Fact]
    public void Check_WrongScopeWithScopesSwitchedOff_IsLeftToTheRule()
    {
        var engine = new PolicyEngine(options: new PolicyOptions { EnforceScope = false });
        engine.Register("quota:set", Rules.Any, scopes: PolicyScopes.System);
        engine.Check("quota:set", Admin, Own).ShouldBeTrue();
    }

    [Theory]
    [InlineData("", true, false, false)] // the new default
    [InlineData("", false, true, false)] // the former default as a further way in
    [InlineData("\"servers:halt\": role:auditor\n", true, false, true)] // an override under the former name
    [InlineData("\"servers:halt\": role:member\n", true, false, false)] // which only repeats the former default
    [InlineData("\"servers:halt\": rule:servers:stop\n", true, false, false)] // or refers to the new name
    [InlineData("\"servers:halt\": role:auditor\n\"servers:stop\": role:member\n", true, true, false)] // the rule's own override wins
    public void Check_RenamedRule_CountsAsUpstream(string file, bool newDefaults, bool member, bool auditor)
    {
        Write(file);
        var engine = new PolicyEngine(File, _time, new PolicyOptions { EnforceNewDefaults = newDefaults });
        engine.Describe(_ => PolicyScopes.Any, () => [new PolicyDeprecation("servers:stop", "servers:halt", "role:member")]);
        engine.Register("servers:stop", "role:admin");
        engine.Check("servers:stop", Member, Own).ShouldBe(member);
        engine.Check("servers:stop", new Caller(["auditor"], "eve", "p1"), Own).ShouldBe(auditor);
        engine.Problems().Any(p => p.Denies).ShouldBeFalse();
    }

    [Theory]
    [InlineData("is_admin:True", true)]
    [InlineData("is_admin:1", true)]
    [InlineData("is_admin:False", false)]
    public void Check_IsAdmin_FollowsTheRuleThatSaysWhoIsAdmin(string rule, bool admin)
    {
        Write("context_is_admin: role:boss\ndefault: '@'\n");
        var engine = Engine();
        engine.Register("servers:old", rule);
        engine.Check("servers:old", new Caller(["boss"], "b", "p1"), Own).ShouldBe(admin);
        engine.Check("servers:old", Admin, Own).ShouldBe(!admin);
        Write("default: '@'\n");
        var keystone = new PolicyEngine(File, _time);
        keystone.Register("identity:list_users", "is_admin:1");
        keystone.Check("identity:list_users", Member, Own).ShouldBeFalse("a default rule makes no admins");
    }

    [Fact]
    public void Why_Denied_NamesTheFailingPartsInALine()
    {
        Engine().Explain("servers:show", Member, Foreign).Why().ShouldBe("role:admin (the caller's roles: member, reader); project_id:%(project_id)s (the caller has 'p1', wanted is 'p2')");
        Engine().Explain("servers:show", Member, Own).Why().ShouldBe("");
    }

    [Fact]
    public void Explain_Denied_SaysWhatWasCompared()
    {
        var text = Engine().Explain("servers:show", Member, Foreign).ToString();
        text.ShouldContain("no  project_id:%(project_id)s: the caller has 'p1', wanted is 'p2'");
        text.ShouldContain("yes role:reader");
        text.ShouldContain("no  role:admin: the caller's roles: member, reader");
    }

    [Fact]
    public void Check_RemoteSwitchedOn_AsksTheServer()
    {
        var server = new PolicyServer();
        using var http = new HttpMessageInvoker(server);
        Write("\"servers:show\": https://policy.example/%(project_id)s\n");
        var engine = new PolicyEngine(File, _time, new PolicyOptions { Remote = new RemotePolicy(http) });
        engine.Register("servers:show", Rules.Any);
        engine.Check("servers:show", Member, Own).ShouldBeTrue();
        server.Asked.ShouldBe("https://policy.example/p1");
        server.Form.ShouldContain("rule=%22servers%3Ashow%22");
        server.Form.ShouldContain("dora");
        server.Answer = "False";
        engine.Explain("servers:show", Member, Own).ToString().ShouldContain("answered 200 'False'");
    }

    [Fact]
    public void Check_ManyThreadsAtTheFirstCall_AllGetAnAnswer()
    {
        var engine = Engine();
        Parallel.For(0, 64, _ => engine.Check("servers:lock", Admin, Own).ShouldBeTrue());
    }

    private PolicyEngine Engine()
    {
        var engine = new PolicyEngine(File, _time);
        engine.Register("context_is_admin", Rules.Admin);
        engine.Register("servers:show", Rules.ProjectReader);
        engine.Register("servers:lock", "rule:context_is_admin");
        return engine;
    }

    private void Write(string text)
    {
        System.IO.File.WriteAllText(File, text);
        System.IO.File.SetLastWriteTimeUtc(File, new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(_writes++));
    }

    private int _writes;

    private sealed class PolicyServer : HttpMessageHandler
    {
        public string Answer { get; set; } = "True";

        public string Asked { get; private set; } = "";

        public string Form { get; private set; } = "";

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked = request.RequestUri!.ToString();
            using var reader = new StreamReader(request.Content!.ReadAsStream(cancellationToken));
            Form = reader.ReadToEnd();
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Answer) };
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));
    }

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
