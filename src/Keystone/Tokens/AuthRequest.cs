using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Tokens;

/// <summary>The body of <c>POST /v3/auth/tokens</c> under <c>auth</c>. Upstream: <c>keystone/auth/schema.py</c>; unknown members are taken.</summary>
[AllowsUnknown]
public sealed record AuthRequest
{
    [RequiredField] public required AuthIdentity Identity { get; init; }
    /// <summary>The text <c>unscoped</c>, or an object with one of project, domain, system, unscoped, OS-TRUST:trust.</summary>
    public JsonElement? Scope { get; init; }
}

public sealed record AuthIdentity
{
    [RequiredField] public required IReadOnlyList<string> Methods { get; init; }
    public AuthPassword? Password { get; init; }
    public AuthToken? Token { get; init; }
    /// <summary>What is given for the other methods, by the method's name; upstream's schema does not know these.</summary>
    [Rest] public Dictionary<string, JsonElement>? Others { get; init; }

    /// <summary>True when something is given for the method.</summary>
    internal bool Has(string method) => method switch { "password" => Password is not null, "token" => Token is not null, _ => Others?.ContainsKey(method) is true };

    internal JsonElement PayloadOf(string method) => Others is { } all && all.TryGetValue(method, out var payload) ? payload : default;
}

[AllowsUnknown]
public sealed record AuthPassword
{
    public AuthUser? User { get; init; }
}

[AllowsUnknown]
public sealed record AuthUser
{
    public string? Id { get; init; }
    public string? Name { get; init; }
    public string? Password { get; init; }
    /// <summary>For the method totp.</summary>
    public string? Passcode { get; init; }
    public AuthName? Domain { get; init; }
}

[AllowsUnknown]
public sealed record AuthToken
{
    [RequiredField] public required string Id { get; init; }
}

/// <summary>Something by id or by name; a project by name also has its domain.</summary>
[AllowsUnknown]
public sealed record AuthName
{
    public string? Id { get; init; }
    public string? Name { get; init; }
    public AuthName? Domain { get; init; }
}

[AllowsUnknown]
public sealed record AuthScope
{
    public AuthName? Project { get; init; }
    public AuthName? Domain { get; init; }
    public AuthSystem? System { get; init; }
    public JsonElement? Unscoped { get; init; }
    [WireName("OS-TRUST:trust")] public AuthName? Trust { get; init; }
}

[AllowsUnknown]
public sealed record AuthSystem
{
    public bool? All { get; init; }
}
