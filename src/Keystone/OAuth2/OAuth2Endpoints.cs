using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.OAuth2;

/// <summary>
/// Tokens for OAuth2 clients (RFC 6749 4.4, client credentials). Upstream: <c>keystone/api/os_oauth2.py</c>. A client is an application credential, by HTTP Basic or in the form; or a user with a
/// TLS certificate (RFC 8705) whose names fit a mapping, for the default project.
/// </summary>
internal static class OAuth2Endpoints
{
    public static void Map(ResourceGroup oauth)
    {
        oauth.Post("/token", Issue).Public("the client's secret or certificate says who it is").Body(114_688);
        foreach (var declare in new[] { oauth.Get("/token", NoMethod), oauth.Put("/token", NoMethod), oauth.Patch("/token", NoMethod), oauth.Delete("/token", NoMethod) }) { declare.Public("not allowed, in OAuth2's form"); }
    }

    private static Task<Reply> NoMethod(Call call) => throw new OAuth2Error(405, "other_error", "The method is not allowed for the requested URL.");

    private static async Task<Reply> Issue(Call call)
    {
        call.Context.Notes?.Login(null, null, null, null);
        var http = call.Http.Request;
        var form = http.HasFormContentType ? await http.ReadFormAsync(call.Cancel) : FormCollection.Empty;
        var grant = form["grant_type"].FirstOrDefault() ?? throw new OAuth2Error(400, "invalid_request", "The parameter grant_type is required.");
        if (grant != "client_credentials") { throw new OAuth2Error(400, "unsupported_grant_type", $"The parameter grant_type {grant} is not supported."); }
        var settings = call.Get<KeystoneSettings>().Auth;
        var certificate = settings.ClientCertificateHeader is { Length: > 0 } header ? http.Headers[header].FirstOrDefault() : null;
        var (id, secret) = string.IsNullOrEmpty(certificate) && Basic(http) is { } basic ? basic : (form["client_id"].FirstOrDefault(), form["client_secret"].FirstOrDefault());
        var method = !string.IsNullOrEmpty(certificate) ? "tls_client_auth" : !string.IsNullOrEmpty(secret) ? "client_secret_basic" : "";
        if (string.IsNullOrEmpty(id) || !settings.Oauth2AuthnMethods.Contains(method)) { throw OAuth2Error.Client(); }
        var (who, project) = method == "tls_client_auth" ? await ByCertificateAsync(call, id, Uri.UnescapeDataString(certificate!)) : await BySecretAsync(call, id, secret!);
        string text;
        try { (text, _) = await call.Get<TokenIssuer>().IssueAsync(call.Context, who, new Scope(ProjectId: project), call.Cancel); }
        catch (UnauthorizedError error) { throw new OAuth2Error(401, "invalid_client", error.Message); } // in OAuth2's form
        return Reply.Json(new { access_token = text, token_type = "Bearer", expires_in = (long)call.Get<KeystoneSettings>().TokenExpiration.TotalSeconds }).With("Cache-Control", "no-store").With("Pragma", "no-cache");
    }

    private static async Task<(AuthResult, string)> BySecretAsync(Call call, string id, string secret)
    {
        var credential = await call.Get<Store<KeystoneDb>>().ReadAsync(db => db.ApplicationCredentials.FirstOrDefaultAsync(c => c.Id == id), call.Cancel);
        // Upstream answers 404 in its general words here, which tells who exists.
        AuthResult who;
        try { who = await call.Get<ApplicationCredentialMethod>().CheckAsync(credential, secret, call.Context.Now); }
        catch (UnauthorizedError error) { throw new OAuth2Error(401, "invalid_client", error.Message); } // in OAuth2's form
        return (who with { Methods = ["application_credential"] }, credential!.ProjectId);
    }

    private static async Task<(AuthResult, string)> ByCertificateAsync(Call call, string userId, string pem)
    {
        IEnumerable<KeyValuePair<string, string>> names;
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            names = [.. Names("SUBJECT", certificate.SubjectName), .. Names("ISSUER", certificate.IssuerName)];
        }
        catch (CryptographicException) { throw OAuth2Error.Client(); } // not a certificate
        var found = await call.Get<Store<KeystoneDb>>().ReadAsync(async db => await db.Users.FirstOrDefaultAsync(u => u.Id == userId) is { } user
            ? new { User = user, Domain = await db.Projects.Where(p => p.Id == user.DomainId).Select(p => p.Name).FirstOrDefaultAsync() } : null, call.Cancel);
        var mapping = await call.Get<MappingOperations>().FindAsync(call.Get<KeystoneSettings>().Auth.Oauth2CertDnMappingId);
        if (found?.User.DefaultProjectId is not { } project || mapping is null) { throw OAuth2Error.Client(); }
        MappedUser mapped;
        try { mapped = MappingEngine.Process(mapping.SchemaVersion, JsonSerializer.Deserialize<JsonElement>(mapping.Rules), Assertion.OfTexts(names)).User; }
        catch (MappingFailure) { throw OAuth2Error.Client(); } // no rule fits the certificate
        var email = Extra.Read(found.User.Extra).TryGetValue("email", out var text) ? text.ToString() : null;
        bool Same(string? wanted, string? have) => string.IsNullOrEmpty(wanted) || wanted == have;
        if (!Same(mapped.Name, found.User.Name) || !Same(mapped.Id, userId) || !Same(mapped.Email, email) || !Same(mapped.Domain?.Id, found.User.DomainId) || !Same(mapped.Domain?.Name, found.Domain)) { throw OAuth2Error.Client(); }
        var thumbprint = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(pem))).Replace('+', '-').Replace('/', '_');
        return (new AuthResult(userId) { Methods = ["oauth2_credential"], Thumbprint = thumbprint }, project);
    }

    /// <summary>Names of a certificate as mod_ssl names them, which mappings ask for: <c>SSL_CLIENT_SUBJECT_DN_CN</c>.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Names(string whose, X500DistinguishedName name) => name.EnumerateRelativeDistinguishedNames()
        .Where(part => !part.HasMultipleElements)
        .Select(part => KeyValuePair.Create($"SSL_CLIENT_{whose}_DN_{Attribute(part.GetSingleElementType())}", part.GetSingleElementValue() ?? ""))
        .DistinctBy(pair => pair.Key);

    /// <summary>RFC 4514 3, with upstream's words for e-mail and user id.</summary>
    private static string Attribute(Oid oid) => oid.Value switch
    {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        "1.2.840.113549.1.9.1" => "EMAILADDRESS",
        var other => other ?? "",
    };

    private static (string? Id, string? Secret)? Basic(HttpRequest http)
    {
        var header = http.Headers.Authorization.FirstOrDefault() ?? "";
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)) { return null; }
        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length)) { return (null, null); }
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (null, null) : (text[..colon], text[(colon + 1)..]);
    }
}
