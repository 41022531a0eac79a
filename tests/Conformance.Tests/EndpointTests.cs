using System.Text.RegularExpressions;
using Nephos.Host;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Versions;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>Walks every declared endpoint of the whole cloud. What fails names the endpoint; the cure is in its declaration or its handler, not here.</summary>
public sealed partial class EndpointTests(TestCloud cloud) : IClassFixture<TestCloud>
{
    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Variable();

    private static readonly IReadOnlyList<Endpoint> All = [.. ServiceList.All().SelectMany(s => s.Api.Endpoints)];

    private static string Path(Endpoint endpoint) => endpoint.Api.Prefix + Variable().Replace(endpoint.Path, "6e5f1b5e-0c5e-4e59-8f0a-0c8ad0a0b001");

    private static string? Version(Endpoint endpoint) =>
        endpoint.Api.Versions is { } scheme ? $"{scheme.ServiceType} {(endpoint.MaxVersion < scheme.Max ? endpoint.MaxVersion : scheme.Max)}" : null;

    private static bool TakesBody(Endpoint endpoint) => endpoint.Method is "POST" or "PUT" or "PATCH";

    [Fact]
    public void Endpoints_EachHasAPolicyOrSaysWhyNot() => Faults(All, e => e.PolicyName is null && string.IsNullOrWhiteSpace(e.NoPolicyReason)).ShouldBeEmpty();

    [Fact]
    public void Endpoints_EachPolicysDefaultParses()
    {
        foreach (var endpoint in All.Where(e => e.PolicyDefault is not null)) { Should.NotThrow(() => PolicyRule.Parse(endpoint.PolicyDefault!), endpoint.ToString()); }
    }

    [Fact]
    public void Endpoints_WindowsOfOneCall_DoNotOverlap() => Overlaps(All).ShouldBeEmpty();

    [Fact]
    public async Task Endpoints_WithoutAToken_Answer401()
    {
        var faults = new List<string>();
        foreach (var endpoint in All.Where(e => !e.IsPublic))
        {
            var reply = await cloud.Anonymous.Send(new HttpMethod(endpoint.Method), Path(endpoint), TakesBody(endpoint) ? "{}" : null);
            if (reply.Status != 401) { faults.Add($"{endpoint}: {reply.Status}"); }
        }
        faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Endpoints_WithoutARole_ChangeNothingAndAreNoFault()
    {
        var nobody = cloud.NewUser([]);
        var faults = new List<string>();
        foreach (var endpoint in All.Where(e => !e.IsPublic && e.PolicyDefault is not (null or Rules.Any or "")))
        {
            var reply = await nobody.At(Version(endpoint)).Send(new HttpMethod(endpoint.Method), Path(endpoint), TakesBody(endpoint) ? Body(endpoint) : null);
            if (reply.Status >= 500 || (reply.Status < 300 && endpoint.Method != "GET")) { faults.Add($"{endpoint}: {reply}"); }
        }
        faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("{\"unknown\": {\"a\": [1, 2, {\"b\": null}]}}")]
    public async Task Endpoints_GivenABrokenBody_AnswerAClientsError(string body)
    {
        var admin = cloud.NewUser("admin");
        var faults = new List<string>();
        foreach (var endpoint in All.Where(e => TakesBody(e) && e.BodyLimit > 0))
        {
            var reply = await admin.At(Version(endpoint)).Send(new HttpMethod(endpoint.Method), Path(endpoint), endpoint.ActionName is { } action && body[0] != '{' ? $"{{\"{action}\": {body}}}" : body);
            if (reply.Status >= 500) { faults.Add($"{endpoint}: {reply}"); }
        }
        faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Endpoints_GivenUnknownIds_AreNoFault()
    {
        var admin = cloud.NewUser("admin");
        var faults = new List<string>();
        foreach (var endpoint in All.Where(e => !TakesBody(e)))
        {
            var reply = await admin.At(Version(endpoint)).Send(new HttpMethod(endpoint.Method), Path(endpoint));
            if (reply.Status >= 500) { faults.Add($"{endpoint}: {reply}"); }
        }
        faults.ShouldBeEmpty();
    }

    [Fact]
    public void Rules_GivenASampleThatBreaksThem_Bite()
    {
        var api = new ServiceApi("sample", "sample", "/sample", ServiceList.All()[0].Api.Errors);
        var group = api.Group("/things");
        group.Get("", _ => Task.FromResult(Reply.Empty()));
        group.Get("/{id}", _ => Task.FromResult(Reply.Empty())).Since("2.1").Until("2.9");
        group.Get("/{other}", _ => Task.FromResult(Reply.Empty())).Since("2.5");
        Faults(api.Endpoints, e => e.PolicyName is null && string.IsNullOrWhiteSpace(e.NoPolicyReason)).Count.ShouldBe(3);
        Overlaps(api.Endpoints).Count.ShouldBe(1);
    }

    private static string Body(Endpoint endpoint) => endpoint.ActionName is { } action ? $"{{\"{action}\": {{}}}}" : "{}";

    private static List<string> Faults(IEnumerable<Endpoint> endpoints, Func<Endpoint, bool> broken) => [.. endpoints.Where(broken).Select(e => e.ToString())];

    private static List<string> Overlaps(IEnumerable<Endpoint> endpoints) =>
    [
        .. from same in endpoints.GroupBy(e => (e.Api.Name, e.Method, Variable().Replace(e.Path, "{}"), e.ActionName))
           let windows = same.OrderBy(e => e.MinVersion).ToList()
           from i in Enumerable.Range(1, windows.Count - 1)
           where windows[i].MinVersion <= windows[i - 1].MaxVersion
           select windows[i].ToString(),
    ];
}
