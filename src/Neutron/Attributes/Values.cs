namespace Nephos.Neutron.Attributes;

/// <summary>The attributes that a request, or another part of the program, gave: converted and checked, each read by its <see cref="Field{T}"/>.</summary>
internal sealed class Values
{
    private readonly Dictionary<string, object?> _given = new(StringComparer.Ordinal);

    /// <summary>Whose the resource is to be; null in an update.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Labels given at creation; null when none were.</summary>
    public IReadOnlyList<string>? Tags { get; set; }

    public bool Has(Field field) => _given.ContainsKey(field.Name);

    /// <summary>True when it was given and is not the default: upstream's condition for attribute-level rules of a create.</summary>
    public bool Differs(Field field) => _given.TryGetValue(field.Name, out var value) && !Equals(value, field.DefaultValue);

    /// <summary>The given value, or the attribute's default.</summary>
    public T Get<T>(Field<T> field) => _given.TryGetValue(field.Name, out var value) ? (T)value! : field.Default;

    /// <summary>The given value, or what is there already.</summary>
    public T Get<T>(Field<T> field, T current) => _given.TryGetValue(field.Name, out var value) ? (T)value! : current;

    public Values Set<T>(Field<T> field, T value)
    {
        _given[field.Name] = value;
        return this;
    }

    internal void SetRaw(Field field, object? value) => _given[field.Name] = value;
    internal bool TryGet(string name, out object? value) => _given.TryGetValue(name, out value);
    public IEnumerable<string> Names => _given.Keys;
}
