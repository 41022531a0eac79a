using System.Globalization;
using System.Linq.Expressions;

namespace Nephos.Kernel.Paging;

/// <summary>A sort key: its wire name and the column behind it.</summary>
public sealed record SortKey<T>(string Name, LambdaExpression Column)
{
    /// <summary>A key for a column.</summary>
    public static SortKey<T> Of<TValue>(string name, Expression<Func<T, TValue>> column) => new(name, column);
}

/// <summary>A chosen key and its direction.</summary>
public sealed record Sort<T>(SortKey<T> Key, bool Descending);

/// <summary>
/// Keyset pages: "rows after this one" as a condition on the sort columns, so that a page costs the same wherever it lies and rows that come or go
/// meanwhile shift nothing. The last key must be unique. Null sorts before every value, as in SQLite.
/// </summary>
public static class Keyset
{
    /// <summary>Orders by the keys.</summary>
    public static IQueryable<T> OrderByKeys<T>(this IQueryable<T> query, IReadOnlyList<Sort<T>> sorts)
    {
        var expression = query.Expression;
        for (var i = 0; i < sorts.Count; i++)
        {
            var method = (i == 0, sorts[i].Descending) switch
            {
                (true, false) => nameof(Queryable.OrderBy),
                (true, true) => nameof(Queryable.OrderByDescending),
                (false, false) => nameof(Queryable.ThenBy),
                (false, true) => nameof(Queryable.ThenByDescending),
            };
            var column = sorts[i].Key.Column;
            expression = Expression.Call(typeof(Queryable), method, [typeof(T), column.ReturnType], expression, Expression.Quote(column));
        }
        return query.Provider.CreateQuery<T>(expression);
    }

    /// <summary>Rows that come after the marker in the order of the keys.</summary>
    public static IQueryable<T> After<T>(this IQueryable<T> query, IReadOnlyList<Sort<T>> sorts, T marker)
    {
        var row = Expression.Parameter(typeof(T), "row");
        Expression? condition = null;
        for (var i = sorts.Count - 1; i >= 0; i--)
        {
            var column = new Swap(sorts[i].Key.Column.Parameters[0], row).Visit(sorts[i].Key.Column.Body);
            var value = sorts[i].Key.Column.Compile().DynamicInvoke(marker);
            var beyond = Beyond(column, value, sorts[i].Descending);
            if (condition is null) { condition = beyond; continue; }
            var same = Expression.Equal(column, Boxed(value, column.Type));
            condition = Expression.OrElse(beyond, Expression.AndAlso(same, condition));
        }
        return condition is null ? query : query.Where(Expression.Lambda<Func<T, bool>>(condition, row));
    }

    private static Expression Beyond(Expression column, object? value, bool descending)
    {
        var nullable = !column.Type.IsValueType || Nullable.GetUnderlyingType(column.Type) is not null;
        if (value is null)
        {
            // Null is the smallest: ascending, all that is not null follows; descending, nothing does.
            return descending || !nullable ? Expression.Constant(false) : Expression.NotEqual(column, Expression.Constant(null, column.Type));
        }
        Expression compare;
        if (column.Type == typeof(string))
        {
            var order = Expression.Call(typeof(string).GetMethod(nameof(string.Compare), [typeof(string), typeof(string)])!, column, Boxed(value, column.Type));
            compare = descending ? Expression.LessThan(order, Expression.Constant(0)) : Expression.GreaterThan(order, Expression.Constant(0));
        }
        else if ((Nullable.GetUnderlyingType(column.Type) ?? column.Type) is { IsEnum: true } or { Name: nameof(Boolean) })
        {
            var number = Expression.Convert(column, typeof(int));
            var other = Expression.Constant(Convert.ToInt32(value, CultureInfo.InvariantCulture));
            compare = descending ? Expression.LessThan(number, other) : Expression.GreaterThan(number, other);
        }
        else
        {
            compare = descending ? Expression.LessThan(column, Boxed(value, column.Type)) : Expression.GreaterThan(column, Boxed(value, column.Type));
        }
        return descending && nullable ? Expression.OrElse(compare, Expression.Equal(column, Expression.Constant(null, column.Type))) : compare;
    }

    /// <summary>A captured variable rather than a constant, so that the query's SQL is cached for every marker.</summary>
    private static Expression Boxed(object? value, Type type)
    {
        var box = Activator.CreateInstance(typeof(Box<>).MakeGenericType(type), value)!;
        return Expression.Property(Expression.Constant(box), nameof(Box<int>.Value));
    }

    private sealed class Box<TValue>(TValue value)
    {
        public TValue Value { get; } = value;
    }

    private sealed class Swap(ParameterExpression from, Expression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : base.VisitParameter(node);
    }
}
