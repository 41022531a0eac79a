using Microsoft.Extensions.Logging;

namespace Nephos.Node.Networks;

/// <summary>What the agent says.</summary>
internal static partial class NetworkAgentLog
{
    [LoggerMessage(1, LogLevel.Warning, "Network {Id} could not be made so, trying again")]
    public static partial void NetworkFailed(this ILogger log, string id, Exception e);

    [LoggerMessage(2, LogLevel.Warning, "Router {Id} could not be made so, trying again")]
    public static partial void RouterFailed(this ILogger log, string id, Exception e);

    [LoggerMessage(3, LogLevel.Warning, "Network or router {Id} could not be removed, trying again")]
    public static partial void RemoveFailed(this ILogger log, string id, Exception e);

    [LoggerMessage(4, LogLevel.Warning, "Networks could not be fetched, trying again")]
    public static partial void PullFailed(this ILogger log, Exception e);

    [LoggerMessage(5, LogLevel.Warning, "Reports were not taken, the next turn repeats them")]
    public static partial void ReportFailed(this ILogger log, Exception e);

    [LoggerMessage(6, LogLevel.Warning, "The heartbeat was not taken, trying again")]
    public static partial void HeartbeatFailed(this ILogger log, Exception e);

    [LoggerMessage(7, LogLevel.Warning, "The machine could not be prepared for networks, trying again")]
    public static partial void PrepareFailed(this ILogger log, Exception e);

    [LoggerMessage(8, LogLevel.Information, "Network or router {Id}: nobody knows it, removing what is left of it")]
    public static partial void RemovingLeftover(this ILogger log, string id);

    [LoggerMessage(9, LogLevel.Warning, "Devices could not be looked at, trying again")]
    public static partial void LookFailed(this ILogger log, Exception e);
}
