using System.Net.Http.Headers;
using System.Text.Json;

namespace Nephos.Kernel.Policy;

/// <summary>
/// <c>http://host/path</c> or <c>https://…</c>: asks a server, which must answer <c>True</c>. Denied unless the operator switched it on, because a
/// policy file could otherwise send every caller's credentials anywhere; a server that does not answer denies.
/// </summary>
public sealed class RemoteCheck(string kind, string match, RemotePolicy? remote) : IPolicyCheck
{
    private readonly PolicyTemplate _url = PolicyTemplate.Parse($"{kind}:{match}");

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) =>
        remote is not null && _url.Render(question.Target) is { } url && Uri.TryCreate(url, UriKind.Absolute, out var uri) && remote.Ask(uri, question) is null;

    public PolicyExplanation Explain(in PolicyQuestion question)
    {
        var reason = remote is null ? "remote checks are not switched on"
            : _url.Render(question.Target) is not { } url ? $"the object has no '{_url.Missing(question.Target)}'"
            : !Uri.TryCreate(url, UriKind.Absolute, out var uri) ? $"'{url}' is not a URL"
            : remote.Ask(uri, question);
        return new(ToString(), reason is null, reason ?? "the server answered True", []);
    }

    public override string ToString() => _url.Source;
}

/// <summary>The client of remote checks: a form of three JSON texts, as oslo.policy sends by default (<c>_external.py</c>, HttpCheck).</summary>
public sealed class RemotePolicy(HttpMessageInvoker http, TimeSpan? timeout = null)
{
    /// <summary>oslo.policy's <c>remote_timeout</c> default.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Null when the server says yes, otherwise what came instead. Blocks the calling thread: checks are synchronous throughout.</summary>
    internal string? Ask(Uri url, in PolicyQuestion question)
    {
        using var limit = new CancellationTokenSource(timeout ?? DefaultTimeout);
        using var request = new HttpRequestMessage(HttpMethod.Post, url);
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["rule"] = JsonSerializer.Serialize(question.RuleName),
            ["target"] = JsonSerializer.Serialize(question.Target.ToDictionary(p => p.Key, p => Plain(p.Value), StringComparer.Ordinal)),
            ["credentials"] = JsonSerializer.Serialize(Describe(question.Credentials)),
        });
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        try
        {
            using var response = http.Send(request, limit.Token);
            using var body = new StreamReader(response.Content.ReadAsStream(limit.Token));
            var buffer = new char[64];
            var answer = new string(buffer, 0, body.ReadBlock(buffer)).Trim().Trim('"');
            return answer == "True" ? null : $"{url} answered {(int)response.StatusCode} '{answer}'";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return $"{url} did not answer: {e.Message}";
        }
    }

    private static object? Plain(object? value) => value is null or string or bool or int or long ? value : PolicyText.Of(value);

    private static Dictionary<string, object?> Describe(PolicyCredentials caller) => new(StringComparer.Ordinal)
    {
        ["user_id"] = caller.UserId,
        ["user_domain_id"] = caller.UserDomainId,
        ["project_id"] = caller.ProjectId,
        ["project_domain_id"] = caller.ProjectDomainId,
        ["domain_id"] = caller.DomainId,
        ["system_scope"] = caller.SystemScope,
        ["roles"] = caller.Roles,
        ["is_admin"] = caller.IsAdmin,
        ["service_roles"] = caller.ServiceRoles,
    };
}
