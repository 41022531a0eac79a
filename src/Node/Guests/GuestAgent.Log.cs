using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;

namespace Nephos.Node.Guests;

/// <summary>What the agent says.</summary>
internal static partial class GuestAgentLog
{
    [LoggerMessage(1, LogLevel.Warning, "Guest {Id}: generation {Generation} ({Power}) could not be applied")]
    public static partial void ApplyFailed(this ILogger log, string id, long generation, GuestPower power, Exception e);

    [LoggerMessage(2, LogLevel.Information, "Guest {Id}: outcome unknown while applying generation {Generation}, looking again: {Reason}")]
    public static partial void OutcomeUnknown(this ILogger log, string id, long generation, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Guest {Id}: this turn failed, the next one goes on")]
    public static partial void TurnFailed(this ILogger log, string id, Exception e);

    [LoggerMessage(4, LogLevel.Information, "Guest {Id}: nobody knows it, removing what is left of it")]
    public static partial void RemovingLeftover(this ILogger log, string id);

    [LoggerMessage(5, LogLevel.Information, "Guest {Id} went down by itself")]
    public static partial void WentDown(this ILogger log, string id);

    [LoggerMessage(6, LogLevel.Warning, "Guest {Id}: its report was not taken, the next turn repeats it")]
    public static partial void ReportFailed(this ILogger log, string id, Exception e);

    [LoggerMessage(7, LogLevel.Warning, "Guests could not be fetched, trying again")]
    public static partial void PullFailed(this ILogger log, Exception e);

    [LoggerMessage(8, LogLevel.Warning, "The heartbeat was not taken, trying again")]
    public static partial void HeartbeatFailed(this ILogger log, Exception e);

    [LoggerMessage(9, LogLevel.Warning, "Housekeeping failed, trying again at the next heartbeat")]
    public static partial void SweepFailed(this ILogger log, Exception e);

    [LoggerMessage(10, LogLevel.Warning, "Guests of an earlier run could not be taken over, trying again")]
    public static partial void AdoptFailed(this ILogger log, Exception e);

    [LoggerMessage(12, LogLevel.Warning, "Guest {Id} stands still: {Reason}")]
    public static partial void Halted(this ILogger log, string id, string reason);

    [LoggerMessage(13, LogLevel.Information, "Guest {Id} goes on, as there is room on the disk again")]
    public static partial void GoesOn(this ILogger log, string id);

    [LoggerMessage(11, LogLevel.Information, "Found {Count} guests on this host")]
    public static partial void Adopted(this ILogger log, int count);
}
