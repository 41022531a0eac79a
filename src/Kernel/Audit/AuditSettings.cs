using Nephos.Kernel.Configuration;

namespace Nephos.Kernel.Audit;

/// <summary>What of the audit trail can be chosen.</summary>
public sealed record AuditSettings
{
    [Setting("Write an event for every write and every login, allowed or denied, as CADF does (DMTF DSP0262), a JSON object a line.")]
    public bool Enabled { get; init; } = true;

    [Setting("The file.", DefaultText = "`audit.jsonl` in the state directory", Example = "/var/log/nephos/audit.jsonl")]
    public string? File { get; init; }

    [Setting("Event types that are not written; those of logins end with their outcome. Upstream: [DEFAULT] notification_opt_out.", Example = "[identity.authenticate.success]")]
    public IReadOnlyList<string> OptOut { get; init; } = [];

    [Setting("MiB after which the file is put aside with a number and a new one begun.", Minimum = 1)]
    public int MaxSizeMib { get; init; } = 100;

    [Setting("Files put aside that are kept; the oldest goes.", Minimum = 0)]
    public int KeptFiles { get; init; } = 10;
}
