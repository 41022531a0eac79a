using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nephos.Kernel.Configuration;

/// <summary>Puts values into the sections' records and gathers what is wrong. Later calls win: the file, then the environment, then options.</summary>
internal sealed class ConfigBinder
{
    private readonly IReadOnlyList<ConfigSection> _sections;
    private readonly Dictionary<string, object> _byName;

    /// <summary>Where each key was last set: for errors found when all is read.</summary>
    private readonly Dictionary<string, (string Source, int Line)> _places = new(StringComparer.Ordinal);
    private string _source = "";

    public ConfigBinder(IReadOnlyList<ConfigSection> sections)
    {
        _sections = sections;
        _byName = sections.ToDictionary(s => s.Name, s => Activator.CreateInstance(s.Type)!, StringComparer.Ordinal);
    }

    public List<ConfigError> Errors { get; } = [];

    /// <summary>Binds a whole file: sections by name, and the keys of the unnamed section beside them.</summary>
    public void File(YamlNode root, string source)
    {
        _source = source;
        if (IsEmpty(root))
        {
            return; // Only comments, as in the example file.
        }

        if (root is not YamlMappingNode map)
        {
            Fail(root, "", "expected keys with values");
            return;
        }

        foreach (var (keyNode, value) in map.Children)
        {
            var key = Name(keyNode);
            if (key.Length > 0 && _byName.TryGetValue(key, out var section))
            {
                Group(section, value, key);
            }
            else if (Top() is { } top && Find(top, key) is { } setting)
            {
                Set(top, setting, value, key);
            }
            else
            {
                Fail(keyNode, key, "no such key" + Suggest(key, TopNames()));
            }
        }
    }

    /// <summary>Sets one key from outside the file.</summary>
    /// <param name="strict">Whether a key that does not exist is an error.</param>
    public void Override(string[] keys, string text, string source, bool strict)
    {
        _source = source;
        var named = keys.Length > 1 && keys[0].Length > 0 && _byName.ContainsKey(keys[0]);
        var owner = named ? _byName[keys[0]] : Top();
        var path = named ? keys[0] : "";
        for (var i = named ? 1 : 0; i < keys.Length && owner is not null; i++)
        {
            var key = Find(owner, keys[i]);
            if (key is null)
            {
                if (strict)
                {
                    var names = path.Length == 0 ? TopNames() : ConfigKey.Of(owner.GetType()).Select(k => k.Name);
                    Errors.Add(new ConfigError(source, 0, string.Join('.', keys), "no such key" + Suggest(keys[i], names)));
                }

                return;
            }

            path = path.Length == 0 ? key.Name : $"{path}.{key.Name}";
            if (key.GroupsOf is { } element && i < keys.Length - 2)
            {
                i++;
                path = $"{path}.{keys[i]}";
                owner = GroupIn(owner, key, element, keys[i]);
            }
            else if (i == keys.Length - 1)
            {
                Set(owner, key, Node(text, key), path);
            }
            else if (key.IsGroup)
            {
                owner = key.Property.GetValue(owner);
            }
            else
            {
                Errors.Add(new ConfigError(source, 0, path, "has no keys below it"));
                return;
            }
        }
    }

    /// <summary>The sections by type, after the checks across keys.</summary>
    public Dictionary<Type, object> Finish()
    {
        foreach (var section in _sections)
        {
            if (_byName[section.Name] is ICheckedSettings settings)
            {
                foreach (var (key, message) in settings.Check())
                {
                    var path = section.Name.Length == 0 ? key : $"{section.Name}.{key}";
                    var (source, line) = _places.GetValueOrDefault(path, ("configuration", 0));
                    Errors.Add(new ConfigError(source, line, path, message));
                }
            }
        }

        return Errors.Count == 0
            ? _sections.ToDictionary(s => s.Type, s => _byName[s.Name])
            : throw new ConfigException([.. Errors.OrderBy(e => e.Source, StringComparer.Ordinal).ThenBy(e => e.Line)]);
    }

    private static bool IsEmpty(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    private static string Name(YamlNode node) => (node as YamlScalarNode)?.Value ?? node.ToString();

    private static ConfigKey? Find(object owner, string name) => ConfigKey.Of(owner.GetType()).FirstOrDefault(k => k.Name == name);

    /// <summary>A value from outside as YAML: lists and maps in flow style, or a list with commas; all else as it stands.</summary>
    private static YamlNode Node(string text, ConfigKey key)
    {
        if (text.StartsWith('[') || text.StartsWith('{'))
        {
            var yaml = new YamlStream();
            try
            {
                yaml.Load(new StringReader(text));
                return yaml.Documents[0].RootNode;
            }
            catch (YamlException)
            {
                return new YamlScalarNode(text); // The key's own type says what was expected.
            }
        }

        return ConfigValue.ElementOf(key.Type) is null || key.Type.Name.StartsWith("IReadOnlyDictionary", StringComparison.Ordinal)
            ? new YamlScalarNode(text) { Style = ScalarStyle.DoubleQuoted }
            : new YamlSequenceNode(text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(t => new YamlScalarNode(t)));
    }

    private object? Top() => _byName.GetValueOrDefault("");

    private IEnumerable<string> TopNames() => _byName.Keys.Where(n => n.Length > 0).Concat(Top() is { } top ? ConfigKey.Of(top.GetType()).Select(k => k.Name) : []);

    private void Group(object owner, YamlNode node, string path)
    {
        if (IsEmpty(node))
        {
            return;
        }

        if (node is not YamlMappingNode map)
        {
            Fail(node, path, "expected keys with values");
            return;
        }

        foreach (var (keyNode, value) in map.Children)
        {
            var name = Name(keyNode);
            if (Find(owner, name) is { } key)
            {
                Set(owner, key, value, $"{path}.{name}");
            }
            else
            {
                Fail(keyNode, $"{path}.{name}", "no such key" + Suggest(name, ConfigKey.Of(owner.GetType()).Select(k => k.Name)));
            }
        }
    }

    private void Set(object owner, ConfigKey key, YamlNode node, string path)
    {
        if (key.IsGroup)
        {
            Group(key.Property.GetValue(owner)!, node, path);
            return;
        }

        if (key.GroupsOf is { } element)
        {
            if (IsEmpty(node))
            {
                return;
            }

            if (node is not YamlMappingNode groups)
            {
                Fail(node, path, "expected names with keys below them");
                return;
            }

            foreach (var (nameNode, group) in groups.Children)
            {
                Group(GroupIn(owner, key, element, Name(nameNode)), group, $"{path}.{Name(nameNode)}");
            }

            return;
        }

        _places[path] = (_source, (int)node.Start.Line);
        if (IsEmpty(node))
        {
            return; // "key:" leaves the default, as a commented-out value does.
        }

        try
        {
            key.Property.SetValue(owner, ConfigValue.Read(key, node));
        }
        catch (FormatException e)
        {
            Fail(node, path, e.Message);
        }
    }

    /// <summary>The group of that name in a map of groups; made when it is not there.</summary>
    private static object GroupIn(object owner, ConfigKey key, Type element, string name)
    {
        var type = typeof(Dictionary<,>).MakeGenericType(typeof(string), element);
        var map = key.Property.GetValue(owner) as System.Collections.IDictionary;
        if (map is null || map.GetType() != type || map.Count == 0)
        {
            map = (System.Collections.IDictionary)Activator.CreateInstance(type)!;
            key.Property.SetValue(owner, map);
        }

        return map[name] ?? (map[name] = Activator.CreateInstance(element)!);
    }

    private void Fail(YamlNode node, string key, string message) => Errors.Add(new ConfigError(_source, (int)node.Start.Line, key, message));

    /// <summary>The nearest name, if near enough to be a slip of the finger: a third of its letters, two (a swap) to three.</summary>
    private static string Suggest(string wrong, IEnumerable<string> names)
    {
        var best = names.Select(n => (Name: n, Distance: Distance(wrong, n))).OrderBy(n => n.Distance).FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Clamp(best.Name.Length / 3, 2, 3) ? $"; did you mean {best.Name}?" : "";
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
