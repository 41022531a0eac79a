using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nephos.Kernel.Versions;

namespace Nephos.Kernel.Wire;

/// <summary>
/// The shape of a request record, read once from its properties and their attributes. Checking is apart from converting, so that every fault has
/// its path and upstream's words, and a record is only ever made from a body that fits.
/// </summary>
public sealed class WireSchema
{
    private static readonly ConcurrentDictionary<Type, WireSchema> Cache = new();
    private readonly Dictionary<string, Member> _members = new(StringComparer.Ordinal);
    private readonly bool _open;
    private readonly bool _notEmpty;

    private WireSchema(Type type)
    {
        _open = type.GetCustomAttribute<AllowsUnknownAttribute>() is not null;
        _notEmpty = type.GetCustomAttribute<NotEmptyAttribute>() is not null;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<RestAttribute>() is not null) { _open = true; continue; }
            if (property.SetMethod is null) { continue; }
            var member = new Member(property);
            _members.Add(member.Name, member);
        }
    }

    /// <summary>The schema of a record type.</summary>
    public static WireSchema Of(Type type) => Cache.GetOrAdd(type, static t => new WireSchema(t));

    /// <summary>Names of the members that exist in a version.</summary>
    public IEnumerable<string> Names(ApiVersion version) => _members.Values.Where(m => m.Exists(version)).Select(m => m.Name);

    internal void Check(JsonElement value, ApiVersion version, string[] path, List<WireFault> faults)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new(WireFaultKind.Type, path, Show(value), "'object'"));
            return;
        }
        foreach (var member in value.EnumerateObject())
        {
            if (_members.TryGetValue(member.Name, out var known) && known.Exists(version))
            {
                known.Check(member.Value, version, [.. path, member.Name], faults);
            }
            else if (!_open)
            {
                faults.Add(new(WireFaultKind.Unknown, path, Show(value), $"'{member.Name}'"));
            }
        }
        if (_notEmpty && !value.EnumerateObject().Any()) { faults.Add(new(WireFaultKind.TooFewMembers, path, Show(value), "1")); }
        foreach (var member in _members.Values)
        {
            if (member.IsRequired(version) && !value.TryGetProperty(member.Name, out _))
            {
                faults.Add(new(WireFaultKind.Required, path, Show(value), member.Name));
            }
        }
    }

    /// <summary>A value as Python shows it, which is how upstream's messages quote it; cut at 200 characters.</summary>
    public static string Show(JsonElement value)
    {
        var text = new StringBuilder();
        Show(value, text);
        return text.Length <= 200 ? text.ToString() : text.ToString(0, 197) + "...";
    }

    private static void Show(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String: text.Append('\'').Append(value.GetString()).Append('\''); break;
            case JsonValueKind.True: text.Append("True"); break;
            case JsonValueKind.False: text.Append("False"); break;
            case JsonValueKind.Null: text.Append("None"); break;
            case JsonValueKind.Array:
                text.Append('[');
                var first = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!first) { text.Append(", "); }
                    first = false;
                    Show(item, text);
                }
                text.Append(']');
                break;
            case JsonValueKind.Object:
                text.Append('{');
                var start = true;
                foreach (var item in value.EnumerateObject())
                {
                    if (!start) { text.Append(", "); }
                    start = false;
                    text.Append('\'').Append(item.Name).Append("': ");
                    Show(item.Value, text);
                }
                text.Append('}');
                break;
            default: text.Append(value.GetRawText()); break;
        }
    }

    private sealed class Member
    {
        /// <summary>The patterns are ours and the texts short: nothing but a pause of the machine takes a match long, and that must not make a text a wrong one.</summary>
        private static readonly TimeSpan PatternLimit = TimeSpan.FromSeconds(5);

        private readonly Type _type;
        private readonly ApiVersion _since, _until, _required;
        private readonly bool _isRequired, _nullable, _loose;
        private readonly TextAttribute? _text;
        private readonly NumberAttribute? _number;
        private readonly ItemsAttribute? _items;
        private readonly Regex? _pattern, _keys;

        public Member(PropertyInfo property)
        {
            Name = property.GetCustomAttribute<WireNameAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            var type = property.PropertyType;
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>)) { type = type.GetGenericArguments()[0]; }
            _type = Nullable.GetUnderlyingType(type) ?? type;
            _since = property.GetCustomAttribute<SinceAttribute>()?.Version ?? ApiVersion.None;
            _until = property.GetCustomAttribute<UntilAttribute>()?.Version ?? new ApiVersion(int.MaxValue, 0);
            var required = property.GetCustomAttribute<RequiredFieldAttribute>();
            _isRequired = required is not null;
            _required = required?.Since ?? ApiVersion.None;
            _nullable = property.GetCustomAttribute<NullableFieldAttribute>() is not null;
            _loose = property.GetCustomAttribute<LooseBooleanAttribute>() is not null;
            _text = property.GetCustomAttribute<TextAttribute>();
            _number = property.GetCustomAttribute<NumberAttribute>();
            _items = property.GetCustomAttribute<ItemsAttribute>();
            _pattern = _text?.Pattern is { } pattern ? new Regex(pattern, RegexOptions.CultureInvariant, PatternLimit) : null;
            _keys = _text?.KeyPattern is { } keys ? new Regex(keys, RegexOptions.CultureInvariant, PatternLimit) : null;
        }

        public string Name { get; }
        public bool Exists(ApiVersion version) => version == ApiVersion.None || (version >= _since && version <= _until);
        public bool IsRequired(ApiVersion version) => _isRequired && Exists(version) && (version == ApiVersion.None || version >= _required);

        public void Check(JsonElement value, ApiVersion version, string[] path, List<WireFault> faults) => Check(_type, value, version, path, faults, top: true);

        private void Check(Type type, JsonElement value, ApiVersion version, string[] path, List<WireFault> faults, bool top)
        {
            void Fault(WireFaultKind kind, string wanted) => faults.Add(new(kind, path, Show(value), wanted));
            if (value.ValueKind == JsonValueKind.Null)
            {
                if (!(top && _nullable) && type != typeof(JsonElement)) { Fault(WireFaultKind.Type, TypeName(type)); }
                return;
            }
            if (type == typeof(JsonElement)) { return; }
            if (type == typeof(string)) { CheckText(value, Fault); }
            else if (type == typeof(bool))
            {
                if (_loose ? WireBoolean.Parse(value) is null : value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) { Fault(WireFaultKind.Type, "'boolean'"); }
            }
            else if (type == typeof(int) || type == typeof(long)) { CheckInteger(type, value, Fault); }
            else if (type == typeof(double) || type == typeof(decimal))
            {
                if (value.ValueKind != JsonValueKind.Number) { Fault(WireFaultKind.Type, "'number'"); }
            }
            else if (ValueOf(type) is { } dictionaryValue)
            {
                if (value.ValueKind != JsonValueKind.Object) { Fault(WireFaultKind.Type, "'object'"); return; }
                foreach (var item in value.EnumerateObject().Where(i => _keys is not null && !Matches(_keys, i.Name)))
                {
                    faults.Add(new(WireFaultKind.Key, path, $"'{item.Name}'", _text!.KeyPattern!));
                }
                foreach (var item in value.EnumerateObject()) { Check(dictionaryValue, item.Value, version, [.. path, item.Name], faults, top: false); }
            }
            else if (ItemOf(type) is { } itemType)
            {
                if (value.ValueKind != JsonValueKind.Array) { Fault(WireFaultKind.Type, "'array'"); return; }
                CheckList(itemType, value, version, path, faults);
            }
            else { Of(type).Check(value, version, path, faults); }
        }

        private void CheckList(Type itemType, JsonElement value, ApiVersion version, string[] path, List<WireFault> faults)
        {
            var count = value.GetArrayLength();
            if (_items is { } limits)
            {
                if (count < limits.Min) { faults.Add(new(WireFaultKind.TooFewItems, path, Show(value), limits.Min.ToString(CultureInfo.InvariantCulture))); }
                if (count > limits.Max) { faults.Add(new(WireFaultKind.TooManyItems, path, Show(value), limits.Max.ToString(CultureInfo.InvariantCulture))); }
                if (limits.Unique && value.EnumerateArray().Select(v => v.GetRawText()).Distinct(StringComparer.Ordinal).Count() != count)
                {
                    faults.Add(new(WireFaultKind.NotUnique, path, Show(value), ""));
                }
            }
            var i = 0;
            foreach (var item in value.EnumerateArray())
            {
                Check(itemType, item, version, [.. path, i++.ToString(CultureInfo.InvariantCulture)], faults, top: false);
            }
        }

        private void CheckInteger(Type type, JsonElement value, Action<WireFaultKind, string> fault)
        {
            long number;
            if (value.ValueKind == JsonValueKind.String && _number is { AllowText: true })
            {
                if (!long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number))
                {
                    fault(WireFaultKind.Pattern, "^-?[0-9]+$");
                    return;
                }
            }
            else if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out number))
            {
                fault(WireFaultKind.Type, _number is { AllowText: true } ? "'integer', 'string'" : "'integer'");
                return;
            }
            var (min, max) = (_number?.Min ?? long.MinValue, _number?.Max ?? long.MaxValue);
            if (type == typeof(int)) { (min, max) = (Math.Max(min, int.MinValue), Math.Min(max, int.MaxValue)); }
            if (number < min) { fault(WireFaultKind.TooSmall, min.ToString(CultureInfo.InvariantCulture)); }
            else if (number > max) { fault(WireFaultKind.TooLarge, max.ToString(CultureInfo.InvariantCulture)); }
        }

        private void CheckText(JsonElement value, Action<WireFaultKind, string> fault)
        {
            if (value.ValueKind != JsonValueKind.String && !(value.ValueKind == JsonValueKind.Number && _text is { AllowNumber: true }))
            {
                fault(WireFaultKind.Type, _text is { AllowNumber: true } ? "'string', 'number'" : "'string'");
                return;
            }
            if (_text is null) { return; }
            var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
            var length = text.Length;
            if (length > _text.Max || length < _text.Min)
            {
                // Upstream counts code points, .NET counts UTF-16 units.
                length = text.EnumerateRunes().Count();
            }
            if (length < _text.Min) { fault(WireFaultKind.TooShort, _text.Min.ToString(CultureInfo.InvariantCulture)); }
            else if (length > _text.Max) { fault(WireFaultKind.TooLong, _text.Max.ToString(CultureInfo.InvariantCulture)); }
            else if (_pattern is not null && !Matches(_pattern, text)) { fault(WireFaultKind.Pattern, _text.Pattern!); }
            else if (_text.OneOf is { } allowed && !allowed.Contains(text, StringComparer.Ordinal)) { fault(WireFaultKind.OneOf, string.Join(", ", allowed.Select(a => $"'{a}'"))); }
            else if (_text.Format is { } format && !IsFormat(format, text)) { fault(WireFaultKind.Format, format); }
        }

        private static bool Matches(Regex pattern, string text)
        {
            try { return pattern.IsMatch(text); }
            catch (RegexMatchTimeoutException) { return false; }
        }

        private static bool IsFormat(string format, string text) => format switch
        {
            "uuid" => Ids.NewId.IsUuidLike(text),
            "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
            "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
            "ipv4" => IPAddress.TryParse(text, out var four) && four.AddressFamily == AddressFamily.InterNetwork,
            "ip" => IPAddress.TryParse(text, out _),
            "ipv6" => IPAddress.TryParse(text, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6,
            _ => throw new InvalidOperationException($"no format {format}"),
        };

        private static Type? ValueOf(Type type) =>
            type.IsGenericType && type.GetGenericArguments() is [var key, var value] && key == typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) ? value : null;

        private static Type? ItemOf(Type type) =>
            type.IsArray ? type.GetElementType() : type.IsGenericType && type.GetGenericArguments() is [var item] && typeof(IEnumerable).IsAssignableFrom(type) ? item : null;

        private static string TypeName(Type type) =>
            type == typeof(string) ? "'string'" : type == typeof(bool) ? "'boolean'" : type == typeof(int) || type == typeof(long) ? "'integer'"
            : type == typeof(double) || type == typeof(decimal) ? "'number'" : ValueOf(type) is null && ItemOf(type) is not null ? "'array'" : "'object'";
    }
}
