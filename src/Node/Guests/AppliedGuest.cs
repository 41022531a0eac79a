using System.Text.Json;
using Nephos.Contracts.Node;
using Nephos.Node.Compute;

namespace Nephos.Node.Guests;

/// <summary>
/// What was last made of a guest, kept in <c>guests/ID/applied.json</c> so that a restarted node neither repeats nor forgets it. Written by the guest's
/// worker only.
/// </summary>
/// <param name="Generation">The newest generation that was applied, successfully or not.</param>
/// <param name="Power">What the cloud knows the guest to be: what was asked, or what was reported since.</param>
/// <param name="Error">Why the generation could not be made so.</param>
/// <param name="Halt">Why the hypervisor holds its CPUs by itself, as the cloud knows it.</param>
internal sealed record AppliedGuest(long Generation, long Boots, GuestPower Power, string? Error, GuestHalt Halt = GuestHalt.None)
{
    /// <summary>Nothing was applied yet.</summary>
    public static readonly AppliedGuest Nothing = new(0, 0, GuestPower.Absent, null);

    private const string FileName = "applied.json";

    /// <summary>Reads the record; one that is missing or torn (power cut) counts as nothing applied, which is safe because applying observes first.</summary>
    public static AppliedGuest Load(GuestFolders folders, string id)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folders.Of(id), FileName)), NodeJson.Default.AppliedGuest) ?? Nothing;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return Nothing;
        }
    }

    public void Save(GuestFolders folders, string id) =>
        GuestFolders.WriteWhole(Path.Combine(folders.Make(id), FileName), JsonSerializer.SerializeToUtf8Bytes(this, NodeJson.Default.AppliedGuest));
}
