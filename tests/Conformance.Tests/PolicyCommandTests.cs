using System.CommandLine;
using Nephos.Host.Commands;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary><c>nephos policy</c> as an operator runs it, in process.</summary>
public sealed class PolicyCommandTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("nephos-policy-").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    private void Write(string service, string text)
    {
        Directory.CreateDirectory(Path.Combine(_state, "policy"));
        File.WriteAllText(Path.Combine(_state, "policy", service + ".yaml"), text);
    }

    private (int Exit, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = PolicyCommand.Create().Parse([.. arguments, "--state", _state]).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (exit, output.ToString(), error.ToString());
    }

    [Fact]
    public void List_WithAnOverride_SaysWhereItIsFromAndWhatItReplaces()
    {
        Write("nova", "# who makes servers\n\"os_compute_api:servers:create\": role:builder\n");
        var changed = Run("list", "--overrides");
        (changed.Exit, changed.Error).ShouldBe((0, ""));
        changed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        changed.Output.ShouldContain("os_compute_api:servers:create");
        changed.Output.ShouldContain($"from {Path.Combine(_state, "policy", "nova.yaml")}:2; default: rule:project_member_or_admin");
        var all = Run("list", "--service", "keystone");
        all.Output.Split('\n').ShouldContain(l => l.StartsWith("keystone ", StringComparison.Ordinal) && l.Contains(" identity:create_user ", StringComparison.Ordinal) && l.Contains(" system, domain, project ", StringComparison.Ordinal));
        all.Output.ShouldNotContain("os_compute_api");
        Run("list", "--service", "cinder").ShouldBe((2, "", "nephos: there is no service cinder; there are keystone, glance, placement, neutron, nova\n"));
    }

    [Fact]
    public void Check_OfARuleOrACall_SaysForEveryPersona()
    {
        var rule = Run("check", "os_compute_api:servers:create");
        rule.Exit.ShouldBe(0);
        string[] Row(string persona) => rule.Output.Split('\n').Single(l => l.Trim().StartsWith(persona + " ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        Row("project-reader").ShouldBe(["no", "no"]);
        Row("project-member").ShouldBe(["yes", "no"]);
        Row("project-admin").ShouldBe(["yes", "yes"]);
        Row("system-admin").ShouldBe(["no", "no"]);
        var call = Run("check", "POST", "/compute/v2.1/servers");
        call.Output.ShouldContain("os_compute_api:servers:create (nova, POST /compute/v2.1/servers)");
        Run("check", "POST", "/compute/v2.1/servers/x/action#os-start").Output.ShouldContain("os_compute_api:servers:start (nova");
    }

    [Theory]
    [InlineData(0, "allowed", "check", "DELETE", "/networking/v2.0/ports/x", "--roles", "member,reader")]
    [InlineData(1, "denied", "check", "DELETE", "/networking/v2.0/ports/x", "--roles", "reader")]
    [InlineData(1, "denied", "check", "DELETE", "/networking/v2.0/ports/x", "--roles", "member,reader", "--other")]
    [InlineData(1, "denied", "check", "os_compute_api:servers:create", "--roles", "admin", "--scope", "system")]
    [InlineData(0, "allowed", "check", "identity:create_user", "--roles", "manager", "--scope", "domain")]
    [InlineData(1, "denied", "check", "identity:create_user", "--roles", "manager", "--scope", "domain", "--other")]
    [InlineData(0, "allowed", "check", "identity:create_grant", "--roles", "manager", "--scope", "domain", "--target", "target.role.name=member")]
    [InlineData(1, "denied", "check", "identity:create_grant", "--roles", "manager", "--scope", "domain", "--target", "target.role.name=admin")]
    public void Check_OfACaller_AnswersByTheExitStatusToo(int exit, string word, params string[] arguments)
    {
        var answer = Run(arguments);
        (answer.Exit, answer.Error).ShouldBe((exit, ""));
        answer.Output.ShouldContain("  " + word);
    }

    [Fact]
    public void Explain_OfWhoIsRefused_NamesWhatFailed()
    {
        var denied = Run("explain", "os_compute_api:servers:create", "--roles", "reader");
        (denied.Exit, denied.Error).ShouldBe((1, ""));
        denied.Output.ShouldStartWith("os_compute_api:servers:create (nova): denied: role:member (the caller's roles: reader)");
        denied.Output.ShouldContain("no  role:admin: the caller's roles: reader");
        var scope = Run("explain", "os_compute_api:servers:create", "--roles", "admin", "--scope", "system");
        scope.Output.ShouldContain("requires a scope of project, request was made with system scope");
        Write("nova", "\"os_compute_api:servers:create\": role:builder\n");
        var allowed = Run("explain", "os_compute_api:servers:create", "--roles", "builder");
        (allowed.Exit, allowed.Output.Contains("nova.yaml:1", StringComparison.Ordinal)).ShouldBe((0, true));
    }

    [Theory]
    [InlineData("no service has a rule os_compute_api:fly", "check", "os_compute_api:fly")]
    [InlineData("no call GET /compute/v2.1/moon that a rule guards: see nephos routes", "check", "GET", "/compute/v2.1/moon")]
    [InlineData("say whose: --roles reader,member", "explain", "os_compute_api:servers:create")]
    [InlineData("--scope is project, domain or system", "check", "os_compute_api:servers:create", "--scope", "galaxy")]
    [InlineData("--target x: expected NAME=VALUE", "check", "os_compute_api:servers:create", "--target", "x")]
    public void Questions_WithoutSense_Are2(string message, params string[] arguments) => Run(arguments).ShouldBe((2, "", $"nephos: {message}\n"));

    [Fact]
    public void Files_WithAFault_AreSaidAndDeny()
    {
        Write("nova", "\"os_compute_api:servers:create\": role:member and\n");
        var answer = Run("check", "os_compute_api:servers:create", "--roles", "member");
        answer.Exit.ShouldBe(1);
        answer.Error.ShouldContain("nova.yaml:1: os_compute_api:servers:create: ");
    }
}
