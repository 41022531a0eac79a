using System.Linq.Expressions;
using Nephos.Kernel.Api;

namespace Nephos.Keystone.Lists;

/// <summary>
/// Upstream's filters of lists (identity api-ref, "Filtering and sorting"): <c>name=x</c>, and <c>name__contains</c>, <c>__startswith</c>, <c>__endswith</c> with an <c>i</c> before them when case
/// does not count. Comparators that it does not know are ignored, as upstream does.
/// </summary>
internal static class ListFilters
{
    /// <summary>Keeps the rows whose text fits what the query says about the name.</summary>
    public static IQueryable<T> Text<T>(this IQueryable<T> rows, CallQuery query, string name, Expression<Func<T, string?>> column)
    {
        if (query[name] is { } exact) { rows = rows.Where(Compare(column, text => Expression.Equal(text, Value(exact)))); }
        foreach (var key in query.Names.Where(k => k.StartsWith(name + "__", StringComparison.Ordinal)))
        {
            var comparator = key[(name.Length + 2)..];
            var value = query[key] ?? "";
            var fold = comparator.StartsWith('i');
            if ((fold ? comparator[1..] : comparator) is not ("contains" or "startswith" or "endswith")) { continue; }
            var wanted = fold ? value.ToLowerInvariant() : value;
            rows = rows.Where(Compare(column, text =>
            {
                var folded = fold ? Expression.Call(text, typeof(string).GetMethod(nameof(string.ToLower), [])!) : text;
                return Expression.AndAlso(Expression.NotEqual(text, Expression.Constant(null, typeof(string))), Fits(folded, fold ? comparator[1..] : comparator, wanted, rows is EnumerableQuery<T>));
            }));
        }
        return rows;
    }

    /// <summary>Any value but <c>0</c> and <c>false</c> is true, also none at all.</summary>
    public static IQueryable<T> Flag<T>(this IQueryable<T> rows, CallQuery query, string name, Expression<Func<T, bool>> column)
    {
        if (!query.Has(name)) { return rows; }
        var wanted = IsTrue(query, name);
        return rows.Where(Expression.Lambda<Func<T, bool>>(Expression.Equal(column.Body, Expression.Constant(wanted)), column.Parameters));
    }

    /// <summary>A flag of the query: there, and not 0 or false.</summary>
    public static bool IsTrue(CallQuery query, string name) => query.Has(name) && query[name]?.ToLowerInvariant() is not ("0" or "false" or "off" or "no" or "n" or "f");

    /// <summary>A flag that only <c>0</c> denies, as upstream's <c>query_filter_is_true</c>: <c>?effective</c>, <c>?effective=false</c> even.</summary>
    public static bool IsAsked(CallQuery query, string name) => query.Has(name) && query[name] != "0";

    /// <summary>In SQL by the text's part: SQLite's LIKE, which EF would take for the ends, takes no notice of case.</summary>
    private static Expression Fits(Expression text, string comparator, string value, bool inMemory)
    {
        if (inMemory)
        {
            var method = comparator switch { "contains" => nameof(string.Contains), "startswith" => nameof(string.StartsWith), _ => nameof(string.EndsWith) };
            return Expression.Call(text, typeof(string).GetMethod(method, [typeof(string), typeof(StringComparison)])!, Value(value), Expression.Constant(StringComparison.Ordinal));
        }
        if (comparator == "contains") { return Expression.Call(text, typeof(string).GetMethod(nameof(string.Contains), [typeof(string)])!, Value(value)); }
        Expression length = Expression.Constant(value.EnumerateRunes().Count()), zero = Expression.Constant(0);
        var start = comparator == "startswith" ? zero : Expression.Subtract(Expression.Property(text, nameof(string.Length)), length);
        var part = Expression.Call(text, typeof(string).GetMethod(nameof(string.Substring), [typeof(int), typeof(int)])!, start, length);
        return Expression.AndAlso(Expression.GreaterThanOrEqual(Expression.Property(text, nameof(string.Length)), length), Expression.Equal(part, Value(value)));
    }

    private static Expression<Func<T, bool>> Compare<T>(Expression<Func<T, string?>> column, Func<Expression, Expression> test) => Expression.Lambda<Func<T, bool>>(test(column.Body), column.Parameters);

    /// <summary>A captured variable rather than a constant, so that the query's SQL is cached for every value.</summary>
    private static MemberExpression Value(string value) => Expression.Field(Expression.Constant(new Box { Value = value }), nameof(Box.Value));

    private sealed class Box
    {
        public required string Value;
    }
}
