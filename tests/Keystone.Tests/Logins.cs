using System.Text.Json.Nodes;
using Nephos.Testing;

namespace Nephos.Keystone.Tests;

/// <summary>Logs in by other ways than a password.</summary>
internal static class Logins
{
    public const string Tokens = Make.V3 + "/auth/tokens";

    /// <summary>The body of a login: each method with what is given for it.</summary>
    public static JsonObject Body(object? scope, params (string Method, object Payload)[] methods)
    {
        var identity = new JsonObject { ["methods"] = new JsonArray([.. methods.Select(m => (JsonNode)m.Method)]) };
        foreach (var (method, payload) in methods) { identity[method] = System.Text.Json.JsonSerializer.SerializeToNode(payload); }
        var auth = new JsonObject { ["identity"] = identity };
        if (scope is not null) { auth["scope"] = System.Text.Json.JsonSerializer.SerializeToNode(scope); }
        return new JsonObject { ["auth"] = auth };
    }

    public static object Password(string name) => new { user = new { name, password = name, domain = new { id = "default" } } };

    public static object ProjectScope(string id) => new { project = new { id } };

    public static Task<TestReply> LoginAsync(this TestCloud cloud, object? scope, params (string Method, object Payload)[] methods) => cloud.Anonymous.Post(Tokens, Body(scope, methods));

    public static Task<TestReply> ByCredentialAsync(this TestCloud cloud, string id, string secret, object? scope = null) => cloud.LoginAsync(scope, ("application_credential", new { id, secret }));

    public static Task<TestReply> ByTokenAsync(this TestCloud cloud, string token, object? scope = null) => cloud.LoginAsync(scope, ("token", new { id = token }));

    public static TestUser User(this TestCloud cloud, TestReply login) => TestUser.LoggedIn(cloud.Client(), login.Is(201));

    /// <summary>A user whose name is the password, with a role on a new project; and the project's id.</summary>
    public static async Task<(string Id, string Name, string Project)> NewMemberAsync(this TestCloud cloud, string role = "member", string? project = null)
    {
        var admin = await cloud.LoginAdminAsync();
        var name = Make.Name("user");
        project ??= await Make.Project(admin);
        var id = await Make.User(admin, name);
        (await admin.Put($"{Make.V3}/projects/{project}/users/{id}/roles/{await Make.RoleNamed(admin, role)}")).Is(204);
        return (id, name, project);
    }
}
