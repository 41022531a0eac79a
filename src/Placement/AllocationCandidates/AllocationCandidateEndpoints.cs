using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Placement.Traits;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>
/// Where a request for resources can be met (placement api-ref, "Allocation candidates"). The answer is written by hand, since with 10,000 providers it has
/// five megabytes: a provider's summary is made once for each of its revisions.
/// </summary>
internal static class AllocationCandidateEndpoints
{
    /// <summary>Bytes after which the answer is passed on.</summary>
    private const int FlushAt = 1 << 16;

    public static void Map(ResourceGroup candidates) =>
        candidates.Get("", PlacementReplies.Json(List)).Policy("placement:allocation_candidates:list", PlacementReplies.AdminOrService).Since("1.10").NotPaged("limited by limit");

    private static async Task<Reply> List(Call call)
    {
        var query = CandidatesQueryReader.Read(call);
        var (candidates, providers) = await call.Get<AllocationCandidateSearch>().FindAsync(query, call.Is(29), call.Cancel).ConfigureAwait(false);
        return Reply.Custom((_, response) => WriteAsync(call, response, query, candidates, providers)).Dated(call, null);
    }

    private static async Task WriteAsync(Call call, HttpResponse response, CandidatesQuery query, List<AllocationCandidate> candidates, ProviderSnapshot providers)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartArray("allocation_requests");
        foreach (var candidate in candidates)
        {
            Write(json, call, candidate);
            if (json.BytesPending > FlushAt) { await FlushAsync(call, response, json).ConfigureAwait(false); }
        }
        json.WriteEndArray();
        json.WriteStartObject("provider_summaries");
        var asked = query.Groups.SelectMany(g => g.Resources.Keys).ToHashSet(StringComparer.Ordinal);
        foreach (var provider in Summed(call, candidates, providers))
        {
            json.WritePropertyName(provider.Id);
            if (call.Is(29)) { json.WriteRawValue(provider.SummaryJson ??= Summary(provider), skipInputValidation: true); }
            else { WriteSummary(json, provider, call.Is(27) ? null : asked, call.Is(17), trees: false); }
            if (json.BytesPending > FlushAt) { await FlushAsync(call, response, json).ConfigureAwait(false); }
        }
        json.WriteEndObject();
        json.WriteEndObject();
        await FlushAsync(call, response, json).ConfigureAwait(false);
    }

    private static async Task FlushAsync(Call call, HttpResponse response, Utf8JsonWriter json)
    {
        await json.FlushAsync(call.Cancel).ConfigureAwait(false);
        await response.BodyWriter.FlushAsync(call.Cancel).ConfigureAwait(false);
    }

    /// <summary>The providers used; from 1.29 on, all of their trees.</summary>
    private static IEnumerable<ProviderState> Summed(Call call, List<AllocationCandidate> candidates, ProviderSnapshot providers)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var provider in candidates.SelectMany(c => c.Shares).Select(s => s.Provider))
        {
            if (!done.Add(call.Is(29) ? provider.RootId : provider.Id)) { continue; }
            if (!call.Is(29)) { yield return provider; continue; }
            foreach (var member in providers.ByRoot[provider.RootId].Members) { yield return member; }
        }
    }

    private static void Write(Utf8JsonWriter json, Call call, AllocationCandidate candidate)
    {
        json.WriteStartObject();
        if (call.Is(12))
        {
            json.WriteStartObject("allocations");
            foreach (var share in candidate.Shares)
            {
                json.WriteStartObject(share.Provider.Id);
                WriteResources(json, share);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray("allocations");
            foreach (var share in candidate.Shares)
            {
                json.WriteStartObject();
                json.WriteStartObject("resource_provider");
                json.WriteString("uuid", share.Provider.Id);
                json.WriteEndObject();
                WriteResources(json, share);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (call.Is(34))
        {
            json.WriteStartObject("mappings");
            foreach (var (suffix, on) in candidate.Mappings)
            {
                json.WriteStartArray(suffix);
                foreach (var provider in on) { json.WriteStringValue(provider.Id); }
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteResources(Utf8JsonWriter json, Share share)
    {
        json.WriteStartObject("resources");
        foreach (var (resourceClass, amount) in share.Resources) { json.WriteNumber(resourceClass, amount); }
        json.WriteEndObject();
    }

    private static byte[] Summary(ProviderState provider)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true })) { WriteSummary(json, provider, null, traits: true, trees: true); }
        return buffer.WrittenSpan.ToArray();
    }

    /// <param name="only">The classes to show; null: all.</param>
    private static void WriteSummary(Utf8JsonWriter json, ProviderState provider, HashSet<string>? only, bool traits, bool trees)
    {
        json.WriteStartObject();
        json.WriteStartObject("resources");
        foreach (var inventory in provider.Inventories)
        {
            if (only?.Contains(inventory.ResourceClass) == false) { continue; }
            json.WriteStartObject(inventory.ResourceClass);
            json.WriteNumber("capacity", inventory.Capacity);
            json.WriteNumber("used", inventory.Used);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        if (traits)
        {
            json.WriteStartArray("traits");
            // Standard ones first, as upstream has them in its tables.
            foreach (var trait in provider.Traits.OrderBy(StandardTraits.IsCustomName).ThenBy(t => t, StringComparer.Ordinal)) { json.WriteStringValue(trait); }
            json.WriteEndArray();
        }
        if (trees)
        {
            json.WriteString("parent_provider_uuid", provider.ParentId);
            json.WriteString("root_provider_uuid", provider.RootId);
        }
        json.WriteEndObject();
    }
}
