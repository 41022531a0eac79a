using System.Text.Json.Nodes;
using Nephos.Kernel.Ids;
using Nephos.Testing;

namespace Nephos.Keystone.Tests;

/// <summary>Makes what a test needs through the API; names are random unless given.</summary>
internal static class Make
{
    public const string V3 = "/identity/v3";

    public static string Name(string prefix = "n") => $"{prefix}-{NewId.Hex()[..10]}";

    public static async Task<string> Project(TestUser admin, string? name = null, string? parent = null, string? domain = null)
    {
        var project = new JsonObject { ["name"] = name ?? Name("project") };
        if (parent is not null) { project["parent_id"] = parent; }
        if (domain is not null) { project["domain_id"] = domain; }
        return Id(await admin.Post(V3 + "/projects", new JsonObject { ["project"] = project }), "project");
    }

    public static async Task<string> Domain(TestUser admin, string? name = null) => Id(await admin.Post(V3 + "/domains", new { domain = new { name = name ?? Name("domain") } }), "domain");

    /// <summary>A user whose password is the name.</summary>
    public static async Task<string> User(TestUser admin, string name, string domain = "default") => Id(await admin.Post(V3 + "/users", new { user = new { name, password = name, domain_id = domain } }), "user");

    public static async Task<string> Group(TestUser admin, string? name = null, string domain = "default") => Id(await admin.Post(V3 + "/groups", new { group = new { name = name ?? Name("group"), domain_id = domain } }), "group");

    public static async Task<string> Role(TestUser admin, string? name = null) => Id(await admin.Post(V3 + "/roles", new { role = new { name = name ?? Name("role") } }), "role");

    public static async Task<string> RoleNamed(TestUser admin, string name) => (await admin.Get($"{V3}/roles?name={name}")).Is(200)["roles"][0]!["id"]!.ToString();

    public static IEnumerable<string> Ids(this TestReply reply, string list) => reply.Is(200)[list].AsArray().Select(x => x!["id"]!.ToString());

    public static string Message(this TestReply reply) => reply["error"]["message"]!.ToString();

    private static string Id(TestReply reply, string member) => reply.Is(201)[member]["id"]!.ToString();
}
