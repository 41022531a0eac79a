using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Host;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Keystone.Tokens;

namespace Nephos.Bench;

/// <summary>The inner loops of every request: what is a token worth, and may its bearer do this.</summary>
[MemoryDiagnoser]
public class IdentityBench
{
    private const string Url = "http://127.0.0.1:8792";
    private readonly string _state = Directory.CreateTempSubdirectory("nephos-bench-").FullName;
    private readonly Dictionary<string, object?> _own = new(StringComparer.Ordinal);
    private WebApplication _app = null!;
    private ITokenValidator _validator = null!;
    private PolicyEngine _nova = null!, _keystone = null!;
    private IdentityCredentials _member = null!;
    private FernetKey _key = null!;
    private string _token = "";
    private byte[] _payload = [], _encrypted = [];

    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    private async Task SetUpAsync()
    {
        _app = CloudHost.Build(
            new CloudOptions { Facts = new CloudFacts { StateDirectory = _state, PublicUrl = Url, AdminPassword = "x" }, Store = new StoreOptions { Directory = Path.Combine(_state, "db") } },
            builder =>
            {
                builder.WebHost.UseKestrelCore();
                builder.WebHost.UseUrls(Url);
            });
        await CloudHost.PrepareAsync(_app);
        await _app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(Url) };
        var domain = new { id = "default" };
        using var answer = await http.PostAsJsonAsync("/identity/v3/auth/tokens", new
        {
            auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", domain, password = "x" } } }, scope = new { project = new { name = "admin", domain } } },
        });
        _token = answer.Headers.GetValues("X-Subject-Token").Single();
        var project = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["token"]!["project"]!["id"]!.ToString();
        _validator = _app.Services.GetRequiredService<ITokenValidator>();
        _nova = _app.Services.GetRequiredService<PolicySet>().Of("nova");
        _keystone = _app.Services.GetRequiredService<PolicySet>().Of("keystone");
        _member = new IdentityCredentials(new Identity { UserId = "u", ProjectId = project, Roles = ["member", "reader"] });
        _own["project_id"] = project;
        _own["target.user.id"] = "u";
        _key = new FernetKey(File.ReadAllText(Directory.GetFiles(Path.Combine(_state, "fernet-keys")).Order(StringComparer.Ordinal).Last()));
        FernetKey.TryDecode(_token, out _encrypted);
        if (!_key.TryDecrypt(_encrypted, out _payload, out _)) { throw new InvalidOperationException("the token is not of the primary key"); }
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _app.StopAsync().GetAwaiter().GetResult();
        ((IDisposable)_app).Dispose();
        Directory.Delete(_state, recursive: true);
    }

    [Benchmark(Description = "validate a token seen before")]
    public ValueTask<Identity?> Validate() => _validator.ValidateAsync(_token, default);

    [Benchmark(Description = "policy: servers:create, member on the own project")]
    public bool ProjectPolicy() => _nova.Check("os_compute_api:servers:create", _member, _own);

    [Benchmark(Description = "policy: identity:get_user, oneself")]
    public bool UserPolicy() => _keystone.Check("identity:get_user", _member, _own);

    [Benchmark(Description = "Fernet: decrypt and verify")]
    public bool Decrypt() => _key.TryDecrypt(_encrypted, out _, out _);

    [Benchmark(Description = "Fernet: encrypt and sign")]
    public string Encrypt() => _key.Encrypt(_payload, DateTime.UnixEpoch.AddYears(60));

    [Benchmark(Description = "token payload: unpack")]
    public object Unpack() => TokenPayload.Unpack(_payload);
}
