using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;

namespace Nephos.Nova.InstanceUsageAuditLog;

/// <summary>
/// Which hosts have done their usage audit of the last period (api-ref compute, "Server usage audit log"). An audit is a sweep that sends notifications of every server; this cloud
/// has none, as upstream's has none unless <c>instance_usage_audit</c> is switched on: no host has run, and that is what is answered.
/// </summary>
internal static class UsageAuditLogEndpoints
{
    private const string Root = "os_compute_api:os-instance-usage-audit-log:";

    public static void Map(ResourceGroup logs)
    {
        logs.Get("", List).Policy(Root + "list", Rules.Admin).NotPaged("one summary");
        logs.Get("/{before_timestamp}", Show).Policy(Root + "show", Rules.Admin);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return Reply.Member("instance_usage_audit_logs", await SummaryAsync(call, call.Context.Now));
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var text = call.Route("before_timestamp");
        if (!DateTime.TryParseExact(text, ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFF"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var before))
        {
            throw new BadRequestError($"Invalid timestamp for date {text}");
        }
        return Reply.Member("instance_usage_audit_log", await SummaryAsync(call, before));
    }

    private static async Task<Dictionary<string, object>> SummaryAsync(Call call, DateTime before)
    {
        var hosts = await call.Get<Store<NovaDb>>().ReadAsync(db => db.Hosts.OrderBy(h => h.Number).Select(h => h.Name).ToListAsync(call.Cancel), call.Cancel);
        var (begin, end) = LastMonth(before);
        return new Dictionary<string, object>
        {
            ["period_beginning"] = Text(begin),
            ["period_ending"] = Text(end),
            ["num_hosts"] = hosts.Count,
            ["num_hosts_done"] = 0,
            ["num_hosts_running"] = 0,
            ["num_hosts_not_run"] = hosts.Count,
            ["hosts_not_run"] = hosts,
            ["total_instances"] = 0,
            ["total_errors"] = 0,
            ["overall_status"] = (hosts.Count == 0 ? "ALL" : string.Create(CultureInfo.InvariantCulture, $"0 of {hosts.Count}")) + " hosts done. 0 errors.",
            ["log"] = new Dictionary<string, object>(),
        };
    }

    /// <summary>The newest month that was over before a moment (<c>instance_usage_audit_period</c> is a month).</summary>
    internal static (DateTime Begin, DateTime End) LastMonth(DateTime before)
    {
        var end = new DateTime(before.Year, before.Month, 1, 0, 0, 0, DateTimeKind.Utc);
        if (end >= before) { end = end.AddMonths(-1); }
        return (end.AddMonths(-1), end);
    }

    private static string Text(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
