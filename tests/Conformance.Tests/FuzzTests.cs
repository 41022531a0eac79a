using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Kernel.Api;
using Nephos.Kernel.Ids;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>
/// Random requests to every endpoint of Keystone, Glance and Placement: right ones made a little wrong, and nonsense. Whatever comes, no answer is a server's error and every JSON answer can be read.
/// <c>NEPHOS_FUZZ</c> is how many (the default suits CI), <c>NEPHOS_FUZZ_SEED</c> repeats a run.
/// </summary>
public sealed partial class FuzzTests(TestCloud cloud) : IClassFixture<TestCloud>
{
    private const int Usually = 1500;

    private static readonly string[] Junk =
        ["", "0", "-1", "1", "null", "true", "ä", "%00", "..", "%2e%2e%2f", "x", "99999999999999999999", "1e400", "in:", "in:\"a", "gt:", "!", "in:a,b", "!in:a", "🙂", "a b", "<b>", "'; --", "{}", "[]", "CUSTOM_A", "VCPU", "VCPU:1", "VCPU:x", new string('x', 300)];

    private static readonly string[] Queries =
    [
        "limit", "marker", "sort_key", "sort_dir", "sort", "name", "status", "visibility", "member_status", "owner", "tag", "size_min", "size", "created_at", "updated_at", "os_hidden", "protected", "disk_format", "id",
        "resource_type", "resource_types", "type", "resources", "required", "member_of", "in_tree", "resources1", "required1", "group_policy", "same_subtree", "root_required", "uuid", "associated", "project_id", "user_id", "consumer_type",
        "name__contains", "domain_id", "enabled", "parent_id", "is_domain", "tags", "tags-any", "not-tags", "parents_as_list", "parents_as_ids", "subtree_as_list", "subtree_as_ids", "password_expires_at", "user.id", "group.id", "role.id",
        "scope.project.id", "scope.domain.id", "scope.system", "scope.OS-INHERIT:inherited_to", "effective", "include_names", "include_subtree", "allow_expired", "nocatalog", "service_id", "region_id", "interface", "trustor_user_id", "idp_id",
    ];

    /// <summary>Right bodies by the end of the path they are for.</summary>
    private static readonly (string Path, string Body)[] Bodies =
    [
        ("/images", """{"name": "n", "disk_format": "raw", "container_format": "bare", "visibility": "shared", "min_disk": 1, "min_ram": 1, "tags": ["a"], "protected": false, "os_hidden": false, "p": "v"}"""),
        ("/images/{image_id}", """[{"op": "replace", "path": "/name", "value": "x"}, {"op": "add", "path": "/p", "value": "v"}, {"op": "remove", "path": "/p"}, {"op": "replace", "path": "/tags", "value": ["t"]}]"""),
        ("/import", """{"method": {"name": "web-download", "uri": "http://127.0.0.1/x"}, "all_stores": false, "all_stores_must_succeed": true, "stores": ["file"]}"""),
        ("/locations", """{"url": "http://127.0.0.1/x", "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "00"}}"""),
        ("/members", """{"member": "p"}"""), ("/members/{member_id}", """{"status": "accepted"}"""),
        ("/tasks", """{"type": "import", "input": {"import_from": "http://127.0.0.1/x", "import_from_format": "raw", "image_properties": {"name": "x"}}}"""),
        ("/namespaces", """{"namespace": "n", "display_name": "d", "visibility": "public", "protected": false, "properties": {"p": {"title": "t", "type": "string", "enum": ["a"], "minimum": 1, "items": {"type": "string"}}}, "objects": [{"name": "o", "required": ["a"], "properties": {"q": {"title": "t", "type": "array"}}}], "tags": [{"name": "t"}], "resource_type_associations": [{"name": "OS::X", "prefix": "p"}]}"""),
        ("/namespaces/{namespace_name}", """{"namespace": "n", "description": "d"}"""), ("/objects", """{"name": "o", "description": "d", "required": ["a"], "properties": {"q": {"title": "t", "type": "integer", "maxLength": 3}}}"""),
        ("/objects/{object_name}", """{"name": "o"}"""), ("/properties", """{"name": "p", "title": "t", "type": "string", "default": 1, "operators": ["<in>"]}"""), ("/properties/{property_name}", """{"name": "p", "title": "t", "type": "string"}"""),
        ("/tags", """{"tags": [{"name": "a"}, {"name": "b"}]}"""), ("/tags/{tag_name}", """{"name": "t"}"""), ("/resource_types", """{"name": "OS::X", "prefix": "x:", "properties_target": "image"}"""),
        ("/resource_providers", """{"name": "r", "uuid": "11111111-2222-3333-4444-555555555555", "parent_provider_uuid": null}"""), ("/resource_providers/{uuid}", """{"name": "r"}"""),
        ("/inventories", """{"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 8, "reserved": 1, "min_unit": 1, "max_unit": 8, "step_size": 1, "allocation_ratio": 1.5}}}"""),
        ("/inventories/{resource_class}", """{"resource_provider_generation": 0, "total": 8, "allocation_ratio": 2.0}"""), ("/traits", """{"traits": ["CUSTOM_A"], "resource_provider_generation": 0}"""),
        ("/aggregates", """{"aggregates": ["11111111-2222-3333-4444-555555555555"], "resource_provider_generation": 0}"""), ("/resource_classes", """{"name": "CUSTOM_A"}"""),
        ("/allocations", """{"11111111-2222-3333-4444-555555555555": {"allocations": {"11111111-2222-3333-4444-555555555555": {"resources": {"VCPU": 1}}}, "project_id": "p", "user_id": "u", "consumer_generation": null, "consumer_type": "INSTANCE"}}"""),
        ("/allocations/{consumer_uuid}", """{"allocations": {"11111111-2222-3333-4444-555555555555": {"resources": {"VCPU": 1}}}, "project_id": "p", "user_id": "u", "consumer_generation": null, "consumer_type": "INSTANCE"}"""),
        ("/reshaper", """{"inventories": {"11111111-2222-3333-4444-555555555555": {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 1}}}}, "allocations": {}}"""),
    ];

    [Theory]
    [InlineData("glance", "placement")]
    [InlineData("keystone")]
    public async Task Requests_OfAnyKind_AreNeverTheServersFault(params string[] fuzzed)
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("NEPHOS_FUZZ"), CultureInfo.InvariantCulture, out var asked) ? asked : Usually;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("NEPHOS_FUZZ_SEED"), CultureInfo.InvariantCulture, out var given) ? given : 20_250_101;
        var random = new Random(seed);
        var endpoints = cloud.Get<ServicePipeline>().Services.Where(s => fuzzed.Contains(s.Name)).SelectMany(s => s.Endpoints).ToList();
        endpoints.Count.ShouldBeGreaterThan(100);
        TestUser[] users = [cloud.Admin, cloud.Admin, cloud.Admin, cloud.NewUser(), cloud.NewUser("reader"), cloud.Anonymous];
        var known = new List<string> { "11111111-2222-3333-4444-555555555555", "n", "o", "p", "t", "file", "OS::X", "CUSTOM_A", "VCPU", "default" };
        var statuses = new SortedDictionary<int, int>();
        for (var i = 0; i < count; i++)
        {
            var endpoint = endpoints[random.Next(endpoints.Count)];
            var path = endpoint.Api.Prefix + Path(random, endpoint.Path, known) + Query(random, known);
            using var content = endpoint.Method is "GET" or "HEAD" or "DELETE" && random.Next(10) > 0 ? null : Body(random, endpoint, known);
            var sent = content is null ? "" : await content.ReadAsStringAsync();
            var reply = await users[random.Next(users.Length)].Send(new HttpMethod(endpoint.Method), path, content, Headers(random, endpoint));
            statuses[reply.Status] = statuses.GetValueOrDefault(reply.Status) + 1;
            reply.Status.ShouldBeLessThan(500, $"request {i} of seed {seed}: {endpoint.Method} {path}\n{sent}\nanswered {reply}");
            if (reply.Header("Content-Type")?.StartsWith("application/json", StringComparison.Ordinal) == true && reply.Bytes.Length > 0) { Learn(JsonNode.Parse(reply.Bytes), known, random); }
        }
        // Nonsense alone would show little: some requests must have been understood.
        statuses.Where(s => s.Key < 300).Sum(s => s.Value).ShouldBeGreaterThan(count / 20, string.Join(", ", statuses));
    }

    /// <summary>What <see cref="AccessRows.FillAsync"/> would fill in.</summary>
    [System.Text.RegularExpressions.GeneratedRegex(@"\{[a-zA-Z][a-z-]*\}")]
    private static partial System.Text.RegularExpressions.Regex Placeholder();

    /// <summary>Without NUL: the test server takes no such path, and Kestrel answers 400 by itself.</summary>
    private static string Path(Random random, string path, List<string> known) => string.Join('/', path.Split('/').Select(segment => segment.StartsWith('{') ? Uri.EscapeDataString(Word(random, known).Replace("\0", "", StringComparison.Ordinal)) is { Length: > 0 } word ? word : "x" : segment));

    private static string Word(Random random, List<string> known) => random.Next(10) switch { < 7 => known[random.Next(known.Count)], 7 => NewId.Uuid(), _ => Junk[random.Next(Junk.Length)] };

    private static string Query(Random random, List<string> known)
    {
        var parts = Enumerable.Range(0, Math.Max(0, random.Next(-2, 4))).Select(_ => $"{Queries[random.Next(Queries.Length)]}={Uri.EscapeDataString(random.Next(2) == 0 ? Junk[random.Next(Junk.Length)] : Word(random, known))}").ToList();
        return parts.Count == 0 ? "" : "?" + string.Join('&', parts);
    }

    private static (string, string)[] Headers(Random random, Endpoint endpoint)
    {
        var headers = new List<(string, string)>();
        if (endpoint.Api.Name == "placement" && random.Next(5) > 0) { headers.Add(("OpenStack-API-Version", random.Next(10) == 0 ? "placement " + Junk[random.Next(8)] : $"placement 1.{random.Next(40)}")); }
        foreach (var name in new[] { "Accept", "Range", "x-image-meta-store", "x-openstack-image-size", "X-Openstack-Append", "x-image-cache-clear-target", "If-Match" })
        {
            if (random.Next(12) == 0) { headers.Add((name, name == "Range" ? $"bytes={random.Next(-2, 9)}-{random.Next(-2, 9)}" : Junk[random.Next(9)])); }
        }
        return [.. headers];
    }

    private static HttpContent Body(Random random, Endpoint endpoint, List<string> known)
    {
        var fitting = Bodies.Where(b => endpoint.Path.EndsWith(b.Path, StringComparison.Ordinal)).ToArray();
        if (endpoint.Api.Name == "keystone" && AccessBodies.Of(endpoint) is var right and not "{}") { fitting = [("", Placeholder().Replace(right, _ => Word(random, known).Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal)))]; }
        var kind = random.Next(10);
        var text = kind == 0 || fitting.Length == 0 ? Junk[random.Next(Junk.Length)] : fitting[random.Next(fitting.Length)].Body;
        if (kind > 3 && fitting.Length > 0)
        {
            var node = JsonNode.Parse(text)!;
            for (var i = random.Next(1, 4); i > 0; i--) { Mutate(random, node); }
            text = node.ToJsonString();
        }
        if (endpoint.Path.EndsWith("/file", StringComparison.Ordinal) || endpoint.Path.EndsWith("/stage", StringComparison.Ordinal))
        {
            var bytes = new byte[random.Next(3000)];
            random.NextBytes(bytes);
            return new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(random.Next(5) == 0 ? "text/plain" : "application/octet-stream") } };
        }
        var media = endpoint.Method == "PATCH" ? random.Next(5) switch { 0 => "application/json", 1 => "application/openstack-images-v2.0-json-patch", _ => "application/openstack-images-v2.1-json-patch" } : "application/json";
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = new MediaTypeHeaderValue(media);
        return content;
    }

    /// <summary>Replaces, removes or adds one thing somewhere inside.</summary>
    private static void Mutate(Random random, JsonNode node)
    {
        var at = node;
        while (random.Next(4) > 0)
        {
            var children = at switch { JsonObject o => o.Select(p => p.Value).ToList(), JsonArray a => [.. a], _ => [] };
            if (children.Count == 0 || children[random.Next(children.Count)] is not { } child || child is JsonValue) { break; }
            at = child;
        }
        switch (at)
        {
            case JsonObject o when o.Count > 0:
                var key = o.ElementAt(random.Next(o.Count)).Key;
                if (random.Next(3) == 0) { o.Remove(key); }
                else if (random.Next(4) == 0) { o[Junk[random.Next(Junk.Length)]] = Value(random); }
                else { o[key] = Value(random); }
                break;
            case JsonArray a when a.Count > 0:
                if (random.Next(3) == 0) { a.RemoveAt(random.Next(a.Count)); } else { a.Add(Value(random)); }
                break;
            case JsonArray a: a.Add(Value(random)); break;
            case JsonObject o: o["x"] = Value(random); break;
        }
    }

    private static JsonNode? Value(Random random) => random.Next(10) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(-3, 100)),
        2 => JsonValue.Create(random.NextDouble() * 1e20),
        3 => JsonValue.Create(long.MaxValue),
        4 => JsonValue.Create(random.Next(2) == 0),
        5 => new JsonArray(Value(random)),
        6 => new JsonObject { ["a"] = Value(random) },
        7 => JsonValue.Create("a\u0000b"),
        8 => JsonValue.Create(new string('y', random.Next(5000))),
        _ => JsonValue.Create(Junk[random.Next(Junk.Length)]),
    };

    /// <summary>Remembers names and ids that answers hold, so that later requests meet what is there.</summary>
    private static void Learn(JsonNode? node, List<string> known, Random random)
    {
        foreach (var (name, value) in node is JsonObject o ? o.ToList() : [])
        {
            if (name is "id" or "uuid" or "name" or "namespace" && value is JsonValue text && text.TryGetValue<string>(out var word) && word.Length is > 0 and < 100) { if (known.Count < 60) { known.Add(word); } else { known[random.Next(9, known.Count)] = word; } }
            else { Learn(value, known, random); }
        }
        foreach (var item in node as JsonArray ?? []) { Learn(item, known, random); }
    }
}
