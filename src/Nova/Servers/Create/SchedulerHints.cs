using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Servers.Create;

/// <summary>Hints to the scheduler: those of upstream are checked, all others are taken as they are (<c>schemas/servers.py</c>, _hints).</summary>
internal static class SchedulerHints
{
    public static void Check(JsonElement hints, string name, IErrorWriter errors)
    {
        if (hints.ValueKind != JsonValueKind.Object) { throw errors.Invalid([new WireFault(WireFaultKind.Type, [name], WireSchema.Show(hints), "'object'")]); }
        foreach (var hint in hints.EnumerateObject().Where(h => h.Name is "group" or "different_host" or "same_host"))
        {
            var values = hint.Value.ValueKind == JsonValueKind.Array ? hint.Value.EnumerateArray().ToList() : [hint.Value];
            if (values.FirstOrDefault(v => v.ValueKind != JsonValueKind.String || !NewId.IsUuidLike(v.GetString())) is { ValueKind: not JsonValueKind.Undefined } bad)
            {
                throw errors.Invalid([new WireFault(WireFaultKind.Format, [name, hint.Name], WireSchema.Show(bad), "uuid")]);
            }
        }
    }
}
