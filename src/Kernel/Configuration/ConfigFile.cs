using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nephos.Kernel.Configuration;

/// <summary>One thing wrong with the configuration.</summary>
/// <param name="Source">The file, the environment variable, or the option on the command line.</param>
/// <param name="Line">From 1 in a file; 0 elsewhere.</param>
/// <param name="Key">Dotted: <c>database.connection</c>.</param>
public sealed record ConfigError(string Source, int Line, string Key, string Message)
{
    public override string ToString() => $"{Source}{(Line > 0 ? $":{Line}" : "")}: {(Key.Length > 0 ? $"{Key}: " : "")}{Message}";
}

/// <summary>The configuration has errors: all of them, so that one look is enough.</summary>
public sealed class ConfigException(IReadOnlyList<ConfigError> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<ConfigError> Errors { get; } = errors;
}

/// <summary>
/// The configuration: one YAML file, over it the environment (<c>NEPHOS_DATABASE__CONNECTION</c> for <c>database.connection</c>, two
/// underscores for each level), over it the command line. It is read once, at start; what may change while the program runs is in the database.
/// <para>Environment variables of one level that no key has are left alone, as container platforms make their own (<c>NEPHOS_SERVICE_HOST</c>).
/// Those with two underscores can only be meant for us, so a wrong name there is an error as it is in the file.</para>
/// </summary>
public sealed class ConfigFile
{
    /// <summary>Begins the names of all our environment variables.</summary>
    public const string EnvironmentPrefix = "NEPHOS_";

    /// <summary>Looked for when no path is given; may be missing.</summary>
    public const string DefaultPath = "/etc/nephos/nephos.yaml";

    private readonly Dictionary<Type, object> _sections;

    private ConfigFile(string? path, Dictionary<Type, object> sections) => (Path, _sections) = (path, sections);

    /// <summary>The file that was read; null when there was none.</summary>
    public string? Path { get; }

    /// <summary>Reads the configuration or throws <see cref="ConfigException"/>.</summary>
    /// <param name="path">A file that must exist; null for <see cref="DefaultPath"/>, which need not.</param>
    /// <param name="environment">Usually the process's environment.</param>
    /// <param name="sections">All sections there are: the list is kept by the host.</param>
    /// <param name="options">From the command line: dotted key to value.</param>
    public static ConfigFile Load(
        string? path, IReadOnlyDictionary<string, string> environment, IReadOnlyList<ConfigSection> sections, IReadOnlyDictionary<string, string>? options = null)
    {
        var binder = new ConfigBinder(sections);
        var file = path ?? (File.Exists(DefaultPath) ? DefaultPath : null);
        if (file is not null)
        {
            ReadFile(file, binder);
        }

        foreach (var (name, value) in environment.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            {
                var keys = name[EnvironmentPrefix.Length..].ToLowerInvariant().Split("__");
                binder.Override(keys, value, name, strict: keys.Length > 1);
            }
        }

        foreach (var (key, value) in options ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            binder.Override(key.Split('.'), value, "command line", strict: true);
        }

        return new ConfigFile(file, binder.Finish());
    }

    /// <summary>A configuration of defaults and what is given: for tests and tools.</summary>
    public static ConfigFile Of(params object[] sections) => new(null, sections.ToDictionary(s => s.GetType()));

    /// <summary>The settings of a section, which must be on the host's list.</summary>
    public T Get<T>()
        where T : class => _sections.TryGetValue(typeof(T), out var section)
        ? (T)section
        : throw new InvalidOperationException($"{typeof(T).Name} is not on the list of configuration sections");

    private static void ReadFile(string file, ConfigBinder binder)
    {
        var yaml = new YamlStream();
        try
        {
            using var reader = new StreamReader(file);
            yaml.Load(reader);
        }
        catch (YamlException e)
        {
            binder.Errors.Add(new ConfigError(file, (int)e.Start.Line, "", e.Message));
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            binder.Errors.Add(new ConfigError(file, 0, "", e.Message));
            return;
        }

        if (yaml.Documents.Count > 0)
        {
            binder.File(yaml.Documents[0].RootNode, file);
        }
    }
}
