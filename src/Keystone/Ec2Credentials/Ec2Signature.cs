#pragma warning disable CA5350 // Amazon's older versions are made of it.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Nephos.Keystone.Ec2Credentials;

/// <summary>
/// Signatures of EC2 and S3 requests, versions 0, 1, 2 and 4. Upstream: <c>keystoneclient/contrib/ec2/utils.py</c>, <c>keystone/api/s3tokens.py</c>; Amazon's "Signature Version 2" and "4 signing
/// process". A request that cannot be signed as it says is a <see cref="FormatException"/>.
/// </summary>
internal static partial class Ec2Signature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>Versions of boto before 2.9.3 sign the host without its port.</summary>
    [GeneratedRegex(@"^Boto/2\.[0-9]\.[0-2]", RegexOptions.CultureInvariant)]
    private static partial Regex OldBoto();

    public static string Of(SignedRequest request, string secret)
    {
        var version = request.Parameters.GetValueOrDefault("SignatureVersion");
        return version switch
        {
            "0" => Base64(HMACSHA1.HashData(Utf8(secret), Utf8(Need(request.Parameters, "Action") + Need(request.Parameters, "Timestamp")))),
            "1" => Base64(HMACSHA1.HashData(Utf8(secret), Utf8(string.Concat(request.Parameters.OrderBy(p => p.Key.ToLowerInvariant(), StringComparer.Ordinal).Select(p => p.Key + p.Value))))),
            "2" => Version2(request, secret),
            _ when IsVersion4(request) => Version4(request, secret),
            null => throw new FormatException("Unexpected signature format"),
            _ => throw new FormatException($"Unknown signature version: {version}"),
        };
    }

    /// <summary>Of an S3 request, which brings the text that was signed: version 4 when it says so, else 1.</summary>
    public static string OfText(byte[] text, string secret)
    {
        if (!text.AsSpan().StartsWith("AWS4"u8)) { return Base64(HMACSHA1.HashData(Utf8(secret), text)); }
        var lines = Encoding.UTF8.GetString(text).Split('\n');
        if (lines.Length != 4 || lines[0] != Algorithm) { throw new FormatException("Invalid EC2 signature."); }
        var scope = lines[2].Split('/');
        if (scope.Length != 4 || scope[3] != "aws4_request" || scope[2] is not ("s3" or "iam" or "sts")) { throw new FormatException("Invalid EC2 signature."); }
        return Convert.ToHexStringLower(HMACSHA256.HashData(Key(secret, scope[0], scope[1], scope[2]), text));
    }

    private static string Version2(SignedRequest request, string secret)
    {
        var parameters = new Dictionary<string, string>(request.Parameters, StringComparer.Ordinal) { ["SignatureMethod"] = "HmacSHA256" };
        return Base64(HMACSHA256.HashData(Utf8(secret), Utf8($"{request.Verb}\n{request.Host}\n{request.Path}\n{Canonical(parameters)}")));
    }

    private static bool IsVersion4(SignedRequest request) =>
        request.Headers.GetValueOrDefault("Authorization")?.StartsWith(Algorithm, StringComparison.Ordinal) is true || request.Parameters.GetValueOrDefault("X-Amz-Algorithm") == Algorithm;

    private static string Version4(SignedRequest request, string secret)
    {
        string Parameter(string name)
        {
            if (!request.Headers.TryGetValue("Authorization", out var authorization)) { return Need(request.Parameters, "X-Amz-" + name); }
            var at = authorization.IndexOf(name + "=", StringComparison.Ordinal);
            return at < 0 ? "" : authorization[(at + name.Length + 1)..].Split(',')[0];
        }
        var signed = Parameter("SignedHeaders");
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in request.Headers) { headers[name.Trim().ToLowerInvariant()] = value.Trim(); }
        var stripPort = OldBoto().IsMatch(headers.GetValueOrDefault("user-agent", ""));
        var lines = signed.Split(';').Where(headers.ContainsKey).Select(name => $"{name}:{(name == "host" && stripPort ? headers[name].Split(':')[0] : headers[name])}");
        var query = request.Verb.Equals("POST", StringComparison.OrdinalIgnoreCase) ? "" : Canonical(request.Parameters);
        var canonical = $"{request.Verb.ToUpperInvariant()}\n{request.Path}\n{query}\n{string.Join('\n', lines)}\n\n{signed}\n{request.BodyHash}";
        var credential = Parameter("Credential").Split('/');
        if (credential.Length < 4) { throw new FormatException("the credential's scope is not date/region/service"); }
        var date = request.Headers.GetValueOrDefault("X-Amz-Date") ?? Need(request.Parameters, "X-Amz-Date");
        if (!date.StartsWith(credential[1], StringComparison.Ordinal)) { throw new FormatException("Request date mismatch error"); }
        var text = $"{Algorithm}\n{date}\n{string.Join('/', credential[1..])}\n{Convert.ToHexStringLower(SHA256.HashData(Utf8(canonical)))}";
        return Convert.ToHexStringLower(HMACSHA256.HashData(Key(secret, credential[1], credential[2], credential[3]), Utf8(text)));
    }

    private static byte[] Key(string secret, string date, string region, string service) =>
        new[] { date, region, service, "aws4_request" }.Aggregate(Utf8("AWS4" + secret), (key, part) => HMACSHA256.HashData(key, Utf8(part)));

    private static string Canonical(IReadOnlyDictionary<string, string> parameters) =>
        string.Join('&', parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => Uri.EscapeDataString(p.Key) + "=" + Uri.EscapeDataString(p.Value)));

    private static string Need(IReadOnlyDictionary<string, string> values, string name) => values.TryGetValue(name, out var value) ? value : throw new FormatException($"there is no {name}");
    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes);
}

/// <summary>A signed request, as the service that got it describes it.</summary>
internal sealed record SignedRequest(string Verb, string Host, string Path, IReadOnlyDictionary<string, string> Parameters, IReadOnlyDictionary<string, string> Headers, string BodyHash)
{
    public static SignedRequest Of(JsonElement given) => new(Text(given, "verb"), Text(given, "host"), Text(given, "path"), Map(given, "params"), Map(given, "headers"), Text(given, "body_hash"));

    /// <summary>When it was signed; null when it does not say.</summary>
    public string? Timestamp => Parameters.GetValueOrDefault("Timestamp") ?? Headers.GetValueOrDefault("X-Amz-Date") ?? Parameters.GetValueOrDefault("X-Amz-Date");

    internal static string Text(JsonElement given, string name) => given.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "";

    private static Dictionary<string, string> Map(JsonElement given, string name) => given.TryGetProperty(name, out var map) && map.ValueKind == JsonValueKind.Object
        ? map.EnumerateObject().DistinctBy(p => p.Name).ToDictionary(p => p.Name, p => p.Value.ToString(), StringComparer.Ordinal) : [];
}
