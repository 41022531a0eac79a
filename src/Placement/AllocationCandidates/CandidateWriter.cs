using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Placement.Traits;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>
/// Writes the answer of an allocation candidates request. With 10,000 providers it has five megabytes, nearly all of it the same words again: so they are copied as bytes, ids and summaries from where
/// their provider keeps them. Nothing needs escaping: ids are UUIDs, names of classes and traits are upper case letters, digits and underscores, those of groups letters, digits, underscores and hyphens.
/// </summary>
internal sealed class CandidateWriter(Call call, HttpResponse response, CandidatesQuery query)
{
    /// <summary>Bytes after which the answer is passed on.</summary>
    private const int FlushAt = 1 << 16;

    private readonly bool _byProvider = call.Is(12);
    private readonly bool _mapped = call.Is(34);
    private readonly bool _trees = call.Is(29);
    private readonly Dictionary<string, byte[]> _suffixes = query.Groups.ToDictionary(g => g.Suffix, g => Encoding.ASCII.GetBytes($"\"{g.Suffix}\":["), StringComparer.Ordinal);
    private Memory<byte> _memory;
    private int _at;
    private int _pending;
    private IReadOnlyList<KeyValuePair<string, long>>? _lastResources;
    private byte[] _lastWritten = [];

    public async Task WriteAsync(List<AllocationCandidate> candidates, ProviderSnapshot providers)
    {
        response.ContentType = "application/json";
        Put("{\"allocation_requests\":["u8);
        for (var i = 0; i < candidates.Count; i++)
        {
            if (i > 0) { Put(","u8); }
            Write(candidates[i]);
            if (_pending > FlushAt) { await FlushAsync().ConfigureAwait(false); }
        }
        Put("],\"provider_summaries\":{"u8);
        var asked = call.Is(27) ? null : query.Groups.SelectMany(g => g.Resources.Keys).ToHashSet(StringComparer.Ordinal);
        var first = true;
        foreach (var provider in Summed(candidates, providers))
        {
            if (!first) { Put(","u8); }
            first = false;
            Put(provider.IdJson);
            Put(":"u8);
            Put(_trees ? provider.SummaryJson ??= Summary(provider, null, traits: true, trees: true) : Summary(provider, asked, call.Is(17), trees: false));
            if (_pending > FlushAt) { await FlushAsync().ConfigureAwait(false); }
        }
        Put("}}"u8);
        await FlushAsync().ConfigureAwait(false);
    }

    /// <summary>The providers used; from 1.29 on, all of their trees.</summary>
    private IEnumerable<ProviderState> Summed(List<AllocationCandidate> candidates, ProviderSnapshot providers)
    {
        var done = new HashSet<string>(candidates.Count, StringComparer.Ordinal);
        foreach (var candidate in candidates)
        {
            foreach (var share in candidate.Shares)
            {
                var provider = share.Provider;
                if (!done.Add(_trees ? provider.RootId : provider.Id)) { continue; }
                if (!_trees) { yield return provider; continue; }
                foreach (var member in providers.ByRoot[provider.RootId].Members) { yield return member; }
            }
        }
    }

    private void Write(AllocationCandidate candidate)
    {
        Put(_byProvider ? "{\"allocations\":{"u8 : "{\"allocations\":["u8);
        for (var i = 0; i < candidate.Shares.Count; i++)
        {
            if (i > 0) { Put(","u8); }
            var share = candidate.Shares[i];
            if (!_byProvider) { Put("{\"resource_provider\":{\"uuid\":"u8); }
            Put(share.Provider.IdJson);
            Put(_byProvider ? ":{\"resources\":{"u8 : "},\"resources\":{"u8);
            Put(Resources(share.Resources));
            Put("}}"u8);
        }
        Put(_byProvider ? "}"u8 : "]"u8);
        if (_mapped)
        {
            Put(",\"mappings\":{"u8);
            for (var i = 0; i < candidate.Mappings.Count; i++)
            {
                if (i > 0) { Put(","u8); }
                var (suffix, on) = candidate.Mappings[i];
                Put(_suffixes[suffix]);
                for (var at = 0; at < on.Count; at++)
                {
                    if (at > 0) { Put(","u8); }
                    Put(on[at].IdJson);
                }
                Put("]"u8);
            }
            Put("}"u8);
        }
        Put("}"u8);
    }

    /// <summary>The same object for each provider that is a candidate by itself.</summary>
    private byte[] Resources(IReadOnlyList<KeyValuePair<string, long>> resources)
    {
        if (ReferenceEquals(resources, _lastResources)) { return _lastWritten; }
        var text = new StringBuilder();
        foreach (var (resourceClass, amount) in resources) { text.Append(text.Length == 0 ? "\"" : ",\"").Append(resourceClass).Append("\":").Append(amount); }
        (_lastResources, _lastWritten) = (resources, Encoding.ASCII.GetBytes(text.ToString()));
        return _lastWritten;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (_memory.Length - _at < bytes.Length)
        {
            Advance();
            _memory = response.BodyWriter.GetMemory(Math.Max(bytes.Length, 4096));
        }
        bytes.CopyTo(_memory.Span[_at..]);
        _at += bytes.Length;
        _pending += bytes.Length;
    }

    private void Advance()
    {
        if (_at > 0) { response.BodyWriter.Advance(_at); }
        (_memory, _at) = (default, 0);
    }

    private async Task FlushAsync()
    {
        Advance();
        _pending = 0;
        await response.BodyWriter.FlushAsync(call.Cancel).ConfigureAwait(false);
    }

    /// <param name="only">The classes to show; null: all.</param>
    private static byte[] Summary(ProviderState provider, HashSet<string>? only, bool traits, bool trees)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
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
        return buffer.WrittenSpan.ToArray();
    }
}
