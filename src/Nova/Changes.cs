using System.Text.RegularExpressions;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Nova;

/// <summary>The filters <c>changes-since</c> and, since 2.66, <c>changes-before</c>.</summary>
internal static partial class Changes
{
    /// <summary>ISO 8601 as upstream's parser takes it: a date with dashes, a time and a zone at will.</summary>
    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}([T ]\d{2}:?\d{2}(:?\d{2}([.,]\d+)?)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?$")]
    private static partial Regex Iso8601();

    public static (DateTime? Since, DateTime? Before) Of(Call call)
    {
        var since = Read(call, "changes-since");
        var before = call.Version >= Microversions.V2_66 ? Read(call, "changes-before") : null;
        return since > before ? throw new BadRequestError("The value of changes-since must be less than or equal to changes-before.") : (since, before);
    }

    private static DateTime? Read(Call call, string name) => call.Query[name] is not { } text ? null
        : Iso8601().IsMatch(text) && WireTime.TryParse(text, out var time) ? time
        : throw new BadRequestError($"Invalid input for query parameters {name}. Value: {text}. '{text}' is not a 'date-time'");
}
